"""A year of audit events, said to be loaded, sealed as any others; and the days counted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from analytics.models import PatientDay, RollUp, VisitDay
from healthcare.accounts.models import User
from healthcare.audit.anchors import public_hex, signing_key
from healthcare.audit.models import AuditEvent
from healthcare.audit.sealing import anchor_book, seal_batch
from healthcare.audit.verifying import verify
from healthcare.db.uuids import moment_of
from patients.models import Patient
from patients.synthetic.plan import Plan
from scheduling.models import Appointment
from tests.roles import as_the_system, taking_role
from tests.synthetic import clinic, proofs

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plan]:
    with clinic("analytics", django_db_blocker) as made:
        yield made


def loaded() -> list[AuditEvent]:
    with taking_role("owner"):
        return list(AuditEvent.objects.filter(detail__loaded=True).order_by("pk"))


def test_every_proof_holds(plan: Plan) -> None:
    found = proofs("analytics", plan)
    assert len(found) == 3
    assert all(found.values())


def test_a_day_that_was_not_counted_is_noticed(plan: Plan) -> None:
    with taking_role("owner"):
        RollUp.objects.filter(pk=RollUp.objects.order_by("day")[0].pk).delete()
    assert proofs("analytics", plan)["every day is counted"] is False


def test_events_tell_of_people_who_are_there(plan: Plan) -> None:
    events = loaded()
    with taking_role("owner"):
        users = set(User.objects.values_list("pk", flat=True))
        patients = set(Patient.objects.values_list("pk", flat=True))
    assert {event.actor_id for event in events} <= users
    assert {event.patient_id for event in events} - {None} <= patients
    assert {event.actor_role for event in events} >= {"doctor", "nurse", "front_desk", "patient"}
    assert {event.outcome for event in events} <= {"ok", "denied"}
    opened = [event for event in events if event.action == "patients.open_chart"]
    assert len(opened) > len(events) / 3
    assert all(event.target_id == event.patient_id for event in opened)


def test_keys_are_of_their_moments_over_the_year(plan: Plan) -> None:
    events = loaded()
    assert all(abs((moment_of(event.pk) - event.at).total_seconds()) < 0.002 for event in events)
    assert len({event.at.month for event in events}) == 12
    assert plan.ago(366) < events[0].at < events[-1].at < plan.now
    by_day = sum(9 <= event.at.hour - 5 < 17 for event in events)
    assert by_day > len(events) / 2, "most is done by day"


def test_what_was_loaded_is_sealed_and_verified(plan: Plan, tmp_path: Path, settings: Any) -> None:
    settings.AUDIT_ANCHOR_DIR = tmp_path
    with taking_role("owner"), connection.cursor():
        # Within one transaction nothing is behind the horizon yet: a seal waits for the commit.
        assert seal_batch().count == 0
    trusted = {public_hex(signing_key(settings.SECRET_KEY).public_key())}
    with taking_role("owner"):
        report = verify(anchor_book(), trusted, datetime.now(UTC))
    assert report.ok
    assert report.unsealed >= plan.audit


def test_the_days_count_what_there_is(plan: Plan) -> None:
    with as_the_system():
        days = list(VisitDay.objects.order_by("pk"))
        before = plan.now.replace(hour=4, minute=0)  # midnight at the sites
        visits = Appointment.objects.filter(during__startswith__lt=before)
        assert sum(row.booked for row in days) == visits.exclude(status="cancelled").count()
        assert sum(row.finished for row in days) == visits.filter(status="checked_out").count()
        assert PatientDay.objects.exists()
    assert settings.TIME_ZONE == "America/New_York"
