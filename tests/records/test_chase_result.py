"""A result that nobody reads is told to others by its time, whether or not the broker lives."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from hypothesis import given as over
from hypothesis import strategies as some

from alerts.models import Alert
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.events.queues import patience
from records import tasks
from records.actions.chasing import chase_result
from records.actions.results import acknowledge_result, enter_result, list_unread_results
from records.events import ResultLeftUnread
from records.models import Entry, ResultDue
from records.rules.laboratory import Measured
from records.rules.reading import CRITICAL, FLAGGED, PLAIN, chase_after
from records.rules.vitals import Flag
from tests.events.draining import as_worker, drain
from tests.factories import ProviderFactory, staff
from tests.records.ordering import A1C, NOW
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def unread(rosa, nurse, doctor) -> Entry:
    measured = Measured(code=A1C, value=Decimal("5.2"))
    with acting_as(nurse):
        return enter_result(
            by=nurse, patient=rosa, measured=measured, effective_at=NOW, now=NOW, provider=ProviderFactory(user=doctor)
        )


def due_of(entry: Entry) -> ResultDue:
    with as_the_system():
        return ResultDue.objects.get(entry=entry)


@over(some.sampled_from(list(Flag)))
def test_the_worse_it_is_the_sooner_somebody_else_is_told(flag: Flag) -> None:
    assert timedelta(0) < CRITICAL <= chase_after(flag.value) <= PLAIN
    assert chase_after("critical_high") < chase_after("high") == FLAGGED < chase_after("")


def chases(entry: Entry, when=NOW + PLAIN) -> None:
    with as_the_system():
        chase_result(by=None, due_id=due_of(entry).pk, now=when)


def test_unread_by_its_time_it_is_announced_once(unread, announced) -> None:
    assert (due_of(unread).next_at, due_of(unread).queue) == (NOW + PLAIN, "urgent")
    chases(unread, NOW + PLAIN - timedelta(seconds=1))
    assert announced(ResultLeftUnread) == []
    for _again in range(2):
        chases(unread)
    assert announced(ResultLeftUnread) == [ResultLeftUnread(unread.pk, unread.patient_id)]
    assert due_of(unread).next_at is None
    with as_the_system():
        assert AuditEvent.objects.filter(action="records.chase_result", target_id=unread.pk).count() == 1


def test_what_was_read_or_is_not_there_is_left_alone(unread, doctor, announced) -> None:
    with acting_as(doctor):
        acknowledge_result(by=doctor, entry=unread, now=NOW)
    chases(unread)
    with taking_role("worker"):
        tasks.chase_result(unread.pk)
    assert announced(ResultLeftUnread) == []
    assert due_of(unread).next_at is None


def test_with_the_broker_dead_others_are_asked_until_it_is_read(unread, doctor, rosa) -> None:
    """Nothing here hands anything to a broker: the relay finds the due rows, and urgent ones it does itself at once."""
    assert patience("urgent", broker_is_up=False) == timedelta(0)
    staff("doctor", rosa.site)
    with time_machine.travel(NOW, tick=False) as clock:
        drain()
        assert not as_worker(Alert.objects.exists)
        clock.shift(PLAIN)
        drain()
        alert = as_worker(Alert.objects.get)
        assert (alert.kind, alert.owner_id, alert.level) == ("unread_result", doctor.pk, 0)
        clock.shift(timedelta(hours=25))
        for _step in range(4):
            drain()
        assert as_worker(lambda: Alert.objects.exhausted().get()) == alert
        with acting_as(doctor):
            acknowledge_result(by=doctor, entry=unread, now=NOW + PLAIN)
        drain()
        assert as_worker(Alert.objects.get).state == "closed"


def test_a_list_of_all_shows_what_is_a_colleagues(unread, doctor, rosa, browser) -> None:
    colleague = staff("doctor", rosa.site)
    with acting_as(colleague):
        assert list_unread_results(by=colleague) == []
        assert list_unread_results(by=colleague, everybodys=True) == [unread]
    client = browser(colleague)
    assert "5.2 %" not in client.get("/records/results-to-read").content.decode()
    page = client.get("/records/results-to-read", {"all": "1"}).content.decode()
    assert "5.2 %" in page
    assert "Only mine" in page
    stranger = staff("doctor")
    with acting_as(stranger):
        assert list_unread_results(by=stranger, everybodys=True) == []
