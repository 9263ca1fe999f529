"""Alerts, what was told to whom, and reminders."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone

from alerts.models import Alert, Digest, Handing, Ladder, Notice, PutOff, Recipients, Reminder, ReminderPlan
from alerts.rules import KINDS, next_at
from healthcare.accounts.models import Team
from tests.factories.ground import Factory, PatientFactory, UserFactory
from tests.factories.scheduling import AppointmentFactory, VisitTypeFactory
from tests.roles import as_the_system

__all__ = [
    "AlertFactory",
    "DigestFactory",
    "HandingFactory",
    "LadderFactory",
    "NoticeFactory",
    "PutOffFactory",
    "RecipientsFactory",
    "ReminderFactory",
    "ReminderPlanFactory",
]


def team_of(alert: Any) -> Team:
    with as_the_system():
        return Team.objects.get(site=alert.patient.site, role=KINDS[alert.kind].team)


class AlertFactory(Factory):
    """An urgent one, raised just now, of the doctors at the patient's site."""

    class Meta:
        model = Alert

    patient = factory.SubFactory(PatientFactory)
    kind = "abnormal_value"
    severity = "urgent"
    area = factory.LazyAttribute(lambda alert: KINDS[alert.kind].area)
    source = factory.LazyFunction(lambda: f"records.entry:{uuid4()}")
    occasion = factory.LazyAttribute(lambda alert: f"{alert.kind}:{alert.source}")
    team = factory.LazyAttribute(team_of)
    raised_at = factory.LazyFunction(timezone.now)
    level = 0
    next_at = factory.LazyAttribute(lambda alert: next_at(alert.severity, alert.level, alert.raised_at))
    queue = factory.LazyAttribute(lambda alert: "urgent" if alert.severity == "urgent" else "default")


class NoticeFactory(Factory):
    class Meta:
        model = Notice

    patient = factory.SubFactory(PatientFactory)
    letter = "invoice_issued"
    area = "billing"
    source = factory.LazyFunction(lambda: f"billing.invoice:{uuid4()}")
    occasion = factory.LazyAttribute(lambda notice: f"{notice.letter}:{notice.source}")
    state = "skipped"
    reason = "no_account"


class ReminderFactory(Factory):
    class Meta:
        model = Reminder

    appointment = factory.SubFactory(AppointmentFactory)
    patient = factory.SelfAttribute("appointment.patient")
    sequence = factory.SelfAttribute("appointment.sequence")
    stage = "day_before"
    due_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    next_at = factory.SelfAttribute("due_at")


class HandingFactory(Factory):
    class Meta:
        model = Handing

    alert = factory.SubFactory(AlertFactory)
    patient = factory.SelfAttribute("alert.patient")
    area = factory.SelfAttribute("alert.area")
    turn = 1
    handed_at = factory.LazyFunction(timezone.now)
    handed_by = factory.SubFactory(UserFactory)
    to = factory.SubFactory(UserFactory)


class PutOffFactory(Factory):
    """Until tomorrow."""

    class Meta:
        model = PutOff

    patient = factory.SubFactory(PatientFactory)
    user = factory.SubFactory(UserFactory)
    source = factory.LazyFunction(lambda: f"records.entry:{uuid4()}")
    put_off_at = factory.LazyFunction(timezone.now)
    until = factory.LazyAttribute(lambda row: row.put_off_at + timedelta(days=1))


class DigestFactory(Factory):
    class Meta:
        model = Digest

    patient = factory.SubFactory(PatientFactory)
    next_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


class ReminderPlanFactory(Factory):
    class Meta:
        model = ReminderPlan

    visit_type = factory.SubFactory(VisitTypeFactory)
    stages = factory.LazyFunction(lambda: ["day_before"])


class RecipientsFactory(Factory):
    class Meta:
        model = Recipients

    kind = "failed_order"
    role = "nurse"


class LadderFactory(Factory):
    class Meta:
        model = Ladder

    severity = "urgent"
    again, team, supervisors = 2, 4, 6
