"""The verb `raise_alert`: whose it is, who is told, and that once is once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from psycopg.types.range import TimestamptzRange

from alerts.actions import raise_alert
from alerts.events import AlertRaised
from alerts.models import Alert, Notice
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from tests.alerts.conftest import Clinic, as_system, reread
from tests.events.draining import as_worker
from tests.factories import CareRelationshipFactory, MembershipFactory, SiteFactory, UserFactory, staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 14, 31, tzinfo=UTC)


def raised(clinic: Clinic, **changes: Any) -> Alert:
    values = {
        "patient": clinic.patient,
        "kind": "abnormal_value",
        "severity": "urgent",
        "source": f"records.entry:{uuid4()}",
        "owners": [clinic.doctor],
        "now": NOW,
    }
    return as_system(raise_alert, **(values | changes))


def test_it_belongs_to_who_treats_and_waits_for_its_next_step(clinic: Clinic, announced: Any) -> None:
    alert = reread(raised(clinic))
    assert (alert.owner, alert.state, alert.level, alert.area) == (clinic.doctor, "open", 0, "clinical")
    assert alert.next_at == NOW + timedelta(minutes=5)
    assert alert.queue == "urgent"
    assert announced(AlertRaised) == [AlertRaised(alert_id=alert.pk, patient_id=clinic.patient.pk)]
    audit = as_worker(lambda: AuditEvent.objects.get(action="alerts.raise"))
    assert (audit.patient_id, audit.target_id, audit.actor_id) == (clinic.patient.pk, alert.pk, None)
    assert audit.detail == {"kind": "abnormal_value", "severity": "urgent"}


def test_the_owner_is_written_to_at_once_with_clinic_time_and_link_alone(clinic: Clinic, posted: Any) -> None:
    alert = raised(clinic)
    (letter,) = posted()
    assert (letter.address, letter.template, letter.queue) == (
        "okafor@clinic.example",
        "alerts/urgent_alert",
        "urgent",
    )
    assert letter.words == {
        "alert": str(alert.pk),
        "site": clinic.site.name,
        "phone": "+15085550100",
        "since": "Nov 23, 2026, 9:31 am EST",
        "next": "9:36 am EST",
    }
    notice = as_worker(lambda: Notice.objects.get())
    assert (notice.alert_id, notice.recipient, notice.state, notice.level) == (alert.pk, clinic.doctor, "queued", 0)
    assert (notice.area, notice.patient_id) == ("clinical", clinic.patient.pk)


def test_without_an_owner_the_whole_team_of_the_site_is_asked(clinic: Clinic, posted: Any) -> None:
    assert raised(clinic, owners=[]).owner is None
    assert {letter.address for letter in posted()} == {"okafor@clinic.example", "lindqvist@clinic.example"}


def test_once_for_each_occasion(clinic: Clinic, posted: Any, announced: Any) -> None:
    source = f"records.entry:{uuid4()}"
    first, second = raised(clinic, source=source), raised(clinic, source=source, owners=[])
    assert first.pk == second.pk
    assert len(posted()) == 1
    assert len(announced(AlertRaised)) == 1
    assert raised(clinic, source=source, occasion="another").pk != first.pk


def test_who_cannot_answer_it_or_does_not_reach_the_patient_never_owns_it(clinic: Clinic) -> None:
    stranger, nurse = staff("doctor"), clinic.nurse
    assert raised(clinic, owners=[stranger, nurse]).owner is None
    assert raised(clinic, owners=[stranger, clinic.colleague]).owner == clinic.colleague


def test_who_has_left_or_is_inactive_never_owns_it(clinic: Clinic) -> None:
    gone = UserFactory()
    ended = TimestamptzRange(NOW - timedelta(days=900), NOW - timedelta(days=800))
    MembershipFactory(user=gone, site=clinic.site, role="doctor", validity=ended)
    inactive = staff("doctor", clinic.site, is_active=False, deactivated_at=NOW)
    assert raised(clinic, owners=[gone, inactive]).owner is None


def test_nobody_is_asked_about_their_own_chart(clinic: Clinic, posted: Any) -> None:
    MembershipFactory(user=clinic.account, site=clinic.site, role="doctor")
    assert raised(clinic, owners=[clinic.account]).owner is None
    assert "wilhelmina@portal.example" not in {letter.address for letter in posted()}


def test_another_site_is_asked_where_its_team_reaches_the_patient(clinic: Clinic) -> None:
    other = SiteFactory()
    assert raised(clinic, site=other).team.site == clinic.site, "a team without reach could not even open it"
    CareRelationshipFactory(patient=clinic.patient, kind="site", user=None, role="", site=other)
    assert raised(clinic, site=other).team.site == other


def test_what_only_informs_is_told_once_and_waits_for_nobody(clinic: Clinic, posted: Any) -> None:
    alert = raised(clinic, kind="picked_up", severity="info", source=f"prescriptions.prescription:{uuid4()}")
    assert (alert.next_at, alert.queue, alert.area) == (None, "default", "medication")
    assert [letter.template for letter in posted()] == ["alerts/alert"]


def test_no_page_can_raise_one(clinic: Clinic) -> None:
    with acting_as(clinic.doctor), pytest.raises(DatabaseError), transaction.atomic():
        raise_alert(
            by=clinic.doctor, patient=clinic.patient, kind="abnormal_value", severity="urgent",
            source="records.entry:x", now=NOW,
        )  # fmt: skip
    assert as_worker(Alert.objects.count) == 0
