"""The verbs `grant_access`, `end_access` and `sync_access`."""

from datetime import UTC, datetime, timedelta

import pytest

from healthcare.accounts.access import NotAllowed, passes
from healthcare.accounts.permissions import Scope
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import actions
from patients.access import NotInScope, can_end, check_can_open_chart
from patients.events import AccessEnded, AccessGranted
from patients.models import CareRelationship, Patient, UserGrant
from tests.factories import CareRelationshipFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
TEAM = CareRelationship.Kind.CARE_TEAM


def grant(by, patient, user, *, role="doctor", scopes=(Scope.IDENTITY,), start=NOW - HOUR, end=None):
    with acting_as(by):
        return actions.grant_access(
            by=by, patient=patient, user=user, role=role, scopes=scopes, kind=TEAM, valid_from=start, valid_until=end
        )


def sees(user, patient) -> bool:
    with acting_as(user):
        return passes(check_can_open_chart, user, patient.pk) and Patient.objects.filter(pk=patient.pk).exists()


def test_access_begins_with_the_grant_and_ends_with_it(announced) -> None:
    patient = PatientFactory()
    doctor, colleague = staff("doctor", patient.site), staff("doctor")
    assert not sees(colleague, patient)
    relationship = grant(doctor, patient, colleague)
    assert sees(colleague, patient)
    with acting_as(doctor):
        actions.end_access(by=doctor, relationship=relationship, now=datetime.now(UTC))
        actions.end_access(by=doctor, relationship=relationship, now=datetime.now(UTC))
        granted, ended = AuditEvent.objects.filter(patient_id=patient.pk).order_by("id")
    assert not sees(colleague, patient)
    assert (granted.action, ended.action) == ("patients.grant_access", "patients.end_access")
    assert granted.detail["user"] == str(colleague.pk)
    assert announced() == [AccessGranted(patient.pk, relationship.pk), AccessEnded(patient.pk, relationship.pk)]


def test_access_that_has_not_begun_never_does_once_ended() -> None:
    patient = PatientFactory()
    doctor, colleague = staff("doctor", patient.site), staff("doctor")
    relationship = grant(doctor, patient, colleague, start=NOW + HOUR)
    assert not sees(colleague, patient)
    with acting_as(doctor):
        actions.end_access(by=doctor, relationship=relationship, now=datetime.now(UTC))
    with as_the_system():
        assert CareRelationship.objects.get(pk=relationship.pk).validity.isempty
        assert not UserGrant.objects.filter(user=colleague).exists()


def test_nobody_shares_more_than_they_see_or_than_the_role_holds() -> None:
    patient = PatientFactory()
    nurse, colleague = staff("nurse", patient.site), staff("doctor")
    with pytest.raises(NotAllowed, match="what you can see"):
        grant(nurse, patient, colleague, scopes=[Scope.BILLING])
    with pytest.raises(NotAllowed, match="can never see"):
        grant(nurse, patient, colleague, role="pharmacist", scopes=[Scope.CLINICAL])
    with pytest.raises(NotAllowed):
        grant(staff("front_desk", patient.site), patient, colleague)


def test_what_the_site_or_the_patient_opened_is_not_ended_by_a_colleague() -> None:
    patient = PatientFactory()
    own = portal_user(patient)
    doctor = staff("doctor", patient.site)
    with acting_as(doctor):
        for relationship in CareRelationship.objects.visible_to(doctor):
            assert not can_end(doctor, relationship)
            with pytest.raises(NotAllowed):
                actions.end_access(by=doctor, relationship=relationship, now=NOW)
    share = CareRelationshipFactory(patient=patient, kind="share")
    with acting_as(doctor):
        assert can_end(doctor, share)
    with acting_as(own):
        assert not can_end(own, share)


def test_a_chart_out_of_scope_is_told_apart_from_a_role_without_charts() -> None:
    patient = PatientFactory()
    stranger, researcher = staff("doctor"), staff("researcher", patient.site)
    with acting_as(stranger), pytest.raises(NotInScope):
        check_can_open_chart(stranger, patient.pk)
    with acting_as(researcher), pytest.raises(NotAllowed):
        check_can_open_chart(researcher, patient.pk)


def test_a_worker_projects_again_and_says_so() -> None:
    patient = PatientFactory()
    user = CareRelationshipFactory(patient=patient).user
    with taking_role("owner"):
        UserGrant.objects.all().delete()
    with as_the_system():
        assert actions.sync_access(by=None, patient_ids=[patient.pk]) == 1
        assert UserGrant.objects.filter(user=user).count() == len(Scope)
        event = AuditEvent.objects.get(action="patients.sync_access")
    assert (event.purpose, event.detail) == ("test", {"patients": 1})


def test_opening_a_chart_is_said_before_it_is_shown() -> None:
    patient = PatientFactory()
    doctor = staff("doctor", patient.site)
    with acting_as(doctor):
        actions.open_chart(by=doctor, patient=patient)
    with acting_as(doctor, using="audit"):
        event = AuditEvent.objects.using("audit").get(action="patients.open_chart", actor_id=doctor.pk)
    assert event.patient_id == patient.pk
