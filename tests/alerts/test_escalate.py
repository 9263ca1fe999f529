"""Escalation: who is asked next while nobody has acknowledged, and when it stops."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine

from alerts import tasks
from alerts.actions import acknowledge_alert, close_alerts, escalate_alert, hasten_alert, withdraw_letters
from alerts.events import AlertAcknowledged, AlertEscalated
from alerts.models import Alert, Notice
from alerts.queries import get_line
from alerts.subscribers import hasten_alert as hasten
from alerts.subscribers import withdraw_letters as withdraw
from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.events.work import all_kinds
from healthcare.messaging.events import MessageFailed
from healthcare.messaging.models import Message
from tests.alerts.conftest import Clinic, as_system, reread
from tests.alerts.test_raise import NOW, raised
from tests.events.draining import as_worker, drain
from tests.factories import AlertFactory, staff
from tests.messaging.mailserver import MailServer
from tests.roles import taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def supervisor(clinic: Clinic) -> User:
    return staff("administrator", clinic.site, email="supervisor@clinic.example")


def step(alert: Alert, minutes: float) -> Alert:
    as_system(escalate_alert, alert_id=alert.pk, now=NOW + minutes * MINUTE)
    return reread(alert)


def asked_at(level: int) -> set[str]:
    notices = as_worker(lambda: list(Notice.objects.filter(level=level).select_related("recipient")))
    return {notice.recipient.email for notice in notices}


def test_the_owner_then_the_team_then_the_supervisor_and_the_red_board(
    clinic: Clinic, supervisor: User, announced: Any, posted: Any
) -> None:
    alert = raised(clinic)
    assert step(alert, 4.9).level == 0, "it is not time yet"
    assert step(alert, 5).next_at == NOW + 10 * MINUTE
    assert step(alert, 10).next_at == NOW + 15 * MINUTE
    last = step(alert, 15)
    assert (last.level, last.next_at, last.state) == (3, None, "open")
    assert asked_at(0) == asked_at(1) == {"okafor@clinic.example"}
    assert asked_at(2) == {"okafor@clinic.example", "lindqvist@clinic.example"}
    assert asked_at(3) == {"supervisor@clinic.example"}
    assert [fact.level for fact in announced(AlertEscalated)] == [1, 2, 3]
    assert posted()[-1].template == "alerts/unanswered_alert"
    assert as_worker(lambda: Alert.objects.exhausted().get()) == alert
    assert step(alert, 600).level == 3, "nobody is left to ask"
    details = as_worker(lambda: list(AuditEvent.objects.filter(action="alerts.escalate").order_by("id")))
    assert [event.detail for event in details] == [{"level": 1}, {"level": 2}, {"level": 3}]


def test_a_step_twice_at_the_same_moment_is_one_step(clinic: Clinic, posted: Any) -> None:
    alert = raised(clinic)
    step(alert, 5)
    assert step(alert, 5).level == 1
    assert len(posted()) == 2


def test_late_steps_are_caught_up_one_by_one_and_everybody_is_told(clinic: Clinic, supervisor: User) -> None:
    alert = raised(clinic)
    for level in (1, 2, 3):
        assert step(alert, 120).level == level
    expiries = as_worker(lambda: list(Message.objects.order_by("created_at").values_list("expires_at", flat=True)))
    assert all(end > NOW + 120 * MINUTE for end in expiries[1:]), "a late letter is not born expired"


def test_an_unknown_or_answered_alert_is_left_alone(clinic: Clinic) -> None:
    as_system(escalate_alert, alert_id=uuid4(), now=NOW)
    alert = AlertFactory(patient=clinic.patient, state="closed", closed_at=NOW, next_at=None)
    assert step(alert, 60).level == 0


def test_without_an_owner_the_second_attempt_asks_the_team(clinic: Clinic) -> None:
    alert = raised(clinic, owners=[])
    step(alert, 5)
    assert asked_at(1) == {"okafor@clinic.example", "lindqvist@clinic.example"}


def test_a_site_without_supervisor_asks_those_of_the_clinic(clinic: Clinic) -> None:
    staff("administrator", email="elsewhere@clinic.example")
    alert = raised(clinic)
    for minutes in (5, 10, 15):
        step(alert, minutes)
    assert asked_at(3) == {"elsewhere@clinic.example"}


def test_a_letter_is_of_use_until_the_next_ones_are_asked(clinic: Clinic) -> None:
    raised(clinic)
    assert as_worker(lambda: Message.objects.get()).expires_at == NOW + 5 * MINUTE


def test_the_relay_knows_the_due_rows(clinic: Clinic, mail: MailServer) -> None:
    assert {"alerts.Alert", "alerts.Reminder"} <= {kind.model for kind in all_kinds()}
    with time_machine.travel(NOW, tick=False) as clock:
        alert = raised(clinic)
        clock.shift(5 * MINUTE)
        drain()
        assert reread(alert).level == 1
        clock.shift(5 * MINUTE)
        with taking_role("worker"):
            tasks.escalate_alert(alert.pk)
        assert reread(alert).level == 2


def test_the_page_says_who_is_asked_next(clinic: Clinic, supervisor: User) -> None:
    alert = raised(clinic)
    said = []
    for minutes in (5, 10, 15, 20):
        with acting_as(clinic.doctor):
            said.append(get_line(clinic.doctor, alert).asks_next)
        alert = step(alert, minutes)
    assert said == [
        "Asks Dr. Maren Okafor again",
        "Goes to the whole team",
        "Goes to the supervisors and the red board",
        "",
    ]


# == The occasion is gone ==
def test_a_closed_alert_waits_for_nobody(clinic: Clinic) -> None:
    alert, other = raised(clinic), raised(clinic)
    assert as_system(close_alerts, source=alert.source, now=NOW) == 1
    closed = reread(alert)
    assert (closed.state, closed.closed_at, closed.next_at) == ("closed", NOW, None)
    assert reread(other).state == "open"
    assert as_system(close_alerts, source=alert.source, now=NOW) == 0
    assert as_worker(lambda: AuditEvent.objects.filter(action="alerts.close").count()) == 1


def test_only_the_named_kinds_are_closed(clinic: Clinic) -> None:
    alert = raised(clinic)
    assert as_system(close_alerts, source=alert.source, now=NOW, kinds=["picked_up"]) == 0


# == The letters of it ==
def message_of(alert: Alert, level: int = 0) -> UUID:
    key = as_worker(lambda: Notice.objects.get(alert=alert, level=level)).message_id
    assert key is not None
    return key


def test_a_letter_that_does_not_go_out_asks_the_next_ones_at_once(clinic: Clinic) -> None:
    alert = raised(clinic)
    as_system(hasten_alert, message_id=message_of(alert), now=NOW + MINUTE)
    assert reread(alert).next_at == NOW + MINUTE
    assert step(alert, 1).level == 1


def test_a_letter_of_an_earlier_step_hastens_nothing(clinic: Clinic) -> None:
    alert = raised(clinic)
    step(alert, 5)
    as_system(hasten_alert, message_id=message_of(alert), now=NOW + 6 * MINUTE)
    assert reread(alert).next_at == NOW + 10 * MINUTE


def test_a_letter_about_something_else_hastens_nothing(clinic: Clinic) -> None:
    alert = raised(clinic)
    as_system(hasten_alert, message_id=uuid4(), now=NOW)
    assert reread(alert).next_at == NOW + 5 * MINUTE


def test_hastening_delivered_twice_is_once(clinic: Clinic) -> None:
    alert = raised(clinic)
    fact = MessageFailed(message_id=message_of(alert), channel="email", status="failed", error="smtp-550")
    with time_machine.travel(NOW + MINUTE, tick=False):
        deliver_twice(hasten, fact, lambda: reread_inside(alert).next_at)
    assert as_worker(lambda: AuditEvent.objects.filter(action="alerts.hasten").count()) == 1


def test_letters_still_in_the_post_are_taken_back_when_somebody_knows(
    clinic: Clinic, mail: MailServer, posted: Any
) -> None:
    alert = raised(clinic)
    with acting_as(clinic.doctor):
        acknowledge_alert(by=clinic.doctor, alert=alert, now=NOW)
    assert as_system(withdraw_letters, alert_id=alert.pk, now=NOW) == 1
    assert [(letter.status, letter.words) for letter in posted()] == [("failed", {})]
    drain()
    assert mail.taken == []
    assert reread(alert).level == 0


def test_withdrawing_delivered_twice_is_once(clinic: Clinic, posted: Any) -> None:
    alert = raised(clinic)
    fact = AlertAcknowledged(alert_id=alert.pk, patient_id=clinic.patient.pk)
    deliver_twice(withdraw, fact, lambda: [message.status for message in Message.objects.order_by("id")])
    assert as_worker(lambda: AuditEvent.objects.filter(action="alerts.withdraw_letters").count()) == 1


def reread_inside(alert: Alert) -> Alert:
    return Alert.objects.get(pk=alert.pk)
