"""The job that clears away grants whose time is over, and projects what comes after them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from psycopg.types.range import TimestamptzRange

from healthcare.audit.models import AuditEvent
from healthcare.events.jobs import all_jobs
from patients import actions, tasks
from patients.models import UserGrant
from tests.factories import CareRelationshipFactory, PatientFactory
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def lapse(patient) -> None:
    """Move the patient's grants into the past, as when they have run out and were not cleared yet."""
    with taking_role("owner"):
        UserGrant.objects.filter(content_object=patient).update(valid_from=NOW - 2 * HOUR, valid_until=NOW - HOUR)


def lapsed() -> None:
    """A relationship that is over, and its grant, which nobody has cleared away."""
    over = CareRelationshipFactory(validity=TimestamptzRange(NOW - 2 * HOUR, NOW - HOUR))
    identity = Permission.objects.get(content_type__app_label="patients", codename="identity")
    with taking_role("owner"):
        UserGrant.objects.bulk_create(
            [
                UserGrant(
                    user=over.user,
                    role="doctor",
                    permission=identity,
                    content_object=over.patient,
                    valid_from=NOW - 2 * HOUR,
                    valid_until=NOW - HOUR,
                )
            ]
        )


def grants() -> int:
    with as_the_system():
        return UserGrant.objects.count()


def test_the_job_is_beaten_every_minute() -> None:
    job = all_jobs()["patients.tasks.sync_ended_access"]
    assert "patients.tasks.sync_ended_access" in settings.BEAT
    assert (job.seconds, job.queue) == (60, "maintenance")


def test_ended_grants_go_and_running_ones_stay() -> None:
    lapsed()
    CareRelationshipFactory()
    before = grants()
    with taking_role("worker"):
        tasks.sync_ended_access()
    assert grants() == before - 1
    with as_the_system():
        event = AuditEvent.objects.get(action="patients.sync_access")
    assert (event.purpose, event.detail) == ("access_edges", {"patients": 1})


def test_with_nothing_to_do_nothing_is_written() -> None:
    CareRelationshipFactory()
    with taking_role("worker"):
        tasks.sync_ended_access()
    with as_the_system():
        assert not AuditEvent.objects.filter(action="patients.sync_access").exists()


def test_many_go_in_batches(monkeypatch) -> None:
    for _each in range(5):
        lapsed()
    monkeypatch.setattr(tasks, "BATCH", 2)
    with taking_role("worker"):
        tasks.sync_ended_access()
    assert grants() == 0
    with as_the_system():
        sizes = AuditEvent.objects.filter(action="patients.sync_access").order_by("id").values_list("detail", flat=True)
        assert [detail["patients"] for detail in sizes] == [2, 2, 1]


def test_the_span_that_follows_begins() -> None:
    patient = PatientFactory()
    CareRelationshipFactory(patient=patient, scopes=["identity"], validity=TimestamptzRange(NOW + HOUR, NOW + 2 * HOUR))
    lapse(patient)
    with as_the_system():
        assert actions.sync_ended_access(by=None, at_most=10) == 1
        assert UserGrant.objects.get(content_object=patient).valid_from == NOW + HOUR
