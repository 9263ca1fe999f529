"""Laboratory results: what waits to be read, what a chart shows, and how one test went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, Q, Value, When

from healthcare.accounts.models import Provider, User
from patients.models import Patient
from records.models import Encounter, Entry, EntryQuerySet

KIND = "laboratory_result"
TESTS_ON_A_CHART, ROWS_OF_A_CHART = 6, 40
HISTORY = 12
UNREAD = 50


def unread_results(user: User, *, at_most: int = UNREAD) -> list[Entry]:
    """Results that nobody has read and this person is to read, also those of nobody in particular.

    Critical ones first, then the oldest."""
    mine = Q(provider__user=user) | Q(provider=None)
    rows: EntryQuerySet = Entry.objects.visible_to(user).unread().filter(mine)
    critical = Case(When(data__flag__startswith="critical", then=Value(0)), default=Value(1))
    return list(rows.select_related("patient", "provider").order_by(critical, "effective_at", "id")[:at_most])


@dataclass(frozen=True)
class TestHistory:
    """One test: the newest result, and the values of those before it, oldest first."""

    newest: Entry
    earlier: Sequence[Entry]

    @property
    def values(self) -> list[float]:
        return [float(entry.value) for entry in (*self.earlier, self.newest) if entry.value is not None]


def by_test(entries: Iterable[Entry]) -> list[TestHistory]:
    """Results, the newest first, as one history a test; the test taken last stands first."""
    by_code: dict[str, list[Entry]] = {}
    for entry in entries:
        by_code.setdefault(entry.code, []).append(entry)
    found = list(by_code.values())[:TESTS_ON_A_CHART]
    return [TestHistory(rows[0], list(reversed(rows[1:]))) for rows in found]


def history_of(user: User, patient: Patient, code: str, *, at_most: int = HISTORY) -> list[Entry]:
    """The current results of one test, oldest first."""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk, code=code).of_kind(KIND).current()
    return list(reversed(rows.select_related("author").newest_first()[:at_most]))


def provider_of(user: User, patient: Patient) -> Provider | None:
    """Whom the patient saw last, and so who most likely asked for it."""
    seen = Encounter.objects.visible_to(user).filter(patient_id=patient.pk, provider__user__isnull=False)
    last = seen.exclude(started_at=None).select_related("provider").order_by("-started_at").first()
    return last.provider if last else None


def results_of(user: User, patient: Patient, *, at_most: int = 100) -> list[Entry]:
    """The newest results of a patient."""
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=patient.pk).of_kind(KIND).current()
    return list(rows.select_related("released_by").newest_first()[:at_most])
