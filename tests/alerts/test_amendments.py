"""Who owes the answer to a request for an amendment is told, again as time runs out; the patient, when there is one."""

from typing import Any

import pytest

from alerts import subscribers
from alerts.models import Alert, Notice
from healthcare.db.uuids import uuid7
from healthcare.messaging.models import Message
from records import tasks
from records.events import (
    AmendmentAnswered,
    AmendmentDisputed,
    AmendmentDueSoon,
    AmendmentExtended,
    AmendmentRebutted,
    AmendmentRequested,
    AmendmentWithdrawn,
)
from records.models import AmendmentRequest
from tests.factories import AmendmentRequestFactory, EntryFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> AmendmentRequest:
    patient = PatientFactory()
    doctor = staff("doctor", patient.site)
    return AmendmentRequestFactory(
        patient=patient, entry=EntryFactory(patient=patient, author=doctor), asked_by=portal_user(patient)
    )


def twice(subscriber: Any, fact: Any) -> None:
    with as_the_system():
        for _again in range(2):
            subscriber(fact)


def of(request: AmendmentRequest) -> dict[str, Any]:
    return {"request_id": request.pk, "patient_id": request.patient_id}


def alerts(request: AmendmentRequest, state: str = "open") -> list[Alert]:
    source = f"records.amendmentrequest:{request.pk}"
    with as_the_system():
        return list(Alert.objects.filter(source=source, state=state).select_related("owner").order_by("pk"))


def is_now(request: AmendmentRequest, **said: Any) -> None:
    with as_the_system():
        row = AmendmentRequest.objects.get(pk=request.pk)
        for name, value in said.items():
            setattr(row, name, value)
        row.save(update_fields=list(said))


DENIED = {"state": "denied", "ground": "accurate", "answer": "It is right so."}


def test_delivered_twice_whoever_wrote_the_entry_has_one_alert(asked) -> None:
    twice(subscribers.alert_of_amendment, AmendmentRequested(**of(asked)))
    (alert,) = alerts(asked)
    assert (alert.kind, alert.severity, alert.owner) == ("amendment", "info", asked.written_by)


def test_delivered_twice_each_stage_of_the_clock_has_one_alert(asked) -> None:
    for overdue in (False, True):
        twice(subscribers.alert_of_amendment_due, AmendmentDueSoon(**of(asked), overdue=overdue))
    assert [(alert.kind, alert.severity) for alert in alerts(asked)] == [("amendment_due", "high")] * 2


@pytest.mark.parametrize(
    ("subscriber", "fact"),
    [
        (subscribers.close_alerts_of_answered, AmendmentAnswered),
        (subscribers.close_alerts_of_withdrawn, AmendmentWithdrawn),
        (subscribers.close_alerts_of_rebutted, AmendmentRebutted),
    ],
)
def test_delivered_twice_what_is_answered_taken_back_or_rebutted_calls_nobody(asked, subscriber, fact) -> None:
    twice(subscribers.alert_of_amendment, AmendmentRequested(**of(asked)))
    twice(subscriber, fact(**of(asked)))
    assert alerts(asked) == []
    assert len(alerts(asked, "closed")) == 1


def test_delivered_twice_a_dispute_has_one_alert_that_a_late_answer_does_not_close(asked) -> None:
    doctor = asked.written_by
    is_now(asked, **DENIED, answered_by=doctor, answered_at=asked.asked_at)
    is_now(asked, disagreement="I was there.", disagreed_by=asked.asked_by, disagreed_at=asked.asked_at)
    twice(subscribers.alert_of_dispute, AmendmentDisputed(**of(asked)))
    twice(subscribers.close_alerts_of_answered, AmendmentAnswered(**of(asked)))
    (alert,) = alerts(asked)
    assert (alert.kind, alert.owner) == ("amendment", doctor)


def test_delivered_twice_each_news_is_one_letter_without_a_word_of_it(asked) -> None:
    twice(subscribers.tell_of_amendment, AmendmentAnswered(**of(asked)))
    twice(subscribers.tell_of_longer_wait, AmendmentExtended(**of(asked)))
    twice(subscribers.tell_of_rebuttal, AmendmentRebutted(**of(asked)))
    with as_the_system():
        letters = list(Message.objects.filter(template="alerts/amendment_answer"))
        assert Notice.objects.filter(letter="amendment_answer").count() == 3
    assert {letter.address for letter in letters} == {asked.asked_by.email}
    assert not [letter for letter in letters if "fasting" in str(letter.parameters)]


def test_what_was_answered_meanwhile_or_is_not_there_alerts_nobody(asked) -> None:
    is_now(asked, state="withdrawn", answered_by=asked.asked_by, answered_at=asked.asked_at)
    twice(subscribers.alert_of_amendment, AmendmentRequested(**of(asked)))
    twice(subscribers.alert_of_amendment, AmendmentRequested(request_id=uuid7(), patient_id=asked.patient_id))
    assert alerts(asked) == []


def test_the_relay_carries_the_clock(asked, announced) -> None:
    is_now(asked, next_at=asked.asked_at)
    with as_the_system():
        tasks.remind_of_amendment(asked.pk)
    assert announced(AmendmentDueSoon) == [AmendmentDueSoon(**of(asked), overdue=False)]
