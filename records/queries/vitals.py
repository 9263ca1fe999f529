"""The last values of vital signs, and how they went."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from healthcare.accounts.models import User
from patients.models import Patient
from records.models import Entry
from records.rules.vitals import PANEL, PRESSURE, age_in_months

KIND = "vital_signs"
LAST = 8  # takings on a chart


@dataclass(frozen=True)
class LastVitals:
    """The newest value of each measure, by LOINC code."""

    by_code: dict[str, Entry]

    @property
    def newest(self) -> Entry | None:
        return max(self.by_code.values(), key=lambda entry: entry.effective_at, default=None)


def months_of(patient: Patient, moment: datetime) -> int:
    """The patient's age then, in completed months, by the calendar of the running time zone."""
    return age_in_months(patient.birth_date, timezone.localtime(moment).date())


def latest_vitals(user: User, patient_id: UUID) -> LastVitals:
    """The last value of each measure, however long ago, in one query."""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient_id).of_kind(KIND).current().exclude(code=PANEL)
    newest = rows.order_by("code", "-effective_at", "-id").distinct("code")
    return LastVitals({entry.code: entry for entry in newest})


def pressures_of(user: User, patient_id: UUID) -> list[Entry]:
    """The last blood pressures, oldest first."""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient_id, code=PRESSURE).current()
    return list(reversed(rows.select_related("author").newest_first()[:LAST]))


def parts_of_panel(user: User, entry: Entry) -> list[Entry]:
    """What was measured in the same taking and is current now."""
    rows = Entry.objects.visible_to(user).filter(patient_id=entry.patient_id, parent_id=entry.parent_id).current()
    return list(rows.order_by("id"))
