"""A name, a value and a reason that nobody else has go through every flow, and turn up in no letter, fact, task, log
or line of the audit."""

import json
import logging
from datetime import time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from alerts.actions import acknowledge_alert, escalate_alert
from alerts.models import Alert, Notice, Reminder
from billing.events import InvoiceIssued
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.devservices.carriers import Carriers
from healthcare.events import broker as broker_module
from healthcare.events import publish
from healthcare.events.broker import Broker
from healthcare.events.delivering import explode_events
from healthcare.events.models import OutboxEvent
from healthcare.events.relay import due_work, take
from patients.models import Patient
from prescriptions.events import PrescriptionNotCollected, PrescriptionPickedUp, PrescriptionReady
from records.events import AbnormalValueRecorded, MessageSent, ResultReleased
from scheduling import actions as scheduling
from tests.alerts.conftest import Clinic
from tests.events.draining import as_worker, drain
from tests.factories import (
    ContactPreferenceFactory,
    EncounterFactory,
    EntryFactory,
    MessageFactory,
    PrescriptionFactory,
    ThreadFactory,
    VisitTypeFactory,
    bookable_provider,
    staff,
)
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
CANARIES = (
    "Canaryson",
    "Wilhelmina",
    "Zyxopenia",
    "987.654",
    "Quuxitis",
    "Blorpamycin",
    "Frobnication check",
    "Called off by Xanthippe",
)
SOON = timedelta(days=3)


@pytest.fixture
def said(caplog: Any, monkeypatch: Any) -> dict[str, list[str]]:
    """What left by each way, gathered while the flows run."""
    caplog.set_level(logging.DEBUG)
    tasks: list[str] = []
    app = SimpleNamespace(send_task=lambda *given, **more: tasks.append(repr((given, more))))
    monkeypatch.setattr(broker_module, "import_string", lambda _name: app)
    return {"tasks": tasks}


def visits(clinic: Clinic) -> None:
    """Booked by the patient for a reason, moved, its time blocked, and cancelled by the desk for another."""
    start = (timezone.now() + SOON).replace(hour=15, minute=0, second=0, microsecond=0)
    kind = VisitTypeFactory(name="Frobnication check")
    with acting_as(clinic.account):
        visit = scheduling.book_appointment(
            by=clinic.account, patient=clinic.patient, provider=clinic.provider, site=clinic.site,
            visit_type=kind,
            start=start, reason="Quuxitis", now=timezone.now(),
        )  # fmt: skip
        visit = scheduling.move_appointment(
            by=clinic.account, appointment=visit, start=start + timedelta(hours=2), now=timezone.now()
        )
    drain()
    with time_machine.travel(start + timedelta(hours=2) - timedelta(days=1), tick=False):
        drain()
    with acting_as(clinic.desk):
        scheduling.cancel_appointment(
            by=clinic.desk, appointment=visit, reason="Called off by Xanthippe", now=timezone.now()
        )


def chart(clinic: Clinic) -> None:
    """A value, medicines, a message in each direction, a result and a bill."""
    encounter = EncounterFactory(patient=clinic.patient, provider=clinic.provider, site=clinic.site)
    entry = EntryFactory(patient=clinic.patient, encounter=encounter, code="", display="Zyxopenia", value="987.654")
    medicines = {
        status: PrescriptionFactory(
            patient=clinic.patient, prescriber=clinic.provider, status=status, medicine="Blorpamycin 5 mg"
        )
        for status in ("ready", "not_collected", "picked_up")
    }
    thread = ThreadFactory(patient=clinic.patient, started_by=clinic.account)
    asked = MessageFactory(thread=thread, body="About my Quuxitis")
    answered = MessageFactory(thread=thread, author=clinic.nurse, author_role="nurse", to_patient=True, body="Quuxitis")
    who = clinic.patient.pk
    with as_the_system():
        publish(AbnormalValueRecorded(entry.pk, who, "urgent", encounter.pk))
        publish(ResultReleased(entry.pk, who))
        publish(PrescriptionReady(medicines["ready"].pk, who))
        publish(PrescriptionNotCollected(medicines["not_collected"].pk, who, clinic.provider.pk))
        publish(PrescriptionPickedUp(medicines["picked_up"].pk, who, clinic.provider.pk))
        publish(MessageSent(asked.pk, thread.pk, who, to_patient=False))
        publish(MessageSent(answered.pk, thread.pk, who, to_patient=True))
        publish(InvoiceIssued(entry.pk, who))


