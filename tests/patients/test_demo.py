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
    for site in (SiteFactory(), SiteFactory(), SiteFactory()):
        staff("front_desk", site)
        staff("doctor", site)
    return UserFactory(email=demo.PATIENT_EMAIL)


def told() -> int:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return Patient.objects.count()


def test_sixty_people_at_three_sites_told_once(clinic) -> None:
    assert told() == len(demo.PEOPLE) == 60
    assert told() == 60
    with as_the_system():
        assert Patient.objects.values("site").distinct().count() == 3
        assert AuditEvent.objects.filter(action="patients.register", actor_role="front_desk").count() == 60
        shared = CareRelationship.objects.filter(kind="care_team").values_list("patient__family_name", flat=True)
        assert set(shared) == set(demo.SHARED)


def test_rosa_reads_her_own_record(clinic, browser) -> None:
    told()
    with acting_as(clinic, "patient"):
        rosa = Patient.objects.visible_to(clinic.in_role("patient")).get()
    assert (rosa.name, rosa.preferred_name) == ("Rosa Delgado-Ferreira", "Rosie")
    assert "Hello, Rosie" in browser(clinic).get("/portal/").content.decode()


def test_june_has_an_account_of_her_own_at_the_second_site(clinic, browser) -> None:
    account = UserFactory(email=demo.SECOND_PATIENT_EMAIL)
    told()
    with acting_as(account, "patient"):
        june = Patient.objects.visible_to(account.in_role("patient")).select_related("site").get()
    assert june.name == "June Nakamura"
    with acting_as(clinic, "patient"):
        assert Patient.objects.visible_to(clinic.in_role("patient")).get().site != june.site
    assert "Hello, June" in browser(account).get("/portal/").content.decode()


def test_people_of_all_ages_live_near_their_site_the_same_each_time(clinic) -> None:
    told()
    with as_the_system():
        patients = list(Patient.objects.order_by("birth_date"))
        ages = {2026 - patient.birth_date.year for patient in patients}
        assert min(ages) <= 1
        assert max(ages) >= 88
        assert {patient.postal_code for patient in patients} <= {code for near in demo.AROUND for _, code in near}
        rosa, theo = (next(p for p in patients if p.given_name == name) for name in ("Rosa", "Theo"))
    assert (rosa.line, rosa.postal_code) == (theo.line, theo.postal_code), "one household, one address"
    assert demo.address_of("0177", 0) == demo.address_of("0177", 0) == (rosa.line, rosa.city, rosa.postal_code)


def test_a_clinic_of_one_site_is_told_too() -> None:
    staff("front_desk")
    assert told() == 60


def test_without_a_front_desk_nobody_is_registered() -> None:
    assert told() == 0


def test_an_account_that_has_a_record_keeps_it(clinic) -> None:
    told()
    with as_the_system():
        desks = demo.colleagues("front_desk")
        before = CareRelationship.objects.filter(kind="self").count()
    with taking_role("worker"):
        demo.open_portal(desks[0], *demo.PORTALS[0], desks[0].created_at)
    with as_the_system():
        assert CareRelationship.objects.filter(kind="self").count() == before == 1
