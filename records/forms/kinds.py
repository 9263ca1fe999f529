"""What the form of a kind has from all forms: when it was, and under which mark. Page and /v1 read by the same one."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField
from healthcare.ui.forms import AboutSomeone
from patients.models import Patient
from records.forms.entries import moment_of
from records.forms.marking import SensitivityField
from records.kinds import Said, part_of
from records.models import Entry

BESIDE = ("day", "sensitivity")


class KindForm(AboutSomeone):
    """A kind's `form.EntryForm` is one of these. `hint` stands above its fields."""

    use_required_attribute = False
    hint: Any = ""
    day = FlexibleDateField(
        required=False, label=_("On"), latest=timezone.localdate, help_text=_("Left empty, it is now")
    )
    sensitivity = SensitivityField()

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient
        self.order_fields([name for name in self.fields if name not in BESIDE])

    def said(self) -> Said:
        """What is typed, as its kind says it; `effective_at` is given by `day`."""
        raise NotImplementedError

    def at(self, now: datetime) -> datetime | None:
        """Noon of the day that was typed; None for none, which is now."""
        day: date | None = self.cleaned_data["day"]
        return moment_of(day, now) if day and day != timezone.localdate(now) else None

    @staticmethod
    def typed(entry: Entry) -> dict[str, Any]:
        """What to type to say the same: the beginning of a correction."""
        return dict(entry.data)


def form_of(kind: str) -> type[KindForm] | None:
    """None for a kind that has no form of its own folder."""
    found = part_of(kind, "form")
    form: type[KindForm] | None = found.EntryForm if found else None
    return form
