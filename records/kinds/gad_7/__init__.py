"""Answers to the GAD-7."""

from records.kinds.questionnaires import kind

KIND = kind("gad_7")
