"""The report finds what was asked for, sorted by any field, and loses nothing between its pages."""

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from healthcare.audit import record, report
from healthcare.audit.models import AuditEvent
from healthcare.audit.report import SORTS, AuditFilter, all_of, page_of, place_of
from healthcare.audit.request import RequestFacts, request_facts, say_session
from healthcare.db.context import acting_as, acting_as_system
from tests.audit.conftest import person
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
ACTIONS = ("patients.open_chart", "patients.register", "records.sign_note")
ADDRESSES = (None, "10.0.0.7", "10.0.0.12", "2001:db8::7")


@pytest.fixture
def officer() -> Any:
    return person("privacy_officer")


@pytest.fixture
def history() -> list[uuid.UUID]:
    """Thirty events of four people and of nobody, about three patients and about none."""
    chance = random.Random(7)
    people = [person("nurse"), person("nurse"), person("doctor"), None]
    patients = [None, *(uuid.uuid4() for _ in range(3))]
    for _ in range(30):
        actor = chance.choice(people)
        token = request_facts.set(RequestFacts("K7QFP-2M9DX", chance.choice(ADDRESSES)))
        with acting_as(actor):
            outcome = chance.choice(("ok", "ok", "denied", "failed"))
            record(chance.choice(ACTIONS), by=actor, patient_id=chance.choice(patients), outcome=outcome)
        request_facts.reset(token)
    return [each for each in patients if each]


def paged(wanted: AuditFilter, sort: str, size: int = 4) -> Iterator[AuditEvent]:
    after = ""
    while page := page_of(wanted, sort=sort, after=after, limit=size):
        yield from page
        after = place_of(page[-1], sort)


def in_order(events: list[AuditEvent], sort: str) -> bool:
    """Within a value the newest first; those without a value come last; all of it turned round by a minus."""
    field, back = SORTS[sort.removeprefix("-")], sort.startswith("-")
    if not field:
        keys = [event.pk for event in events]
        return keys == sorted(keys, reverse=not back)
    known = [event for event in events if getattr(event, field) is not None]
    if known != events[: len(known)]:
        return False
    places = [(place_in_sql(getattr(event, field)), event.pk) for event in known]
    expected = sorted(sorted(places, key=lambda place: place[1], reverse=True), key=lambda place: place[0])
    return places == (expected[::-1] if back else expected)


def place_in_sql(value: Any) -> Any:
    with connection.cursor() as cursor:
        if isinstance(value, str) and (":" in value or value.startswith("10.")):
            cursor.execute("SELECT family(%s::inet), inet_send(%s::inet)", [value, value])
            family, sent = cursor.fetchone()
            return family, bytes(sent)
    return value


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
@pytest.mark.parametrize("wanted", [AuditFilter(), AuditFilter(action="patients."), AuditFilter(role="nurse")])
def test_every_field_sorts_both_ways_and_no_page_loses_or_repeats(
    officer: Any, history: Any, sort: str, wanted: AuditFilter
) -> None:
    with acting_as(officer):
        every = set(wanted.events().filter(action__startswith=wanted.action).values_list("pk", flat=True))
        found = list(paged(wanted, sort))
        assert in_order(found, sort)
    assert len(found) == len(every)
    assert {event.pk for event in found} == every


@pytest.mark.parametrize("sort", ["when", "what", "-where"])
def test_each_filter_leaves_what_fits_it(officer: Any, history: Any, sort: str) -> None:
    with acting_as(officer):
        sample = AuditEvent.objects.exclude(address=None).exclude(actor_id=None).exclude(patient_id=None).first()
        assert sample
        for name, value in (
            ("actor", sample.actor_id),
            ("patient", sample.patient_id),
            ("role", sample.actor_role),
            ("outcome", sample.outcome),
            ("address", sample.address),
            ("action", sample.action),
        ):
            column = {"actor": "actor_id", "patient": "patient_id", "role": "actor_role"}.get(name, name)
            found = list(paged(AuditFilter(**{name: value}), sort))
            assert len(found) == AuditEvent.objects.filter(**{column: value}).count(), name
            assert {getattr(event, column) for event in found} == {value}
        assert len(list(paged(AuditFilter(reference="K7QFP-2M9DX"), sort))) == 30
        assert not list(paged(AuditFilter(reference="AAAAA-AAAAA"), sort))


