"""What can be put right: every app's lines on one page and in a card of the home page, and dates of birth to ask."""

import pytest
from django.utils import timezone

from healthcare.accounts.permissions import Permission
from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of
from patients import panels
from patients.models import Patient
from patients.parts import DataQuality, QualityLine
from patients.queries import quality
from tests.factories import PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
PAGE, BIRTHS = "/patients/to-put-right", "/patients/to-put-right/births"


def unsure(site, **fields) -> Patient:
    patient = PatientFactory(site=site)
    said = {"birth_date": None, "birth_precision": "unknown"} | fields
    with as_the_system():
        for name, value in said.items():
            setattr(patient, name, value)
        patient.save()
    return patient


def test_people_whose_birth_nobody_knows_are_listed_till_somebody_does(browser) -> None:
    site = PatientFactory().site
    client = browser(staff("front_desk", site))
    assert "Every date of birth is known" in client.get(BIRTHS).content.decode()
    assert "Nothing to put right" in client.get(PAGE).content.decode()
    unknown, estimated = unsure(site), unsure(site, birth_date="1980-07-01", birth_precision="estimated")
    unsure(site, deceased=True)
    unsure(site, birth_date="1980-07-01", birth_precision="year")
    elsewhere = unsure(PatientFactory().site)
    page = client.get(BIRTHS).content.decode()
    assert f"/patients/{unknown.pk}/change" in page
    assert f"/patients/{estimated.pk}/change" in page
    assert str(elsewhere.pk) not in page
    lines = client.get(PAGE).content.decode()
    assert "Date of birth not known, or estimated" in lines
    assert f'href="{BIRTHS}"' in lines
    with as_the_system():
        for patient in (unknown, estimated):
            patient.birth_date, patient.birth_precision = "1980-07-02", "day"
            patient.save()
    assert "Nothing to put right" in client.get(PAGE).content.decode()


def test_a_long_list_says_that_there_is_more(browser, monkeypatch) -> None:
    site = PatientFactory().site
    for _each in range(3):
        unsure(site)
    monkeypatch.setattr(quality, "MOST", 2)
    monkeypatch.setattr("patients.views.quality.MOST", 2)
    client = browser(staff("front_desk", site))
    assert "over 2" in client.get(PAGE).content.decode()
    page = client.get(BIRTHS).content.decode()
    assert page.count("/change") == 2
    assert "There are more." in page


def test_the_home_page_asks_for_the_part_once_it_has_come(browser) -> None:
    site = PatientFactory().site
    unsure(site)
    client = browser(staff("front_desk", site))
    home = client.get("/").content.decode()
    assert f'hx-get="{PAGE}"' in home
    assert "Date of birth not known" not in home
    part = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "Date of birth not known" in part
    assert "<nav" not in part
    assert part.strip() in client.get(PAGE).content.decode()


def test_each_is_told_of_what_they_can_put_right(monkeypatch) -> None:
    site = PatientFactory().site
    unsure(site)
    line = QualityLine("Bills", 2, "/billing/")
    part = DataQuality(Permission.READ_BILLING, lambda _user, _now: [line, QualityLine("None", 0, "/")])
    monkeypatch.setattr(quality, "parts_of", lambda _name: (panels.births, part))
    clerk, pharmacist, officer = (staff(role, site) for role in ("billing", "pharmacist", "privacy_officer"))
    with acting_as(clerk):
        assert quality.is_for(clerk)
        assert panels.quality_card(clerk, timezone.now()) is not None
    for user in (pharmacist, officer):
        assert panels.quality_card(user, timezone.now()) is None
    assert panels.births in parts_of("patients.DataQuality")


def test_an_app_that_fails_is_said_and_the_others_stand(browser, monkeypatch) -> None:
    site = PatientFactory().site
    client = browser(staff("front_desk", site))

    def broken(_user, _now):
        raise ValueError

    unsure(site)
    parts = (panels.births, DataQuality(Permission.CHANGE_PATIENT, broken))
    monkeypatch.setattr("healthcare.events.parts.parts_of", lambda _name: parts)
    monkeypatch.setattr("healthcare.events.parts.names_of", lambda _name: ("births", "broken"))
    page = client.get(PAGE).content.decode()
    assert "Some of it could not be counted" in page
    assert "Date of birth not known" in page


def test_who_changes_no_details_gets_no_list(browser) -> None:
    clerk = staff("billing", PatientFactory().site)
    assert browser(clerk).get(BIRTHS).status_code == 403
    assert browser(clerk).get(PAGE).status_code == 200
    assert browser(staff("administrator")).get(PAGE).status_code == 403


def test_whom_nobody_knows_is_said_in_the_list(browser) -> None:
    site = PatientFactory().site
    found = unsure(site, unidentified_since=timezone.now())
    page = browser(staff("nurse", site)).get(BIRTHS).content.decode()
    assert f"/patients/{found.pk}/change" in page
    assert "Nobody knows who it is" in page
