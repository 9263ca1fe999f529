"""Who stands in for whom, as it is typed."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Membership, User
from healthcare.accounts.roles import ROLES
from healthcare.ui.fields import FlexibleDateField, LineField
from patients.queries import find_colleagues


class CoverForm(forms.Form):
    """For one's own days away. The colleague works in the same role."""

    colleague = LineField(label=_("Who stands in"), at_most=254, help_text=_("Name or e-mail of a colleague"))
    first = FlexibleDateField(
        label=_("First day"), earliest=timezone.localdate, help_text=_("Such as Dec 21, 2026. Today begins at once")
    )
    last = FlexibleDateField(
        label=_("Last day"), earliest=timezone.localdate, help_text=_("It ends by itself when this day is over")
    )
    reason = LineField(label=_("Reason"), at_most=500, required=False, help_text=_("Such as leave"))

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def role(self) -> str:
        return self.by.acting_role or ""

    def absent(self) -> User:
        return self.by

    def clean_colleague(self) -> User:
        return self._one(self.cleaned_data["colleague"], self.role()).user

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        first, last = typed.get("first"), typed.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day comes after the first"))
        return typed

    def starts_at(self, now: datetime) -> datetime:
        """The first moment of the first day here, or now where that is over."""
        return max(now, _midnight(self.cleaned_data["first"]))

    def ends_at(self) -> datetime:
        return _midnight(self.cleaned_data["last"] + timedelta(days=1))

    def _one(self, text: str, role: str = "") -> Membership:
        found = [one for one in find_colleagues(text, besides=self.by) if role in ("", one.role)]
        if not found:
            raise ValidationError(_("Nobody who works in this role has this name or e-mail"), code="unknown")
        if len(found) > 1:
            people = ", ".join(f"{one.user.full_name} ({one.user.email}, {ROLES[one.role].name})" for one in found)
            raise ValidationError(
                _("Several fit: %(people)s. Type the whole e-mail"), code="several", params={"people": people}
            )
        return found[0]


class CoverForAnotherForm(CoverForm):
    """For a colleague who is away, by an administrator."""

    away = LineField(label=_("Who is away"), at_most=254, help_text=_("Name or e-mail of a colleague"))
    field_order = ("away", "colleague", "first", "last", "reason")

    def clean_away(self) -> Membership:
        return self._one(self.cleaned_data["away"])

    def clean_colleague(self) -> User:
        away = self.cleaned_data.get("away")
        return self._one(self.cleaned_data["colleague"], away.role if away else "").user

    def role(self) -> str:
        away: Membership = self.cleaned_data["away"]
        return away.role

    def absent(self) -> User:
        away: Membership = self.cleaned_data["away"]
        return away.user


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
