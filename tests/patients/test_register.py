"""The verb `register_patient`; the page's tests stand in test_register_page.py."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.actions import Demographics, PatientNotRegistered, register_patient
from patients.events import PatientRegistered
from patients.models import CareRelationship, Patient
from patients.rules import is_medical_record_number
from tests.factories import PatientFactory, SiteFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROSA = Demographics(given_name="Rosa", family_name="Delgado", birth_date=date(1968, 3, 12), sex="female")


def test_a_registered_patient_is_in_the_care_of_the_site_at_once(announced) -> None:
    desk = staff("front_desk")
    site = desk.memberships.get().site
    with acting_as(desk):
        patient = register_patient(by=desk, site=site, demographics=ROSA, now=NOW)
        assert Patient.objects.visible_to(desk).get() == patient
        event = AuditEvent.objects.get(action="patients.register")
    assert is_medical_record_number(patient.mrn)
    assert (event.patient_id, event.actor_id, event.actor_role) == (patient.pk, desk.pk, "front_desk")
    assert announced() == [PatientRegistered(patient_id=patient.pk, site_id=site.pk)]
    with acting_as(staff("doctor", site)) as _actor:
        assert Patient.objects.get() == patient
    with acting_as(staff("doctor")):
        assert not Patient.objects.exists()
    with as_the_system():
        relationship = CareRelationship.objects.get(patient=patient)
    assert (relationship.kind, relationship.site, relationship.granted_by) == ("site", site, desk)


def test_record_numbers_are_never_given_twice() -> None:
    desk = staff("front_desk")
    site = desk.memberships.get().site
    with acting_as(desk):
        numbers = {register_patient(by=desk, site=site, demographics=ROSA, now=NOW).mrn for _each in range(3)}
    assert len(numbers) == 3


@pytest.mark.parametrize("role", ["billing", "pharmacist", "researcher", "privacy_officer", "administrator"])
def test_a_role_without_the_permission_registers_nobody(role: str) -> None:
    user = staff(role)
    with acting_as(user), pytest.raises(NotAllowed, match="register"):
        register_patient(by=user, site=user.memberships.get().site, demographics=ROSA, now=NOW)


def test_a_patient_registers_nobody() -> None:
    user = portal_user(PatientFactory())
    with acting_as(user), pytest.raises(NotAllowed):
        register_patient(by=user, site=SiteFactory(), demographics=ROSA, now=NOW)


def test_nobody_registers_at_a_site_where_they_do_not_work() -> None:
    desk = staff("front_desk")
    with acting_as(desk), pytest.raises(PatientNotRegistered, match="do not work"):
        register_patient(by=desk, site=SiteFactory(), demographics=ROSA, now=NOW)


def test_a_birth_date_to_come_is_refused_but_not_one_further_east() -> None:
    desk = staff("front_desk")
    site = desk.memberships.get().site
    born = replace(ROSA, birth_date=NOW.date() + timedelta(days=2))
    with acting_as(desk):
        with pytest.raises(PatientNotRegistered, match="future"):
            register_patient(by=desk, site=site, demographics=born, now=NOW)
        today_in_auckland = replace(ROSA, birth_date=NOW.date() + timedelta(days=1))
        assert register_patient(by=desk, site=site, demographics=today_in_auckland, now=NOW)