def agrees_to_sms(clinic: Clinic) -> None:
    """To those about visits and about health, at any hour, so that what can go by SMS does."""
    with as_the_system():
        patient = Patient.objects.get(pk=clinic.patient.pk)
        patient.phone = "+15085550123"
        patient.quiet_from = patient.quiet_until = time(12)
        patient.save(update_fields=["phone", "quiet_from", "quiet_until"])
    for purpose in ("visits", "health"):
        ContactPreferenceFactory(patient=clinic.patient, channel="sms", purpose=purpose, allowed=True)


@pytest.mark.parametrize("by_sms", [False, True], ids=["by mail", "by SMS"])
def test_no_name_value_or_reason_leaves_by_any_way(
    clinic: Clinic,
    mail: MailServer,
    carriers: Carriers,
    said: dict[str, list[str]],
    browser: Any,
    caplog: Any,
    by_sms: bool,
) -> None:
    staff("administrator", clinic.site)
    if by_sms:
        agrees_to_sms(clinic)
    clinic.provider = bookable_provider(clinic.site, name="Maren Okafor", user=staff("doctor", clinic.site))
    visits(clinic)
    chart(clinic)
    hand_to_broker()
    drain()
    escalate_and_acknowledge(clinic)
    assert b"Zyxopenia" in browser(clinic.doctor).get("/alerts/?show=acknowledged").content
    drain()
    said["mails"] = [mail_text(letter) for letter in mail.taken]
    said["facts"] = as_worker(lambda: [json.dumps(fact.payload) for fact in OutboxEvent.objects.order_by("pk")])
    said["audit"] = as_worker(lambda: [json.dumps(event.detail) for event in AuditEvent.objects.order_by("pk")])
    said["logs"] = [repr(vars(line)) for line in caplog.records if line.name.startswith("healthcare")]
    said["rows"] = as_worker(lambda: [repr(list(m.objects.order_by("pk").values())) for m in (Alert, Notice, Reminder)])
    assert [way for way, found in said.items() if not found] == [], "each way was used"
    said["texts"] = [json.dumps(sms) for sms in carriers.taken]
    assert len(said["mails"]) + len(said["texts"]) >= 12
    assert len(said["texts"]) >= 2 * by_sms
    for name in (clinic.provider.name, clinic.doctor.full_name):
        assert not [text for text in said["texts"] if name in text], "who treats somebody says what for"
    leaks = [(way, canary) for way, texts in said.items() for canary in CANARIES if any(canary in t for t in texts)]
    assert leaks == []


def hand_to_broker() -> None:
    """As the relay does while the broker is up: what it says there is a model and a key."""
    with taking_role("worker"):
        explode_events()
        now = timezone.now()
        for due in due_work(now):
            for key in take(due, 100, now):
                assert Broker().hand(due.kind.model, [key], due.queue)
            due.kind.rows.filter(handed_until__isnull=False).update(handed_until=None)


def escalate_and_acknowledge(clinic: Clinic) -> None:
    (alert,) = as_worker(lambda: list(Alert.objects.filter(kind="abnormal_value")))
    for minutes in (5, 10, 15):
        with as_the_system():
            escalate_alert(by=None, alert_id=alert.pk, now=alert.raised_at + timedelta(minutes=minutes))
        drain()
    with acting_as(clinic.doctor):
        acknowledge_alert(by=clinic.doctor, alert=alert, now=timezone.now())


def mail_text(letter: Any) -> str:
    parts = [letter] if not letter.is_multipart() else list(letter.walk())
    words = [str(part.get_content()) for part in parts if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in letter.items()), *words])
