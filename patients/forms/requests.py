"""What people type to be let into a chart, and to answer that."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import scopes_of
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from patients.forms.people import SCOPE_WORDS
from patients.models import AccessRequest


def in_a_month() -> Any:
    return timezone.localdate() + timedelta(days=30)


class RequestForm(AboutSomeone):
    scopes = forms.MultipleChoiceField(
        label=_("What you need to see"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Name and details always come with it"),
        error_messages={"required": _("Choose what you need to see")},
    )
    until = FlexibleDateField(
        label=_("Until"),
        earliest=timezone.localdate,
        initial=in_a_month,
        help_text=_("The last day, such as Dec 31, 2026; a year at most"),
    )
    reason = LineField(label=_("Why"), at_most=500, help_text=_("Whoever answers reads this, and so can the patient"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = scopes_of(by.acting_role or "")
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope.value, words) for scope, words in SCOPE_WORDS.items() if scope in mine
        ]
        self.initial.setdefault("scopes", [Scope.IDENTITY.value, Scope.CLINICAL.value])

    def clean_scopes(self) -> list[Scope]:
        return [Scope(value) for value in self.cleaned_data["scopes"]]

    def valid_until(self) -> datetime:
        """The end of the last day, in the reader's zone."""
        day = self.cleaned_data["until"]
        return datetime.combine(day + timedelta(days=1), time(), timezone.get_current_timezone())


class AnswerForm(AboutSomeone):
    """Yes, to some of what was asked for, or no with a reason."""

    YES, NO = "yes", "no"
    decision = forms.ChoiceField(
        label=_("Let them in?"),
        widget=forms.RadioSelect,
        choices=[(YES, _("Yes, to what is ticked")), (NO, _("No"))],
        error_messages={"required": _("Choose yes or no")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("What they may see"), widget=forms.CheckboxSelectMultiple, required=False
    )
    answer = LineField(
        label=_("What you tell them"), at_most=500, required=False, help_text=_("Needed where you say no")
    )

    def __init__(self, *args: Any, request: AccessRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (scope.value, words) for scope, words in SCOPE_WORDS.items() if scope.value in request.scopes
        ]
        self.initial.setdefault("scopes", request.scopes)

    def clean_scopes(self) -> list[Scope]:
        return [Scope(value) for value in self.cleaned_data["scopes"]]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("decision") == self.NO and not typed.get("answer"):
            self.add_error("answer", _("Say why not"))
        return typed
