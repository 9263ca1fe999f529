"""Results of nobody sure, as the database gives them to who enters results; and what is known here of their people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.db.fields import decrypt
from patients.models import ImportedSource, Patient, PatientIdentifier, PatientOrigin
from records.models import Entry, ServiceRequest, UnmatchedResult
from records.models.unmatched import binding_of
from records.queries.lines import EntryLine, line_of
from records.queries.orders import TooManyLists
from records.rules import unmatched as rules
from records.rules.orders import CATALOGUE, WAITING

ASKED = (
    "id, state, why, system, resource_type, source_id, created_at, settled_at, settled_by, reason, headline, content"
)

SAID = ("kind", "code", "code_system", "display", "unit", "record_status")
NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Waiting:
    """One that arrived. `display` is its test, `person` the first letters of a name; `told` is there where one was
    opened, and None in a list."""

    id: UUID
    state: str
    why: str
    system: str
    resource_type: str
    source_id: str
    created_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    reason: str
    display: str
    person: str
    told: rules.Told | None = None

    @property
    def because(self) -> str:
        return str(UnmatchedResult.Why(self.why).label)


def unmatched_results(state: str) -> list[Waiting]:
    """Up to 200 in this state, the oldest first. The actor is that of the signed context. Raises TooManyLists."""
    return _ask(state, None)


def unmatched_result(key: UUID) -> Waiting | None:
    """One with what it says, whatever its state. Raises TooManyLists."""
    return next(iter(_ask("", key)), None)


def _ask(state: str, key: UUID | None) -> list[Waiting]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT {ASKED} FROM app.unmatched_results(%s, %s)", [state, key])  # noqa: S608
            rows = cursor.fetchall()
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "HC429":
            raise TooManyLists(_("That was a lot of lists. Wait a minute, then go on.")) from problem
        raise
    return [_waiting(row) for row in rows]


def _waiting(row: Sequence[Any]) -> Waiting:
    *known, headline, content = row
    display, person = rules.headline(decrypt(headline, binding_of("headline", known[0])))
    told = rules.told_of(decrypt(content, binding_of("content", known[0]))) if content else None
    return Waiting(*known, display, person, told)  # type: ignore[call-arg]


def line_of_told(told: rules.Told, system: str) -> EntryLine:
    """As a line of a chart that it does not stand in yet, and of nobody's."""
    said: dict[str, Any] = {name: getattr(told, name) for name in SAID}
    said |= {"value": told.number, "data": dict(told.data), "effective_at": told.moment}
    return line_of(Entry(patient_id=NOBODY, source=f"fhir:{system}", **said))


# == When one is matched ==
def earlier_version(user: User, patient: Patient, found: Waiting) -> Entry | None:
    """What stands in this chart of what the same source told before."""
    source = ImportedSource.objects.filter(
        system=found.system, source_id=found.source_id, resource_type=found.resource_type, patient_id=patient.pk
    ).first()
    if source is None or source.model != Entry._meta.label_lower:
        return None
    seen = Entry.objects.visible_to(user).filter(patient_id=patient.pk, pk=source.row_id)
    entry: Entry | None = seen.current().select_related("patient", "request", "provider").first()
    return entry


def orders_for(user: User, patient: Patient, told: rules.Told) -> list[ServiceRequest]:
    """Which orders of the patient this may answer, the oldest first: those of its test, and those answered in words
    for what comes in words."""
    rows = ServiceRequest.objects.visible_to(user).filter(patient=patient, status__in=sorted(WAITING), source="")
    asked = rows.select_related("provider", "patient", "encounter").order_by("created_at", "id")
    return [row for row in asked if _may_answer(row.code, told)]


def _may_answer(code: str, told: rules.Told) -> bool:
    tests = CATALOGUE[code].tests if code in CATALOGUE else ()
    return told.code in tests if told.kind == "laboratory_result" else told.code == code or not tests


# == When one arrives: for the system ==
def how_many_are_known_by(numbers: Collection[str]) -> int:
    """How many people are known here, or at other houses, by one of these numbers."""
    if not numbers:
        return 0
    found = set(Patient.objects.filter(mrn__in=numbers).order_by("pk").values_list("pk", flat=True))
    for model, column in ((PatientIdentifier, "value"), (PatientOrigin, "number")):
        rows = model._default_manager.filter(**{f"{column}__in": numbers})
        found |= set(rows.order_by("pk").values_list("patient_id", flat=True))
    return len(found)


def patient_of_order(key: UUID) -> UUID | None:
    return ServiceRequest.objects.filter(pk=key).values_list("patient_id", flat=True).first()
