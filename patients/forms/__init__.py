"""What people type about patients, read and checked, a subject a module."""

from patients.forms.people import (
    SCOPE_WORDS,
    ChangeForm,
    GrantForm,
    LinkForm,
    ListForm,
    OpeningsForm,
    RegisterForm,
    answer_for,
)
from patients.forms.privacy import AnswerForm, CloseWatchForm, DoubtForm, ScopeForm

__all__ = [
    "SCOPE_WORDS",
    "AnswerForm",
    "ChangeForm",
    "CloseWatchForm",
    "DoubtForm",
    "GrantForm",
    "LinkForm",
    "ListForm",
    "OpeningsForm",
    "RegisterForm",
    "ScopeForm",
    "answer_for",
]
