"""What is typed to put a medicine on hold, stop it, or have it taken up again; and that the list was reviewed."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from prescriptions.models import Halt, MedicationStatement, Prescription

Act = Halt.Act
ACT_WORDS = {
    Act.HOLD: gettext_lazy("Put it on hold"),
    Act.RESUME: gettext_lazy("Take it up again, from now on"),
    Act.STOP: gettext_lazy("Stop it"),
}
CHOOSE = ("", gettext_lazy("Choose"))


class HaltForm(AboutSomeone):
    """What is to be done with one medicine; the day and the reason are for holding and stopping."""

    use_required_attribute = False

    act = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what to do"), "invalid_choice": gettext_lazy("Choose again")},
    )
    day = FlexibleDateField(label=gettext_lazy("From"), error_messages={"required": gettext_lazy("Say from which day")})
    reason = forms.ChoiceField(
        label=gettext_lazy("Why"),
        choices=[CHOOSE, *Halt.Reason.choices],
        error_messages={"required": gettext_lazy("Choose why")},
    )
    words = LineField(at_most=300, label=gettext_lazy("In your words"), required=False)

    def __init__(self, *args: Any, medicine: Prescription | MedicationStatement, **kwargs: Any) -> None:
        acts = acts_of(medicine)
        told = {"act": acts[0], "day": timezone.localdate()}
        super().__init__(*args, initial=told, **kwargs)
        self.fields["act"].choices = [(act.value, ACT_WORDS[act]) for act in acts]  # type: ignore[attr-defined]
        if acts == [Act.RESUME] or self.data.get("act") == Act.RESUME:
            self.fields["day"].required = self.fields["reason"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("reason") == Halt.Reason.OTHER and not cleaned.get("words") and "words" not in self.errors:
            self.add_error("words", _("Say why in your words"))
        return cleaned


def acts_of(medicine: Prescription | MedicationStatement) -> list[Act]:
    """What can be done with it as it stands: the likeliest first."""
    if medicine.is_stopped:
        return [Act.RESUME]
    return [Act.RESUME, Act.STOP] if medicine.halt else [Act.HOLD, Act.STOP]


class ReviewForm(forms.Form):
    """With changes or without, and what the list was that was looked at."""

    changed = forms.TypedChoiceField(choices=[("no", ""), ("yes", "")], coerce=lambda said: said == "yes")
    listed = forms.CharField(max_length=16)
