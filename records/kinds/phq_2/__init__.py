"""Answers to the PHQ-2."""

from records.kinds.questionnaires import kind

KIND = kind("phq_2")
