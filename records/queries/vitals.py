"""The last values of vital signs, and how they went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import User
from healthcare.db.prepared import AnyOf, Bound, in_steps, prepared
from patients.models import Patient
from patients.queries import sites_of
from records.kinds.vital_signs import ORDER
from records.models import Entry
from records.rules.vitals import BMI, MEASURES, PANEL, age_in_months
from scheduling.models import Appointment, window
from scheduling.queries.pages import EVERYWHERE

KIND = "vital_signs"
LAST = 8  # takings on a chart
BODY = (MEASURES["weight"].code, MEASURES["height"].code)
ABOUT_A_DAY = timedelta(days=1)
LONGEST_STAY, MOST_WAITING = 16, 50  # hours, people


@dataclass(frozen=True)
class LastVitals:
    """The newest value of each measure, by LOINC code."""

    by_code: dict[str, Entry]

    def in_order(self) -> list[Entry]:
        """As pages list them: blood pressure first, pain last."""
        return [self.by_code[code] for code in ORDER if code in self.by_code]

    @property
    def newest(self) -> Entry | None:
        return max(self.by_code.values(), key=lambda entry: entry.effective_at, default=None)


def months_of(patient: Patient, moment: datetime) -> int | None:
    """The patient's age then, in completed months, by the calendar of the running time zone; None for no birth."""
    return age_in_months(patient.birth_date, timezone.localtime(moment).date())


def latest_vitals(user: User, patient_id: UUID) -> LastVitals:
    """The last value of each measure, however long ago, in one query."""
    return LastVitals({entry.code: entry for entry in _newest_of_each(user, patient_id)})


@prepared
def _newest_of_each(user: User, patient_id: UUID) -> "QuerySet[Entry]":
    rows = Entry.objects.visible_to(user).filter(patient_id=patient_id).of_kind(KIND).current().exclude(code=PANEL)
    return rows.order_by("code", "-effective_at", "-id").distinct("code")


def parts_of_panel(user: User, entry: Entry) -> list[Entry]:
    """What was measured in the same taking and is current now."""
    rows = Entry.objects.visible_to(user).filter(patient_id=entry.patient_id, parent_id=entry.parent_id).current()
    return list(rows.order_by("id"))


def computed_from(user: User, entry: Entry) -> list[Entry]:
    """What stands by this measure alone: the body mass index of a weight or a height, of the same taking."""
    if entry.code not in BODY or entry.kind != KIND or entry.parent_id is None:
        return []
    return [part for part in parts_of_panel(user, entry) if part.code == BMI]


# == Whom to measure ==
@dataclass(frozen=True)
class Waiting:
    """A patient who is here and was not measured since they came."""

    visit: Appointment
    patient: Patient


def waiting_for_vitals(user: User, now: datetime) -> list[Waiting]:
    """Who is in the house where this person works, not yet with the provider, in the order they came. Two queries."""
    since = now - timedelta(hours=LONGEST_STAY)
    first, last_reading, during = window(since - ABOUT_A_DAY, now + ABOUT_A_DAY, EVERYWHERE)
    visits = _here(user, since, Bound(first), Bound(last_reading), during, MOST_WAITING)
    people = in_steps([visit.patient_id for visit in visits])
    last = dict(_taken(user, people, since)) if people else {}
    return [
        Waiting(visit, visit.patient)
        for visit in visits
        if visit.patient_id not in last or last[visit.patient_id] < (visit.arrived_at or now)
    ]


@prepared
def _here(
    user: User, since: datetime, first: Any, last: Any, during: TimestamptzRange, at_most: int
) -> "QuerySet[Appointment]":
    """Who is here has a visit of about today: by the clock at the site they are found along an index."""
    seen = Appointment.objects.visible_to(user).filter(site__in=sites_of(user).order_by())
    near = seen.between(first, last, during)
    here = near.filter(status__in=["arrived", "roomed"], arrived_at__gte=since)
    return here.select_related("patient", "provider").order_by("arrived_at", "id")[:at_most]


@prepared
def _taken(user: User, people: tuple[UUID, ...], since: datetime) -> "QuerySet[Entry, tuple[UUID, datetime]]":
    taken = Entry.objects.visible_to(user).filter(patient=AnyOf(people), code=PANEL, effective_at__gte=since).current()
    return taken.values_list("patient_id", "effective_at").order_by("effective_at")
