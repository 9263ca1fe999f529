"""What is typed about medicines, a file a subject. They validate, and never save."""

from prescriptions.forms.halts import HaltForm, ReviewForm
from prescriptions.forms.writing import (
    REASON_WORDS,
    AgainForm,
    AnswersForm,
    CancelForm,
    ChooseForm,
    KeepForm,
    MarkForm,
    NotDispensedForm,
    PickUpForm,
    PrepareForm,
    PrescribeForm,
    RuleForm,
)

__all__ = [
    "REASON_WORDS",
    "AgainForm",
    "AnswersForm",
    "CancelForm",
    "ChooseForm",
    "HaltForm",
    "KeepForm",
    "MarkForm",
    "NotDispensedForm",
    "PickUpForm",
    "PrepareForm",
    "PrescribeForm",
    "ReviewForm",
    "RuleForm",
]
