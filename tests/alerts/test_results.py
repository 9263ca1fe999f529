"""Alerts about results: unread, corrected after it was read, and an order of which nothing comes."""

from typing import Any

import pytest

from alerts import subscribers
from alerts.models import Alert
from alerts.queries.subjects import about
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from records.events import OrderFailed, ResultAcknowledged, ResultCorrected, ResultLeftUnread
from records.models import Entry
from tests.alerts.conftest import Clinic
from tests.events.draining import as_worker
from tests.factories import EntryFactory, ProviderFactory, ServiceRequestFactory
from tests.records.ordering import NOW
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def rows() -> list[Any]:
    return [(row.pk, row.kind, row.state, row.owner_id) for row in Alert.objects.order_by("id")]


def the_alert() -> Alert:
    return as_worker(lambda: Alert.objects.select_related("owner").get())


def result(clinic: Clinic, **fields: Any) -> Entry:
    return EntryFactory(patient=clinic.patient, **{"provider": clinic.provider} | fields)


def read(clinic: Clinic) -> dict[str, Any]:
    return {"acknowledged_at": NOW, "acknowledged_by": clinic.doctor}


def test_unread_twice_is_one_alert_of_who_asked(clinic: Clinic, posted: Any) -> None:
    entry = result(clinic)
    deliver_twice(subscribers.alert_of_unread_result, ResultLeftUnread(entry.pk, clinic.patient.pk), rows)
    alert = the_alert()
    assert (alert.kind, alert.severity, alert.owner) == ("unread_result", "high", clinic.doctor)
    assert [message.address for message in posted()] == [clinic.doctor.email]


def test_what_nobody_asked_for_is_the_teams(clinic: Clinic) -> None:
    for provider in (None, ProviderFactory(user=None)):
        entry = result(clinic, provider=provider)
        with as_the_system():
            subscribers.alert_of_unread_result(ResultLeftUnread(entry.pk, clinic.patient.pk))
    assert as_worker(lambda: list(Alert.objects.values_list("owner", flat=True))) == [None, None]


def test_corrected_twice_tells_once_who_read_the_wrong_one(clinic: Clinic) -> None:
    entry = result(clinic, record_status="corrected")
    fact = ResultCorrected(entry.pk, clinic.patient.pk, clinic.colleague.pk)
    deliver_twice(subscribers.alert_of_corrected_result, fact, rows)
    assert (the_alert().kind, the_alert().owner) == ("corrected_result", clinic.colleague)


def test_what_was_read_meanwhile_asks_nobody(clinic: Clinic) -> None:
    entry = result(clinic, **read(clinic))
    with as_the_system():
        subscribers.alert_of_unread_result(ResultLeftUnread(entry.pk, clinic.patient.pk))
        subscribers.alert_of_corrected_result(ResultCorrected(entry.pk, clinic.patient.pk, clinic.doctor.pk))
    assert not as_worker(Alert.objects.exists)


def test_reading_twice_ends_it_once(clinic: Clinic) -> None:
    entry = result(clinic)
    with as_the_system():
        subscribers.alert_of_unread_result(ResultLeftUnread(entry.pk, clinic.patient.pk))
    deliver_twice(subscribers.close_alerts_of_read_result, ResultAcknowledged(entry.pk, clinic.patient.pk), rows)
    assert the_alert().state == "closed"


def test_nothing_more_comes_twice_is_one_alert_that_says_why(clinic: Clinic) -> None:
    order = ServiceRequestFactory(
        patient=clinic.patient, provider=clinic.provider, status="failed", ended_at=NOW, end_reason="Hemolyzed"
    )
    fact = OrderFailed(order.pk, clinic.patient.pk, clinic.provider.pk)
    deliver_twice(subscribers.alert_of_failed_order, fact, rows)
    assert (the_alert().kind, the_alert().owner) == ("failed_order", clinic.doctor)
    assert said(clinic.doctor) == [("Hemolyzed", "Nothing more comes")]
    assert said(clinic.desk) == []


def said(user: User) -> list[tuple[str, str]]:
    alert = the_alert()
    with acting_as(user):
        return [(one.value, one.judgement) for one in about(user, [alert])[alert.pk].said]


def test_an_order_that_did_not_fail_or_nobody_asked_for(clinic: Clinic) -> None:
    order = ServiceRequestFactory(patient=clinic.patient)
    unasked = ServiceRequestFactory(
        patient=clinic.patient, provider=ProviderFactory(user=None), status="failed", ended_at=NOW, end_reason="Lost"
    )
    with as_the_system():
        for row in (order, unasked):
            subscribers.alert_of_failed_order(OrderFailed(row.pk, clinic.patient.pk, None))
    assert the_alert().owner is None
