"""Laboratory results: what waits to be read, what a chart shows, and how one test went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, QuerySet, Value, When

from healthcare.accounts.models import Provider, User
from healthcare.db.prepared import AnyOf, prepared
from patients.models import Patient, reach_of
from records.models import Encounter, Entry, EntryQuerySet
from records.queries.timeline import PAGE, TimelinePage, first_page, page_of

KIND = "laboratory_result"
TESTS_ON_A_CHART, ROWS_OF_A_CHART = 6, 40
HISTORY = 12
UNREAD = 50


def unread_results(user: User, *, at_most: int = UNREAD) -> list[Entry]:
    """Results that nobody has read and this person is to read, also those of nobody in particular.

    Who stands in for a colleague reads theirs. Critical ones first, then the oldest."""
    found = _unread(user, at_most)
    return sorted(found, key=lambda row: (not is_critical(row), row.effective_at, row.pk))[:at_most]


def all_unread(user: User, *, at_most: int = UNREAD) -> list[Entry]:
    """Whoever is to read them: all that nobody has read, of the patients in reach, the oldest first."""
    rows: EntryQuerySet = Entry.objects.visible_to(user).unread().select_related("patient", "provider")
    return list(rows.order_by("effective_at", "id")[:at_most])


def is_critical(row: Entry) -> bool:
    return str(row.data.get("flag") or "").startswith("critical")


@prepared
def _unread(user: User, at_most: int) -> "QuerySet[Entry]":
    """One's own and nobody's apart, so that each is found along the index of what is unread."""
    critical = Case(When(data__flag__startswith="critical", then=Value(0)), default=Value(1))
    unread: EntryQuerySet = Entry.objects.visible_to(user).unread().select_related("patient", "provider")
    rows = unread.order_by(critical, "effective_at", "id")
    own = rows.filter(provider__user=AnyOf(reach_of(user).people))[:at_most]
    return own.union(rows.filter(provider=None)[:at_most], all=True)


@dataclass(frozen=True)
class TestHistory:
    """One test: the newest result, and the values of those before it, oldest first."""

    newest: Entry
    earlier: Sequence[Entry]

    @property
    def values(self) -> list[float]:
        """In the newest one's unit: laboratories differ, and numbers of two units make no line."""
        rows = (*self.earlier, self.newest)
        return [float(entry.value) for entry in rows if entry.value is not None and entry.unit == self.newest.unit]


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


def result_page(user: User, patient: Patient, *, after: UUID | None = None) -> TimelinePage:
    """A page of the results of a patient, newest first."""
    if after is None:
        return first_page(_newest_with_authors(user, patient, PAGE + 1))
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient=patient).results().current()
    return page_of(user, patient, rows, after=after)


@prepared
def _newest_with_authors(user: User, patient: Patient, at_most: int) -> EntryQuerySet:
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient=patient).results().current()
    return rows.select_related("author").newest_first()[:at_most]


def results_of(user: User, patient: Patient, *, at_most: int = 100) -> list[Entry]:
    """The newest results of a patient."""
    return _newest_of(user, patient, at_most)


@prepared
def _newest_of(user: User, patient: Patient, at_most: int) -> "QuerySet[Entry]":
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient=patient).results().current()
    return rows.select_related("released_by").newest_first()[:at_most]
