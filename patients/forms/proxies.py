"""Who acts for a patient, as the desk types it."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from patients.access import can_add_proxy
from patients.models import Patient, Proxy
from patients.rules import may_agree


class ProxyForm(AboutSomeone):
    """Only what this member of the staff can open, and only who can agree at the patient's age, is offered."""

    full_name = LineField(label=_("Name of the person"), at_most=200, help_text=_("As on the photo ID"))
    email = forms.EmailField(
        label=_("Their e-mail"),
        max_length=254,
        help_text=_("Their own, not the patient’s. Who has no account yet gets an invitation"),
        error_messages={"invalid": _("E-mail needs an address like name@mail.example")},
    )
    relation = forms.ChoiceField(
        label=_("They are the patient’s"),
        choices=[("", _("Choose")), *Proxy.Relation.choices],
        error_messages={"required": _("Choose who they are to the patient")},
    )
    extent = forms.ChoiceField(
        label=_("What they may see and do"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what they may see and do")},
    )
    agreed_by = forms.ChoiceField(
        label=_("Who agreed"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who agreed")},
    )
    until = FlexibleDateField(
        label=_("Until"),
        required=False,
        earliest=timezone.localdate,
        help_text=_("The last day, such as Dec 31, 2026. Without one it goes on until somebody ends it"),
    )
    checked = forms.BooleanField(
        label=_("I looked at a photo ID of this person"),
        error_messages={"required": _("Look at a photo ID first. Your name stays with it")},
    )

    def __init__(self, *args: Any, by: User, patient: Patient, today: date, end: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        age = patient.age_on(today)
        extents = [pair for pair in Proxy.Extent.choices if can_add_proxy(by, patient, Proxy.SCOPES[pair[0]])]
        agreeing = [pair for pair in Proxy.AgreedBy.choices if age is None or may_agree(pair[0], age=age, end=end)]
        self.fields["extent"].choices = extents  # type: ignore[attr-defined]
        self.fields["agreed_by"].choices = agreeing  # type: ignore[attr-defined]
        self.gives_less = len(extents) < len(Proxy.Extent.choices)

    def day_after(self) -> date | None:
        """The day on which it is over; None without one."""
        until: date | None = self.cleaned_data["until"]
        return until + timedelta(days=1) if until else None
