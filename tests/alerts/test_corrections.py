"""A value that raised an alert was wrong: the alert ends or becomes less urgent, and says what is right."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from alerts import actions, subscribers
from alerts.models import Alert
from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from records.actions.entries import void_entry
from records.actions.results import correct_result
from records.actions.vitals import correct_vital
from records.events import AbnormalValueRecorded, EntryVoided, ValueCorrected
from records.models import Entry
from records.rules.laboratory import Measured
from tests.alerts.conftest import Clinic
from tests.factories import staff
from tests.records.measuring import measure, result
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
HEART, OXYGEN = "8867-4", "59408-5"


@pytest.fixture
def nurse(clinic: Clinic) -> User:
    return staff("nurse", clinic.site)


def alerts() -> list[tuple[str, str, str]]:
    rows = Alert.objects.order_by("raised_at", "id")
    return [(alert.source.partition(":")[2], alert.state, alert.severity) for alert in rows]


def deliver(*facts: Any) -> list[tuple[str, str, str]]:
    """As the relay does after the commit."""
    handlers = {
        AbnormalValueRecorded: subscribers.alert_of_abnormal_value,
        ValueCorrected: subscribers.close_alerts_of_corrected,
        EntryVoided: subscribers.close_alerts_of_entry,
    }
    with as_the_system():
        for fact in facts:
            if type(fact) in handlers:
                handlers[type(fact)](fact)
        return alerts()


def part(panel: Entry, code: str) -> Entry:
    with as_the_system():
        return Entry.objects.select_related("patient").get(parent_id=panel.pk, code=code, superseded_at=None)


def correct(nurse: User, entry: Entry, **values: str) -> Entry:
    told = {slug: Decimal(value) for slug, value in values.items()}
    with acting_as(nurse):
        return correct_vital(by=nurse, entry=entry, values=told, now=timezone.now())


def void(nurse: User, entry: Entry) -> None:
    with acting_as(nurse):
        void_entry(by=nurse, entry=entry, reason="Typed twice", now=timezone.now())


def test_the_right_value_in_range_ends_the_alert_of_the_wrong_one(clinic: Clinic, nurse: User, announced: Any) -> None:
    panel = measure(nurse, clinic.patient, heart_rate="172", pain="2")
    assert deliver(*announced()) == [(str(panel.pk), "open", "urgent")]
    right = correct(nurse, wrong := part(panel, HEART), heart_rate="72")
    (fact,) = announced(ValueCorrected)
    assert fact == ValueCorrected(entry_id=wrong.pk, patient_id=clinic.patient.pk, corrected_by=right.pk)
    assert right.data["flag"] == ""
    assert deliver(fact) == [(str(panel.pk), "closed", "urgent")]


def test_a_right_value_out_of_range_has_an_alert_of_its_own(clinic: Clinic, nurse: User, announced: Any) -> None:
    panel = measure(nurse, clinic.patient, heart_rate="172")
    deliver(*announced())
    right = correct(nurse, part(panel, HEART), heart_rate="112")
    assert deliver(*announced(ValueCorrected), announced(AbnormalValueRecorded)[-1]) == [
        (str(panel.pk), "closed", "urgent"),
        (str(right.pk), "open", "high"),
    ]


def test_what_else_is_out_of_range_keeps_it_with_the_severity_that_is_left(
    clinic: Clinic, nurse: User, announced: Any
) -> None:
    panel = measure(nurse, clinic.patient, heart_rate="172", oxygen="93")
    deliver(*announced())
    correct(nurse, part(panel, HEART), heart_rate="72")
    (fact,) = announced(ValueCorrected)
    assert deliver(fact) == [(str(panel.pk), "open", "high")]
    with as_the_system():
        alert = Alert.objects.get()
        assert alert.next_at == alert.raised_at + timedelta(hours=1)
        assert AuditEvent.objects.filter(action="alerts.lower", target_id=alert.pk).count() == 1
    deliver(fact)
    with as_the_system():
        assert AuditEvent.objects.filter(action="alerts.lower").count() == 1


def test_a_correction_that_overtakes_the_alarm_leaves_none(clinic: Clinic, nurse: User, announced: Any) -> None:
    panel = measure(nurse, clinic.patient, heart_rate="172")
    correct(nurse, part(panel, HEART), heart_rate="72")
    (late,) = announced(AbnormalValueRecorded)
    assert deliver(*announced(ValueCorrected), late) == []


def test_delivered_twice_it_is_settled_once(clinic: Clinic, nurse: User, announced: Any) -> None:
    panel = measure(nurse, clinic.patient, heart_rate="172")
    deliver(*announced())
    correct(nurse, part(panel, HEART), heart_rate="72")
    deliver_twice(subscribers.close_alerts_of_corrected, announced(ValueCorrected)[0], alerts)


def test_one_measure_that_was_void_ends_the_alert_of_its_taking(clinic: Clinic, nurse: User, announced: Any) -> None:
    panel = measure(nurse, clinic.patient, heart_rate="172", pain="2")
    deliver(*announced())
    void(nurse, part(panel, HEART))
    assert deliver(*announced(EntryVoided)) == [(str(panel.pk), "closed", "urgent")]


def test_a_taking_that_was_void_ends_those_of_what_was_corrected_in_it(
    clinic: Clinic, nurse: User, announced: Any
) -> None:
    panel = measure(nurse, clinic.patient, oxygen="97")
    right = correct(nurse, part(panel, OXYGEN), oxygen="85")
    assert deliver(*announced(AbnormalValueRecorded)) == [(str(right.pk), "open", "urgent")]
    with as_the_system():
        panel = Entry.objects.get(pk=panel.pk)
    void(nurse, panel)
    assert deliver(*announced(EntryVoided)) == [(str(right.pk), "closed", "urgent")]


def test_a_result_that_was_corrected_is_settled_too(clinic: Clinic, nurse: User, announced: Any) -> None:
    wrong = result(nurse, clinic.patient, "6.9", code="2823-3")
    deliver(*announced())
    with acting_as(nurse):
        measured = Measured(code="2823-3", value=Decimal("4.6"))
        correct_result(by=nurse, entry=wrong, measured=measured, now=timezone.now())
    assert deliver(*announced(ValueCorrected)) == [(str(wrong.pk), "closed", "urgent")]


def test_an_entry_that_is_not_there_settles_nothing(clinic: Clinic) -> None:
    with as_the_system():
        assert actions.settle_alerts(by=None, entry_id=uuid4(), patient_id=clinic.patient.pk, now=timezone.now()) == 0
