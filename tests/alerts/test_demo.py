"""The sample clinic's alerts: told once, and most of them acknowledged by those whose they are."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from alerts import demo, subscribers
from alerts.models import Alert, Anomaly
from healthcare.audit import record
from healthcare.events import publish
from patients.models import DeathReport, Patient, PatientLink
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
    staff,
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


def test_a_nurse_was_refused_again_and_again(
    clinic: Clinic, facts: list[AbnormalValueRecorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's own connection for denials is another transaction here, so they are written on this one."""
    monkeypatch.setattr(
        demo,
        "refuse_chart",
        lambda by, patient_id: record("patients.open_chart", by=by, patient_id=patient_id, outcome="denied"),
    )
    with taking_role("worker"):
        demo.tell()
    found = as_worker(lambda: list(Anomaly.objects.all()))
    assert [(one.rule, one.person_id, one.count) for one in found] == [("denials", clinic.nurse.pk, demo.TRIED)]


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


def test_a_child_is_born_somebody_is_unknown_and_one_has_died(
    clinic: Clinic, facts: list[AbnormalValueRecorded]
) -> None:
    staff("front_desk", clinic.site)
    PatientFactory(site=clinic.site, given_name="Beatriz", family_name=demo.MOTHER, birth_date=date(1998, 8, 18))
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        [baby] = Patient.objects.filter(given_name__startswith="Baby")
        assert PatientLink.objects.filter(patient=baby, relation="mother", other__family_name=demo.MOTHER).exists()
        [unknown] = Patient.objects.exclude(unidentified_since=None)
        assert unknown.birth_precision == "estimated"
        [died] = Patient.objects.filter(deceased=True)
        assert DeathReport.objects.get(patient=died).source == "family"


def test_without_a_desk_nobody_is_born(clinic: Clinic, facts: list[AbnormalValueRecorded]) -> None:
    PatientFactory(family_name=demo.MOTHER)
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        assert not Patient.objects.filter(given_name__startswith="Baby").exists()
