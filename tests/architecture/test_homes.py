"""Every role's first page, with the cards of all apps, keeps within the budget and shows no failed card."""

import pytest

from healthcare.accounts.roles import STAFF_ROLES
from tests.accounts.conftest import sign_in
from tests.factories import (
    AppointmentFactory,
    EncounterFactory,
    MessageFactory,
    PatientFactory,
    SiteFactory,
    ThreadFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
BROKEN = "could not be shown"
MAIN = 'class="btn main"'


@pytest.fixture
def world():
    """A site with something of everything for everybody, and a patient with an account."""
    site = SiteFactory(time_zone="America/New_York")
    patient = PatientFactory(site=site)
    portal_user(patient)
    return site, patient


def fill(site, patient, rows: int) -> None:
    for _each in range(rows):
        other = PatientFactory(site=site)
        AppointmentFactory(patient=other)
        EncounterFactory(patient=other, site=site)
        MessageFactory(thread=ThreadFactory(patient=patient))
        with as_the_system():
            other.save()


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_the_home_of_a_role_costs_the_same_for_one_row_and_for_ten(world, role, assert_queries) -> None:
    site, patient = world
    client = sign_in(staff(role, site), role=role)
    fill(site, patient, 1)
    with assert_queries(at_most=12) as one:
        page = client.get("/").content.decode()
    fill(site, patient, 9)
    with assert_queries(at_most=12) as ten:
        client.get("/")
    assert len(ten) == len(one), f"{one}\n\n{ten}"
    assert BROKEN not in page
    assert page.count(MAIN) <= 1, "one main button a page"


def test_the_patients_first_page_too(world, assert_queries) -> None:
    site, _patient = world
    client = sign_in(portal_user(PatientFactory(site=site)))
    with assert_queries():
        page = client.get("/portal/").content.decode()
    assert BROKEN not in page


def test_a_patient_has_five_places(world) -> None:
    site, _patient = world
    client = sign_in(portal_user(PatientFactory(site=site)))
    page = client.get("/portal/").content.decode()
    nav = page.split('<nav class="nav"', 1)[1].split("</nav>", 1)[0]
    assert nav.count("<li>") == 5, "five in a row, as a telephone is wide"