def test_days_are_whole_and_in_the_readers_zone(officer: Any, history: Any) -> None:
    today = timezone.localdate()
    day = timedelta(days=1)
    with acting_as(officer):
        for since, until, count in (
            (today, today, 30),
            (today - day, None, 30),
            (None, today - day, 0),
            (today + day, None, 0),
        ):
            assert len(page_of(AuditFilter(since=since, until=until), limit=99)) == count


def test_an_action_is_found_by_its_beginning_and_an_unknown_one_ends_at_once(officer: Any, history: Any) -> None:
    with acting_as(officer):
        assert {event.action for event in paged(AuditFilter(action="patients.o"), "when")} == {"patients.open_chart"}
        assert page_of(AuditFilter(action="patients_"), limit=5) == []


def test_an_order_that_takes_too_long_is_given_up_for_sorting_all(
    officer: Any, history: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = AuditFilter(role="nurse")
    with acting_as(officer):
        before = [event.pk for event in page_of(wanted, sort="who", limit=99)]
        found, tries = report._Reading.found, []

        def slow_at_first(reading: Any) -> list[AuditEvent]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('statement_timeout'), current_setting('enable_indexscan')")
                tries.append(cursor.fetchone())
                if len(tries) == 1:
                    cursor.execute("SELECT pg_sleep(3)")
            return found(reading)

        monkeypatch.setattr(report._Reading, "found", slow_at_first)
        monkeypatch.setattr(report, "QUICKLY", {"statement_timeout": "50ms"})
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            limit = cursor.fetchone()
            again = page_of(wanted, sort="who", limit=99)
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == limit, "what was set for one read is set no more"
    assert [event.pk for event in again] == before
    assert tries == [("50ms", "on"), (limit[0], "off")]


def test_no_sort_but_those_there_are(officer: Any) -> None:
    with acting_as(officer), pytest.raises(KeyError):
        page_of(AuditFilter(), sort="detail; DROP", limit=1)


@pytest.mark.parametrize("after", ["x", "|", "|=x", "1-2|=doctor"])
def test_an_odd_place_is_the_start(officer: Any, history: Any, after: str) -> None:
    with acting_as(officer):
        assert page_of(AuditFilter(), sort="who", after=after, limit=3) == page_of(AuditFilter(), sort="who", limit=3)


def test_a_file_is_read_in_pieces_and_ends_where_it_must(officer: Any, history: Any) -> None:
    with acting_as(officer):
        sizes = [len(page) for page in all_of(AuditFilter(), sort="what", at_most=25, at_once=10)]
        assert sizes == [10, 10, 5]
        assert sum(len(page) for page in all_of(AuditFilter(), sort="-who", at_most=99, at_once=10)) == 30


def test_who_may_not_read_the_audit_finds_their_own_acts_alone(history: Any) -> None:
    nurse = person("nurse")
    with acting_as(nurse):
        record("patients.register", by=nurse)
        assert [event.actor_id for event in paged(AuditFilter(), "who")] == [nurse.pk]


def test_an_event_names_the_sign_in_it_came_by(officer: Any) -> None:
    nurse, session = person("nurse"), uuid.uuid4()
    token = request_facts.set(RequestFacts("K7QFP-2M9DX", "10.0.0.7"))
    say_session(session)
    with acting_as(nurse):
        record("patients.register", by=nurse)
    request_facts.reset(token)
    with acting_as(officer):
        assert page_of(AuditFilter(session=session, actor=nurse.pk), limit=5)[0].session_id == session
        assert not page_of(AuditFilter(session=uuid.uuid4()), limit=5)
    with taking_role("worker"), acting_as_system("test"):
        record("accounts.sweep", by=None)
        assert AuditEvent.objects.get(action="accounts.sweep").session_id is None
