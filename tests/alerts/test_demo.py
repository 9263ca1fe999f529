"""The sample clinic's alerts: told once, and most of them acknowledged by those whose they are."""

from datetime import timedelta

import pytest
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from alerts import demo, subscribers
from alerts.models import Alert
from healthcare.events import publish
from records.events import AbnormalValueRecorded
from scheduling.models import Resource
from tests.alerts.conftest import Clinic
from tests.events.draining import as_worker
from tests.factories import (
    AppointmentFactory,
    EncounterFactory,
    EntryFactory,
    PatientFactory,
    PrescriptionFactory,
    TimeClaimFactory,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts(clinic: Clinic) -> list[AbnormalValueRecorded]:
    """Four urgent values, a medicine that nobody collected, and a visit in blocked time."""
    encounter = EncounterFactory(patient=clinic.patient, provider=clinic.provider, site=clinic.site)
    found = []
    for _ in range(4):
        entry = EntryFactory(patient=clinic.patient, encounter=encounter, effective_at=timezone.now())
        found.append(AbnormalValueRecorded(entry.pk, clinic.patient.pk, "urgent", encounter.pk))
    PrescriptionFactory(patient=clinic.patient, prescriber=clinic.provider, status="not_collected")
    visit = AppointmentFactory(patient=clinic.patient, provider=clinic.provider)
    AppointmentFactory(patient=PatientFactory(site=clinic.site), provider=clinic.provider)
    resource = as_worker(lambda: Resource.objects.get(provider=clinic.provider))
    during = TimestamptzRange(visit.starts_at - timedelta(minutes=5), visit.starts_at + timedelta(minutes=5))
    TimeClaimFactory(resource=resource, blocked=during)
    with as_the_system():
        for fact in found:
            publish(fact)
    return found


def states() -> list[tuple[str, str]]:
    rows = as_worker(lambda: list(Alert.objects.order_by("kind", "state")))
    return [(alert.kind, alert.state) for alert in rows]


def test_two_of_each_stay_open_and_the_rest_is_acknowledged(clinic: Clinic, facts: list[AbnormalValueRecorded]) -> None:
    with taking_role("worker"):
        demo.tell()
    assert states() == [
        ("abnormal_value", "acknowledged"),
        ("abnormal_value", "acknowledged"),
        ("abnormal_value", "open"),
        ("abnormal_value", "open"),
        ("blocked_time", "open"),
        ("not_collected", "open"),
    ]
    answered = as_worker(lambda: list(Alert.objects.filter(state="acknowledged").order_by("pk")))
    assert {alert.acknowledged_by_id for alert in answered} == {clinic.doctor.pk}


def test_it_is_told_once_and_the_workers_add_nothing(clinic: Clinic, facts: list[AbnormalValueRecorded]) -> None:
    with taking_role("worker"):
        demo.tell()
        demo.tell()
    with as_the_system():
        for fact in facts:
            subscribers.alert_of_abnormal_value(fact)
    assert len(states()) == 6


def test_an_alert_of_a_team_without_people_stays_open(clinic: Clinic) -> None:
    entry = EntryFactory(effective_at=timezone.now())
    with as_the_system():
        for _ in range(3):
            publish(AbnormalValueRecorded(entry.pk, entry.patient_id, "urgent", None))
    with taking_role("worker"):
        demo.tell()
    assert states() == [("abnormal_value", "open")]
