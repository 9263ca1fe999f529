"""What the cards of one chart show, asked for at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Case, QuerySet, Value, When

from healthcare.accounts.models import User
from healthcare.db.prepared import prepared
from patients.models import Patient
from records.models import Entry, EntryQuerySet
from records.queries.histories import HISTORIES
from records.queries.results import ROWS_OF_A_CHART, TestHistory, by_test
from records.queries.vitals import LAST, LastVitals
from records.rules.vitals import PANEL, PRESSURE

LISTED, BEFORE = ("condition", "allergy"), ("surgical_history", "family_history")
MOST_LISTED = 240  # of these four; what is active comes first, operations and relatives last
MOST_TYPES = 200  # all that there are in FHIR R4, and the questions about living
ROWS_MEASURED = 90  # about nine takings: not all there are, so that a long chart is as quick as a short one


@dataclass(frozen=True)
class Overview:
    """Current entries: what the last takings measured and how each measure went (by code, oldest first), the last
    blood pressures (oldest first), the last tests with their history, everything on the lists of problems and
    allergies, operations, the family and the last answer to each question about living, the newest first, and the last
    of each type of resource that is kept whole."""

    vitals: LastVitals
    series: Mapping[str, Sequence[float]]
    pressures: Sequence[Entry]
    tests: Sequence[TestHistory]
    conditions: Sequence[Entry]
    allergies: Sequence[Entry]
    histories: Sequence[Entry]
    kept: Sequence[Entry]


def overview_of(user: User, patient: Patient) -> Overview:
    """One query, kept on the patient object for the other cards of the same answer and reader."""
    known: tuple[User, Overview] | None = getattr(patient, "_overview", None)
    if known is None or known[0] is not user:
        known = (user, _read(user, patient))
        patient._overview = known  # type: ignore[attr-defined]
    return known[1]


@prepared
def _asked_at_once(user: User, patient: Patient) -> "QuerySet[Entry]":
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=patient.pk).current()
    rows = rows.select_related("author")
    measured = rows.of_kind("vital_signs").newest_first()[:ROWS_MEASURED]
    results = rows.of_kind("laboratory_result").newest_first()[:ROWS_OF_A_CHART]
    last = Case(When(kind__in=BEFORE, then=Value(2)), When(clinical_status="resolved", then=Value(1)), default=Value(0))
    listed = rows.filter(kind__in=[*LISTED, *BEFORE]).order_by(last, "-effective_at", "-id")[:MOST_LISTED]
    typed = rows.filter(kind__in=["imported", "social_history"])
    typed = typed.order_by("kind", "code", "-effective_at", "-id").distinct("kind", "code")[:MOST_TYPES]
    return measured.union(results, listed, typed, all=True)


def _read(user: User, patient: Patient) -> Overview:
    found: dict[str, list[Entry]] = {}
    for entry in sorted(_asked_at_once(user, patient), key=lambda entry: (entry.effective_at, entry.pk), reverse=True):
        found.setdefault(entry.kind, []).append(entry)
    signs = [entry for entry in reversed(found.get("vital_signs", [])) if entry.code != PANEL]
    return Overview(
        vitals=LastVitals({entry.code: entry for entry in signs}),
        series=_series(signs),
        pressures=[entry for entry in signs if entry.code == PRESSURE][-LAST:],
        tests=by_test(found.get("laboratory_result", [])),
        conditions=found.get("condition", []),
        allergies=found.get("allergy", []),
        histories=[entry for kind in HISTORIES for entry in found.get(kind, [])],
        kept=sorted(found.get("imported", []), key=lambda entry: entry.code),
    )


def _series(signs: Sequence[Entry]) -> dict[str, list[float]]:
    """The last values of each measure that is one number, in the unit of the newest."""
    units = {entry.code: entry.unit for entry in signs}
    found: dict[str, list[float]] = {}
    for entry in signs:
        if entry.value is not None and entry.unit == units[entry.code]:
            found.setdefault(entry.code, []).append(float(entry.value))
    return {code: values[-LAST:] for code, values in found.items()}
