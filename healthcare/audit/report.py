"""The audit as a report: what is asked for, sorted by any field, in pages along an index (docs/decisions/0033)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from healthcare.audit.models import AuditEvent, AuditEventQuerySet
from healthcare.db.uuids import floor7

#: What a list is sorted by → the column; within one value the newest come first. A minus before it turns all round.
SORTS = {
    "when": "",
    "who": "actor_id",
    "role": "actor_role",
    "what": "action",
    "whose": "patient_id",
    "outcome": "outcome",
    "where": "address",
}
OUTCOMES = sorted(AuditEvent.Outcome.values)
# Sorted along an index while that goes quickly; when what is asked for lies far out in that order, all of it is sorted.
# Each is planned for its own values: a plan for any value leaves partial indexes aside, and reading pages ask for one.
PLANNED = {"plan_cache_mode": "force_custom_plan"}
QUICKLY = PLANNED | {"statement_timeout": "500ms"}
ALL_SORTED = PLANNED | {"enable_indexscan": "off", "enable_indexonlyscan": "off", "jit": "off"}
MERGED = 40  # kinds of action that are read one by one and merged; more of them are a good part of all there is
# One look into the index for each action there is, however many events each has.
ACTIONS = """
WITH RECURSIVE known AS (
    (SELECT action FROM audit_auditevent WHERE action >= %(first)s ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT action FROM audit_auditevent WHERE action > known.action ORDER BY action LIMIT 1)
    FROM known WHERE known.action < %(last)s
)
SELECT action FROM known WHERE starts_with(action, %(first)s)
"""


@dataclass(frozen=True)
class AuditFilter:
    """Dates are whole days in the reader's zone, the last one included; of moments, `until` is the first that is out.
    `action` is the beginning of its name."""

    actor: UUID | None = None
    patient: UUID | None = None
    action: str = ""
    role: str = ""
    outcome: str = ""
    address: str = ""
    session: UUID | None = None
    reference: str = ""
    since: date | datetime | None = None
    until: date | datetime | None = None

    @property
    def is_of_few(self) -> bool:
        """Some thousands of events at most, which are found by an index of their own."""
        return bool(self.actor or self.patient or self.address or self.session or self.reference)

    def events(self) -> AuditEventQuerySet:
        """What fits, but for the action, in no order."""
        named = {
            "actor_id": self.actor,
            "patient_id": self.patient,
            "actor_role": self.role,
            "outcome": self.outcome,
            "address": self.address,
            "session_id": self.session,
            "request_id": self.reference,
            "id__gte": self.since and floor7(_moment(self.since)),
            "id__lt": self.until and floor7(_moment(self.until, days=1)),
        }
        return AuditEvent.objects.filter(**{name: value for name, value in named.items() if value})


def page_of(wanted: AuditFilter, *, sort: str = "when", after: str = "", limit: int) -> list[AuditEvent]:
    """The first `limit` events after the one whose `place_of` is `after`. Raises KeyError for a sort there is not."""
    names = _actions(wanted.action) if wanted.action else []
    if wanted.action and not names:
        return []
    reading = _Reading(wanted, names, SORTS[sort.removeprefix("-")], sort.startswith("-"), *_place(after), limit)
    if reading.field and wanted.is_of_few:
        with _settings(**ALL_SORTED):
            return reading.found()
    if reading.field and (names or wanted.role or wanted.outcome):
        try:
            with _settings(**QUICKLY):
                return reading.found()
        except OperationalError:
            with _settings(**ALL_SORTED):
                return reading.found()
    with _settings(**PLANNED):
        return reading.found()


def place_of(event: AuditEvent, sort: str) -> str:
    """Where a page ended that was sorted so, for the next one's `after`."""
    field = SORTS[sort.removeprefix("-")]
    value = getattr(event, field) if field else None
    return f"{event.pk}|{'' if value is None else f'={value}'}"


def all_of(wanted: AuditFilter, *, sort: str, at_most: int, at_once: int = 2_000) -> Iterator[list[AuditEvent]]:
    """Page after page, of at most so many events together."""
    after = ""
    while at_most > 0 and (page := page_of(wanted, sort=sort, after=after, limit=min(at_once, at_most))):
        yield page
        at_most -= len(page)
        after = place_of(page[-1], sort)


@dataclass(frozen=True)
class _Reading:
    wanted: AuditFilter
    names: list[str]
    field: str
    back: bool
    key: UUID | None
    value: str | None
    limit: int

    def found(self) -> list[AuditEvent]:
        found: list[AuditEvent] = []
        for step in self._steps():
            found += self._merged(step)[: self.limit - len(found)]
            if len(found) == self.limit:
                break
        return found

    def _steps(self) -> Iterator[AuditEventQuerySet]:
        """Each follows one index: the rest of the last value, the values after it, at last those without a value."""
        events, field, back, value = self.wanted.events(), self.field, self.back, self.value
        along = "id" if back else "-id"
        beyond = Q() if self.key is None else Q(id__gt=self.key) if back else Q(id__lt=self.key)
        if not field:
            yield events.filter(beyond).order_by(along)
        elif field == "outcome":  # three values, of which one is nearly all
            for outcome in reversed(OUTCOMES) if back else OUTCOMES:
                if value is None or outcome == value:
                    yield events.filter(beyond, outcome=outcome).order_by(along)
                    beyond, value = Q(), None
        else:
            if value is not None:
                yield events.filter(beyond, **{field: value}).order_by(along)
            if value is not None or self.key is None:
                further = (
                    {f"{field}__{'lt' if back else 'gt'}": value} if value is not None else {f"{field}__isnull": False}
                )
                yield events.filter(**further).order_by(f"-{field}" if back else field, along)
                beyond = Q()
            yield events.filter(beyond, **{f"{field}__isnull": True}).order_by(along)

    def _merged(self, step: AuditEventQuerySet) -> AuditEventQuerySet:
        """Of the actions meant; along the key, each kind of them is read for itself, so a rare one is no search."""
        if not self.names:
            return step
        if self.field or not 1 < len(self.names) <= MERGED:
            return step.filter(action__in=self.names)
        each = [step.filter(action=name)[: self.limit] for name in self.names]
        return each[0].union(*each[1:], all=True).order_by(*step.query.order_by)


@contextmanager
def _settings(**values: str) -> Iterator[None]:
    """For the reads inside alone, whatever becomes of them."""
    mark = transaction.savepoint()
    try:
        with connection.cursor() as cursor:
            for name, value in values.items():
                cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        yield
    finally:
        transaction.savepoint_rollback(mark)


def _place(after: str) -> tuple[UUID | None, str | None]:
    """An odd place is the start of the list."""
    key, _bar, value = after.partition("|")
    try:
        return UUID(key), value[1:] if value else None
    except ValueError:
        return None, None


def _actions(beginning: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(ACTIONS, {"first": beginning, "last": f"{beginning}~"})
        return [name for (name,) in cursor.fetchall()]


def _moment(day: date | datetime, days: int = 0) -> datetime:
    if isinstance(day, datetime):
        return day
    return datetime.combine(day + timedelta(days=days), time(), tzinfo=timezone.get_current_timezone())
