"""What patients type to have their record corrected, and what the staff type to answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import LineField, PatternField, PhoneField
from healthcare.ui.forms import AboutMyself, AboutSomeone
from patients.forms.fields import EmailField, ZipField
from patients.forms.people import NameField
from patients.forms.profile import NOT_ASKED
from patients.models import Patient, ProposedChange
from patients.rules.profile import LANGUAGES


class ProposalForm(AboutMyself):
    """One field for each of `ProposedChange.FIELDS`, filled with what the clinic knows, or what waits."""

    given_name = NameField(label=_("Given names"))
    family_name = NameField(label=_("Family name"))
    preferred_name = NameField(label=_("What we call you"), required=False)
    phone = PhoneField(label=_("Mobile phone"), required=False)
    email = EmailField(required=False)
    line = LineField(label=_("Street address"), at_most=200, required=False)
    city = LineField(label=_("City"), at_most=100, required=False)
    state = PatternField(
        label=_("State"), required=False, pattern="[A-Z]{2}", refused=_("State is two letters, like MA")
    )
    postal_code = ZipField(required=False)
    gender_identity = forms.ChoiceField(
        label=_("Gender identity"), required=False, choices=[NOT_ASKED, *Patient.GenderIdentity.choices]
    )
    pronouns = LineField(label=_("Pronouns"), at_most=40, required=False, help_text=_("Such as she/her or they/them"))
    language = forms.ChoiceField(
        label=_("Language you prefer"),
        required=False,
        choices=[NOT_ASKED, *sorted(LANGUAGES.items(), key=lambda pair: pair[1])],
    )

    @classmethod
    def of(cls, patient: Patient, waiting: Any) -> "ProposalForm":
        known = {field: getattr(patient, field) for field in ProposedChange.FIELDS}
        return cls(initial=known | {row.field: row.value for row in waiting})


class AnswerForm(AboutSomeone):
    """Take it over, or say why not. `seen` is what the field said when the page was opened."""

    verdict = forms.ChoiceField(choices=[("accept", _("Take over")), ("refuse", _("Leave as it is"))])
    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    reason = LineField(label=_("Why not"), at_most=300, required=False, help_text=_("The patient reads it"))

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("verdict") == "refuse" and not typed.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say why: the patient reads it"))
        return typed
