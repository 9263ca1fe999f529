from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.queries import account_meant
from healthcare.audit.report import AuditFilter
from patients.models import PrivacyCase
from patients.rules import is_medical_record_number

LONGEST = timedelta(days=92)


class DoubtForm(forms.Form):
    """What a patient finds wrong in one line of the list."""

    doubt = forms.CharField(
        label=_("What seems wrong?"),
        help_text=_("For example: I do not know this person, or I was not at the clinic that day."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AnswerForm(forms.Form):
    """What came of a case, for the patient."""

    verdict = forms.ChoiceField(label=_("What came of it?"), choices=[("", _("Choose")), *PrivacyCase.Verdict.choices])
    answer = forms.CharField(
        label=_("Answer to the patient"),
        help_text=_("In plain words. The patient reads it in the portal."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class CloseWatchForm(forms.Form):
    """Which record is watched closely, and why."""

    number = forms.CharField(label=_("Record number"), help_text=_("Like 004-81-7726"), max_length=11)
    reason = forms.CharField(label=_("Why?"), max_length=300)
    public_eye = forms.BooleanField(
        label=_("The patient is in the public eye"),
        required=False,
        help_text=_("Who treats them is told. Who does not finds the record by name no more"),
    )

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"]
        if not is_medical_record_number(number):
            raise forms.ValidationError(
                _("This is no record number: nine digits, the last of which checks the others.")
            )
        digits = number.replace("-", "").replace(" ", "")
        return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


class ScopeForm(forms.Form):
    """Whose records were touched: at least one of these. `filter` is what was asked for."""

    person = forms.CharField(label=_("Person"), help_text=_("E-mail, or the id of an account"), required=False)
    session = forms.UUIDField(label=_("Sign-in"), help_text=_("The id of a session or token"), required=False)
    address = forms.GenericIPAddressField(label=_("Network address"), required=False)
    reference = forms.RegexField(
        r"^[0-9A-Z]{5}-[0-9A-Z]{5}$", label=_("Reference"), help_text=_("Like K7QFP-2M9DX"), required=False
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        since, until = typed.get("since"), typed.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first."))
        few_days = since and until and until - since <= LONGEST
        if not self.errors and not (typed.get("person") or typed.get("address") or few_days):
            raise forms.ValidationError(_("Name a person or an address, or the days: at most 92 of them."))
        if typed.get("person"):
            typed["actor"] = account_meant(typed["person"])
            if typed["actor"] is None:
                self.add_error("person", _("No account has this address."))
        return typed

    def filter(self) -> AuditFilter:
        names = ("actor", "session", "address", "reference", "since", "until")
        return AuditFilter(**{name: value for name in names if (value := self.cleaned_data.get(name))})
