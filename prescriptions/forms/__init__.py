"""What is typed about medicines, a file a subject. They validate, and never save."""

from prescriptions.forms.choosing import AgainForm, ChooseForm, FavouriteForm
from prescriptions.forms.halts import HaltForm, ReviewForm
from prescriptions.forms.sets import OrderSetForm
from prescriptions.forms.together import TogetherForm
from prescriptions.forms.writing import (
    REASON_WORDS,
    AnswersForm,
    CancelForm,
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
    "FavouriteForm",
    "HaltForm",
    "KeepForm",
    "MarkForm",
    "NotDispensedForm",
    "OrderSetForm",
    "PickUpForm",
    "PrepareForm",
    "PrescribeForm",
    "ReviewForm",
    "RuleForm",
    "TogetherForm",
]
