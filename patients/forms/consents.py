"""What is typed about consents, and about who must not see a record."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Membership, User
from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from patients.forms.people import describe
from patients.models import Consent
from patients.queries import find_colleagues


class OwnConsentForm(forms.Form):
    """One's own answer: the pressed button is the decision, and the words that were shown come back as their hash."""

    decision = forms.ChoiceField(choices=Consent.Decision.choices, widget=forms.HiddenInput)
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ConsentForm(AboutSomeone):
    """The patient's answer, as the staff keep it: how it was told, and that the words were shown."""

    decision = forms.ChoiceField(
        label=_("The patient"),
        choices=Consent.Decision.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what the patient answered")},
    )
    method = forms.ChoiceField(
        label=_("How the patient told it"),
        choices=Consent.TO_STAFF,
        initial=Consent.Method.IN_PERSON.value,
        widget=forms.RadioSelect,
    )
    until = FlexibleDateField(
        label=_("Until"),
        required=False,
        earliest=timezone.localdate,
        help_text=_("Only where the patient wants an earlier end than the text says"),
    )
    was_shown = forms.BooleanField(
        label=_("The patient has read this text, or it was read to them"),
        error_messages={"required": _("Show the text to the patient first")},
    )
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)

    def until_moment(self) -> datetime | None:
        """The end of the last day at the patient's site; None without one."""
        day = self.cleaned_data["until"]
        return datetime.combine(day + timedelta(days=1), time(), self.zone) if day else None


class RestrictForm(AboutSomeone):
    """Whom the patient does not want to see the record. `membership` is asked only where several colleagues fit."""

    colleague = LineField(label=_("Who must not see it"), at_most=254, help_text=_("Name or e-mail of a colleague"))
    membership = forms.ChoiceField(label=_("Which colleague"), widget=forms.RadioSelect, required=False)
    reason = LineField(label=_("What was agreed"), at_most=500, help_text=_("The patient can read this"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = find_colleagues(str(self.data.get("colleague", "")), besides=by) if self.is_bound else []
        people = {found.user_id: found for found in reversed(self.found)}
        if len(people) > 1:
            choices = [(str(found.pk), describe(found)) for found in people.values()]
            self.fields["membership"].choices = choices  # type: ignore[attr-defined]
            self.fields["membership"].required = True
            self.fields["membership"].error_messages["required"] = _("Several colleagues fit. Choose one")
        else:
            del self.fields["membership"]

    def clean_colleague(self) -> str:
        if not self.found:
            raise ValidationError(
                _("Nobody who works here and can open charts has this name or e-mail"), code="unknown"
            )
        return str(self.cleaned_data["colleague"])

    def picked(self) -> User:
        """The colleague; for a valid form."""
        key = self.cleaned_data.get("membership")
        membership: Membership = next(found for found in self.found if key is None or str(found.pk) == key)
        return membership.user
