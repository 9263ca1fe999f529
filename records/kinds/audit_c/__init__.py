"""Answers to the AUDIT-C."""

from records.kinds.questionnaires import kind

KIND = kind("audit_c")
