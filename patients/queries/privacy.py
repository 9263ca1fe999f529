"""For privacy officers: cases, watched records, and whose records an account, a sign-in or an address touched."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Count, Max, Min

from healthcare.accounts.models import User
from healthcare.accounts.queries import AuditLine, audit_lines
from healthcare.audit.models import AuditEvent
from healthcare.audit.report import AuditFilter
from patients.models import CloseWatch, Patient, PrivacyCase

AT_ONCE = 20_000  # record numbers asked for in one statement


# == Record numbers ==
def numbers_of(ids: Collection[UUID]) -> dict[UUID, str]:
    """Of these patients, for privacy officers and for the system alone; everybody else gets none."""
    keys, found = list(ids), {}
    for start in range(0, len(keys), AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT patient_id, number FROM app.record_numbers(%s::uuid[], '{}')", [keys[start : start + AT_ONCE]]
            )
            found.update(cursor.fetchall())
    return found


def patients_of_numbers(numbers: Collection[str]) -> dict[str, UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, patient_id FROM app.record_numbers('{}', %s::text[])", [list(numbers)])
        return dict(cursor.fetchall())


# == Who was touched ==
@dataclass(frozen=True)
class Touched:
    """One patient: from when to when, how often, by how many accounts, and what was done."""

    patient_id: UUID
    number: str
    first: datetime
    last: datetime
    times: int
    people: int
    actions: list[str]


@dataclass(frozen=True)
class BreachScope:
    """`unnamed` counts lists and searches, by action: whom they showed is not written in the audit."""

    touched: list[Touched]
    unnamed: dict[str, int]
    refused: int

    def rows(self) -> Iterator[tuple[str, ...]]:
        yield ("record_number", "patient_id", "first", "last", "times", "accounts", "actions")
        for one in self.touched:
            times = (one.first.isoformat(), one.last.isoformat(), str(one.times), str(one.people))
            yield (one.number, str(one.patient_id), *times, " ".join(one.actions))


def breach_scope(wanted: AuditFilter) -> BreachScope:
    """Exactly the patients that an event names which was not refused, whatever was done; by record number."""
    events = wanted.events().filter(action__startswith=wanted.action)
    done = events.exclude(outcome=AuditEvent.Outcome.DENIED)
    rows: Any = (
        done.exclude(patient_id=None)
        .values("patient_id")
        .annotate(
            first=Min("at"),
            last=Max("at"),
            times=Count("id"),
            people=Count("actor_id", distinct=True),
            actions=ArrayAgg("action", distinct=True, order_by="action"),
        )
        .order_by("patient_id")
    )
    found = list(rows)
    numbers = numbers_of([row["patient_id"] for row in found])
    touched = [Touched(number=numbers.get(row["patient_id"], ""), **row) for row in found]
    lists = done.filter(patient_id=None, action__regex=r"[._](list|search|export)")
    return BreachScope(
        touched=sorted(touched, key=lambda one: (one.number, one.patient_id)),
        unnamed=dict(lists.order_by("action").values_list("action").annotate(Count("id"))),
        refused=events.filter(outcome=AuditEvent.Outcome.DENIED).count(),
    )


# == Cases ==
@dataclass(frozen=True)
class CaseLine:
    """A case with the number of the record and the event it is about."""

    case: PrivacyCase
    number: str
    event: AuditLine | None


def privacy_cases(user: User, *, answered: bool = False, at_most: int = 100) -> list[CaseLine]:
    """Those that wait, the most urgent first; or the answered ones, the newest first."""
    cases = PrivacyCase.objects.visible_to(user).select_related("owner", "answered_by")
    if answered:
        found = cases.filter(answered_at__isnull=False).order_by("-answered_at")
    else:
        found = cases.waiting().order_by("due_at", "pk")
    return _case_lines(user, list(found[:at_most]))


def privacy_case(user: User, case: PrivacyCase) -> CaseLine:
    return _case_lines(user, [case])[0]


def _case_lines(user: User, cases: list[PrivacyCase]) -> list[CaseLine]:
    numbers = numbers_of({case.patient_id for case in cases}) if cases else {}
    events = AuditEvent.objects.filter(pk__in=[case.event_id for case in cases])
    lines = {line.event.pk: line for line in audit_lines(user, events)} if cases else {}
    return [CaseLine(case, numbers.get(case.patient_id, ""), lines.get(case.event_id)) for case in cases]


def count_privacy_cases(user: User) -> int:
    return PrivacyCase.objects.visible_to(user).waiting().count()


def own_cases(user: User, patient: Patient) -> list[PrivacyCase]:
    """What this person asked about this record, the newest first."""
    return list(PrivacyCase.objects.visible_to(user).filter(patient=patient).order_by("-opened_at"))


def close_watches(user: User) -> list[tuple[CloseWatch, str]]:
    """With the numbers of the records, the newest first."""
    found = list(CloseWatch.objects.visible_to(user).current().select_related("placed_by").order_by("-created_at"))
    numbers = numbers_of({watch.patient_id for watch in found}) if found else {}
    return [(watch, numbers.get(watch.patient_id, "")) for watch in found]
