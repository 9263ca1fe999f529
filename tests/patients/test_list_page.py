"""The list: those in one's care, narrowed by filters, 25 a page without a gap."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.queries import PAGE
from tests.factories import PatientFactory, SiteFactory, portal_user, staff

pytestmark = pytest.mark.django_db
URL = "/patients/"


@pytest.fixture
def site():
    return SiteFactory()


def names(page) -> list[str]:
    assert page.status_code == 200
    return [patient.family_name for patient in page.context["page"].patients]


def test_alice_sees_hers_bob_his_and_charlie_none(browser, site) -> None:
    PatientFactory(site=site, family_name="Hollis")
    PatientFactory(family_name="Osei")
    assert names(browser(staff("doctor", site)).get(URL)) == ["Hollis"]
    bob = browser(staff("doctor")).get(URL)
    assert names(bob) == []
    assert b"Nobody is in your care yet" in bob.content
    assert browser(portal_user(PatientFactory())).get(URL).status_code == 403
    assert Client().get(URL).status_code == 302


def test_filters_narrow_by_name_site_and_age(browser, site) -> None:
    year = timezone.localdate().year
    PatientFactory(site=site, family_name="Nguyễn", birth_date=date(year - 40, 1, 1))
    PatientFactory(site=site, family_name="Nolan", birth_date=date(year - 80, 1, 1))
    PatientFactory(site=site, family_name="Osei", birth_date=date(year - 10, 1, 1))
    doctor = browser(staff("doctor", site))
    assert names(doctor.get(URL, {"name": "nguyen"})) == ["Nguyễn"], "without accents and capitals"
    assert names(doctor.get(URL, {"name": "N"})) == ["Nguyễn", "Nolan"]
    assert names(doctor.get(URL, {"youngest": "41"})) == ["Nolan"]
    assert names(doctor.get(URL, {"oldest": "40"})) == ["Nguyễn", "Osei"]
    assert names(doctor.get(URL, {"youngest": "11", "oldest": "79"})) == ["Nguyễn"]
    assert len(names(doctor.get(URL, {"site": str(site.pk)}))) == 3
    nobody = doctor.get(URL, {"name": "zz"})
    assert b"Nobody fits these filters" in nobody.content


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"youngest": "old"}, "Age is a whole number of years"),
        ({"youngest": "-1"}, "Age is a whole number of years"),
        ({"oldest": "999"}, "Age is a whole number of years"),
        ({"after": "page2"}, "The list does not go on there"),
        ({"youngest": "60", "oldest": "20"}, "The higher age comes second"),
        ({"name": "\u202eabc"}, "cannot be seen"),
        ({"name": "x" * 101}, "is too long"),
        ({"site": "nowhere"}, "Choose one of the sites where you work"),
    ],
)
def test_filters_that_make_no_sense_get_a_sentence_and_stay(browser, site, typed, sentence) -> None:
    PatientFactory(site=site, family_name="Hollis")
    page = browser(staff("doctor", site)).get(URL, typed)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert b"Hollis" not in page.content


def test_an_after_of_somebody_elses_patient_begins_anew(browser, site) -> None:
    PatientFactory(site=site, family_name="Hollis")
    elsewhere = PatientFactory(family_name="Zz")
    assert names(browser(staff("doctor", site)).get(URL, {"after": str(elsewhere.pk)})) == ["Hollis"]


def test_pages_follow_each_other_without_gap_or_repetition(browser, site) -> None:
    for number in range(2 * PAGE + 3):
        PatientFactory(site=site, family_name=f"Same{number // 20}", given_name=f"G{number % 7}")
    doctor = browser(staff("doctor", site))
    url, seen, pages = f"{URL}?name=Same", [], 0
    while url:
        page = doctor.get(url)
        seen += [patient.pk for patient in page.context["page"].patients]
        assert "name=Same" in page.context["next_url"] or not page.context["next_url"]
        url, pages = page.context["next_url"], pages + 1
    assert (len(seen), len(set(seen)), pages) == (2 * PAGE + 3, 2 * PAGE + 3, 3)
    assert page.context["first_url"] == f"{URL}?name=Same"


def test_the_list_is_written_down(browser, audited, site) -> None:
    doctor = staff("doctor", site)
    browser(doctor).get(URL, {"name": "Hol"})
    assert audited(doctor) == [("patients.list", "ok")]


def test_no_audit_no_list(browser, site, no_audit) -> None:
    PatientFactory(site=site, family_name="Hollis")
    page = browser(staff("doctor", site)).get(URL)
    assert page.status_code == 503
    assert b"Hollis" not in page.content


def test_a_page_of_many_costs_no_more_queries_than_one_of_one(browser, site, assert_queries) -> None:
    doctor = browser(staff("doctor", site))
    PatientFactory(site=site)
    doctor.get(URL)
    with assert_queries() as one:
        doctor.get(URL)
    for _each in range(PAGE + 5):
        PatientFactory(site=site)
    with assert_queries() as many:
        page = doctor.get(URL)
    assert len(one) == len(many)
    assert reverse("patients:list") in page.context["next_url"]
