"""Answers to the PHQ-9."""

from records.kinds.questionnaires import kind

KIND = kind("phq_9")
