"""What the cards of one chart show, asked for at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from healthcare.accounts.models import User
from patients.models import Patient
from records.models import Entry, EntryQuerySet
from records.queries.results import ROWS_OF_A_CHART, TestHistory, by_test
from records.queries.vitals import LAST, LastVitals
from records.rules.vitals import PANEL, PRESSURE

MOST_LISTED = 100  # problems and allergies together
ROWS_MEASURED = 90  # about nine takings: not all there are, so that a long chart is as quick as a short one


@dataclass(frozen=True)
class Overview:
    """Current entries: what the last takings measured, the last blood pressures (oldest first), the last tests with
    their history, and everything on the lists of problems and allergies, the newest first."""

    vitals: LastVitals
    pressures: Sequence[Entry]
    tests: Sequence[TestHistory]
    conditions: Sequence[Entry]
    allergies: Sequence[Entry]


def overview_of(user: User, patient: Patient) -> Overview:
    """One query, kept on the patient object for the other cards of the same answer and reader."""
    known: tuple[User, Overview] | None = getattr(patient, "_overview", None)
    if known is None or known[0] is not user:
        known = (user, _read(user, patient))
        patient._overview = known  # type: ignore[attr-defined]
    return known[1]


def _read(user: User, patient: Patient) -> Overview:
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=patient.pk).current()
    rows = rows.select_related("author")
    measured = rows.of_kind("vital_signs").newest_first()[:ROWS_MEASURED]
    results = rows.of_kind("laboratory_result").newest_first()[:ROWS_OF_A_CHART]
    listed = rows.filter(kind__in=["condition", "allergy"]).newest_first()[:MOST_LISTED]
    found: dict[str, list[Entry]] = {}
    asked_at_once = measured.union(results, listed, all=True)
    for entry in sorted(asked_at_once, key=lambda entry: (entry.effective_at, entry.pk), reverse=True):
        found.setdefault(entry.kind, []).append(entry)
    signs = [entry for entry in reversed(found.get("vital_signs", [])) if entry.code != PANEL]
    return Overview(
        vitals=LastVitals({entry.code: entry for entry in signs}),
        pressures=[entry for entry in signs if entry.code == PRESSURE][-LAST:],
        tests=by_test(found.get("laboratory_result", [])),
        conditions=found.get("condition", []),
        allergies=found.get("allergy", []),
    )
