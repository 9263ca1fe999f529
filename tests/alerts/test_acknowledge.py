"""The verb `acknowledge_alert`: one of two at once is first, and afterwards nobody is asked any more."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from alerts.access import can_acknowledge, check_can_acknowledge
from alerts.actions import AlreadyAnswered, acknowledge_alert, escalate_alert
from alerts.events import AlertAcknowledged, AlertEscalated
from alerts.models import Alert
from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from tests.alerts.conftest import Clinic, as_system, reread
from tests.events.draining import as_worker
from tests.factories import AlertFactory, staff
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 14, 40, tzinfo=UTC)


def acknowledge(user: User, alert: Alert, now: datetime = NOW) -> None:
    with acting_as(user):
        acknowledge_alert(by=user, alert=alert, now=now)


def test_it_says_who_and_when_and_asks_nobody_any_more(clinic: Clinic, announced: Any) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    acknowledge(clinic.doctor, alert)
    answered = reread(alert)
    assert (answered.state, answered.acknowledged_by, answered.acknowledged_at) == ("acknowledged", clinic.doctor, NOW)
    assert answered.next_at is None
    assert announced(AlertAcknowledged) == [AlertAcknowledged(alert_id=alert.pk, patient_id=clinic.patient.pk)]
    audit = as_worker(lambda: AuditEvent.objects.get(action="alerts.acknowledge"))
    assert (audit.actor_id, audit.actor_role, audit.patient_id) == (clinic.doctor.pk, "doctor", clinic.patient.pk)


def test_a_colleague_of_the_team_may_do_it_for_the_owner(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor)
    acknowledge(clinic.colleague, alert)
    assert reread(alert).acknowledged_by == clinic.colleague


def test_after_it_an_escalation_that_was_on_its_way_does_nothing(clinic: Clinic, announced: Any, posted: Any) -> None:
    alert = AlertFactory(patient=clinic.patient, owner=clinic.doctor, raised_at=NOW - timedelta(hours=1))
    acknowledge(clinic.doctor, alert)
    as_system(escalate_alert, alert_id=alert.pk, now=NOW + timedelta(hours=1))
    assert reread(alert).level == 0
    assert announced(AlertEscalated) == []
    assert posted() == []


def test_who_comes_second_learns_who_was_first(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient)
    acknowledge(clinic.doctor, alert)
    with pytest.raises(AlreadyAnswered, match="Okafor acknowledged this alert before you"):
        acknowledge(clinic.colleague, alert)
    with pytest.raises(AlreadyAnswered, match="You have acknowledged"):
        acknowledge(clinic.doctor, alert)
    assert reread(alert).acknowledged_by == clinic.doctor


def test_what_was_closed_meanwhile_says_so(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, state="closed", closed_at=NOW, next_at=None)
    with pytest.raises(AlreadyAnswered, match="occasion is gone"):
        acknowledge(clinic.doctor, alert)


@pytest.mark.parametrize("role", ["nurse", "front_desk", "pharmacist", "billing", "administrator"])
def test_another_role_does_not_answer_for_a_doctor(clinic: Clinic, role: str) -> None:
    alert = AlertFactory(patient=clinic.patient)
    other = staff(role, clinic.site)
    assert not can_acknowledge(other, alert)
    with pytest.raises(NotAllowed):
        acknowledge(other, alert)
    assert reread(alert).state == "open"


def test_the_desk_answers_for_blocked_time(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient, kind="blocked_time", severity="high")
    assert can_acknowledge(clinic.desk, alert)
    assert not can_acknowledge(clinic.doctor, alert)
    check_can_acknowledge(clinic.desk, alert)
    acknowledge(clinic.desk, alert)
    assert reread(alert).acknowledged_by == clinic.desk


def test_who_does_not_reach_the_patient_changes_nothing(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient)
    with pytest.raises(AlreadyAnswered):
        acknowledge(staff("doctor"), alert)
    assert reread(alert).state == "open"


def test_the_database_lets_a_page_only_acknowledge_and_only_in_ones_own_name(clinic: Clinic) -> None:
    alert = AlertFactory(patient=clinic.patient)
    for changes in (
        {"state": "acknowledged", "acknowledged_by": clinic.colleague, "acknowledged_at": NOW, "next_at": None},
        {"state": "open", "next_at": None},
        {"level": 3},
        {"owner": clinic.doctor},
    ):
        with acting_as(clinic.doctor), pytest.raises(DatabaseError), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(**changes)
    assert reread(alert).state == "open"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_first(clinic: Clinic) -> None:
    """Two doctors on two connections, again and again; the audit has one line for each alert."""
    alerts = [AlertFactory(patient=clinic.patient) for _ in range(8)]
    gate, outcomes = threading.Barrier(2, timeout=20), []

    def press(user: User) -> None:
        try:
            with taking_role("web"):
                for alert in alerts:
                    gate.wait()
                    try:
                        acknowledge(user, alert)
                        outcomes.append((alert.pk, user.pk))
                    except AlreadyAnswered:
                        outcomes.append((alert.pk, None))
        finally:
            connection.close()

    doctors = [clinic.doctor, clinic.colleague]
    threads = [threading.Thread(target=press, args=[user]) for user in doctors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = {alert: user for alert, user in outcomes if user}
    assert len(outcomes) == 16
    assert len([user for _, user in outcomes if user]) == len(first) == 8
    assert {alert.pk: reread(alert).acknowledged_by_id for alert in alerts} == first
    assert as_worker(lambda: AuditEvent.objects.filter(action="alerts.acknowledge").count()) == 8
