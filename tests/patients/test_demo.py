"""The sample clinic's patients: told once, through the verbs."""

import pytest

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import demo
from patients.models import CareRelationship, Patient
from tests.factories import SiteFactory, UserFactory, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    here, there = SiteFactory(), SiteFactory()
    staff("front_desk", here)
    staff("front_desk", there)
    staff("doctor", here)
    staff("doctor", there)
    return UserFactory(email=demo.PATIENT_EMAIL)


def told() -> int:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return Patient.objects.count()


def test_forty_people_at_two_sites_told_once(clinic) -> None:
    assert told() == len(demo.PEOPLE) == 40
    assert told() == 40
    with as_the_system():
        assert Patient.objects.values("site").distinct().count() == 2
        assert AuditEvent.objects.filter(action="patients.register", actor_role="front_desk").count() == 40
        shared = CareRelationship.objects.filter(kind="care_team").values_list("patient__family_name", flat=True)
        assert set(shared) == set(demo.SHARED)


def test_rosa_reads_her_own_record(clinic, browser) -> None:
    told()
    with acting_as(clinic, "patient"):
        rosa = Patient.objects.visible_to(clinic.in_role("patient")).get()
    assert (rosa.name, rosa.preferred_name) == ("Rosa Delgado-Ferreira", "Rosie")
    assert "Hello, Rosie" in browser(clinic).get("/portal/").content.decode()


def test_a_clinic_of_one_site_is_told_too() -> None:
    staff("front_desk")
    assert told() == 40


def test_without_a_front_desk_nobody_is_registered() -> None:
    assert told() == 0


def test_an_account_that_has_a_record_keeps_it(clinic) -> None:
    told()
    with as_the_system():
        desks = demo.colleagues("front_desk")
        before = CareRelationship.objects.filter(kind="self").count()
    with taking_role("worker"):
        demo.open_portal(desks[0], desks[0].created_at)
    with as_the_system():
        assert CareRelationship.objects.filter(kind="self").count() == before == 1
