"""The page that makes the patient's one-time code: shown once, printable, kept nowhere."""

from datetime import date

import pytest
from django.urls import reverse

from patients.actions import hash_code
from patients.models import PortalCode
from tests.factories import PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def url(patient) -> str:
    return reverse("patients:portal_code", args=[patient.pk])


def test_the_code_is_in_the_answer_and_nowhere_else(browser) -> None:
    patient = PatientFactory()
    desk = browser(staff("front_desk", patient.site))
    assert b"Make a code" in desk.get(url(patient)).content
    answer = desk.post(url(patient))
    code = answer.context["code"]
    text = answer.content.decode()
    assert code in text
    assert reverse("accounts:request_account") in text
    assert "no-store" in answer["Cache-Control"]
    with as_the_system():
        assert PortalCode.objects.get().code_hash == hash_code(code)
    assert code not in desk.get(url(patient)).content.decode()


def test_to_look_at_the_page_makes_no_code(browser) -> None:
    patient = PatientFactory()
    browser(staff("front_desk", patient.site)).get(url(patient))
    with as_the_system():
        assert not PortalCode.objects.exists()


def test_who_has_an_account_needs_no_code(browser) -> None:
    patient = PatientFactory()
    portal_user(patient)
    answer = browser(staff("front_desk", patient.site)).post(url(patient))
    assert "has a portal account already" in answer.content.decode()
    with as_the_system():
        assert not PortalCode.objects.exists()


@pytest.mark.parametrize("birth", [(date(1968, 7, 1), "year"), (date(1986, 7, 1), "estimated"), (None, "unknown")])
def test_whose_date_of_birth_is_not_known_to_the_day_is_asked_first(browser, birth) -> None:
    patient = PatientFactory(birth_date=birth[0], birth_precision=birth[1])
    answer = browser(staff("front_desk", patient.site)).post(url(patient))
    assert "not known to the day" in answer.content.decode()
    with as_the_system():
        assert not PortalCode.objects.exists()


def test_bob_charlie_and_billing_make_no_code(browser) -> None:
    patient = PatientFactory()
    assert browser(staff("front_desk")).post(url(patient)).status_code == 403
    assert browser(staff("billing", patient.site)).post(url(patient)).status_code == 403
    assert browser(portal_user(PatientFactory())).post(url(patient)).status_code == 404
    with as_the_system():
        assert not PortalCode.objects.exists()
