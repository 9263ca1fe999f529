"""Asking for more in the portal, and answering it in the clinic, in a browser."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.accounts.models import Provider
from prescriptions.models import Prescription, RefillRequest
from tests.factories import MedicationFactory, PatientFactory, PrescriptionFactory, RefillRequestFactory, portal_user
from tests.prescriptions.conftest import reload
from tests.prescriptions.test_prescribe_page import text_of
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
MINE = "/portal/medicines"
QUEUE = "/prescriptions/refills"


@pytest.fixture
def rosa(patient) -> Any:
    return portal_user(patient)


def collected(doctor, patient, *, days: int = 25, **more) -> Prescription:
    """Of thirty days, handed out so many days ago."""
    more.setdefault("medication", MedicationFactory(label="metformin 850 mg, tablet"))
    then = timezone.now() - timedelta(days=days)
    given = {"signed_at": then, "ready_at": then, "picked_up_at": then, "status": "picked_up"}
    return PrescriptionFactory(patient=patient, prescriber=Provider.objects.get(user=doctor), **given, **more)


def asked(doctor, patient, **more) -> RefillRequest:
    return RefillRequestFactory(prescription=collected(doctor, patient, **more), note="None left at all")


def state(request: RefillRequest | None = None) -> RefillRequest:
    with as_the_system():
        return RefillRequest.objects.get(pk=request.pk) if request else RefillRequest.objects.get()


def page_of(request: RefillRequest, tail: str = "") -> str:
    return f"/prescriptions/patients/{request.patient_id}/refills/{request.pk}{tail}"


# == The patient ==
def test_asked_read_and_taken_back(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient), browser(rosa)
    ask = f"{MINE}/{prescription.pk}/ask"
    assert ask in text_of(client.get(MINE))
    assert "metformin 850 mg" in text_of(client.get(ask))
    page = text_of(client.post(ask, {"note": "It suits me"}, follow=True))
    assert "The answer will stand here" in page
    assert "What you asked for" in page
    assert ask not in page
    assert "You have asked already" in text_of(client.post(ask, follow=True))
    page = text_of(client.post(f"{MINE}/refills/{state().pk}/withdraw", follow=True))
    assert "Nobody answers it any more" in page
    assert ask in page
    assert "Taken back" in text_of(client.post(f"{MINE}/refills/{state().pk}/withdraw", follow=True))


def test_too_much_text_is_kept_and_said(browser, doctor, patient, rosa) -> None:
    prescription = collected(doctor, patient)
    page = text_of(browser(rosa).post(f"{MINE}/{prescription.pk}/ask", {"note": "x" * 301}), 422)
    assert "x" * 301 in page


def test_too_early_says_from_when_and_offers_no_button(browser, doctor, patient, rosa) -> None:
    prescription, client = collected(doctor, patient, days=2), browser(rosa)
    assert "/ask" not in text_of(client.get(MINE))
    page = text_of(client.get(f"{MINE}/{prescription.pk}/ask"))
    assert "You can ask for more from" in page
    assert "<textarea" not in page


def test_the_answer_stands_under_the_medicines(browser, doctor, patient, rosa) -> None:
    prescription = collected(doctor, patient)
    now = timezone.now()
    told = {"asked_by": rosa, "answered_at": now, "answered_by": doctor, "prescription": prescription}
    RefillRequestFactory(**told, state="denied", reason="test_first", answer="Your kidneys, please")
    RefillRequestFactory(**told, state="denied", reason="other", answer="We talk on Monday")
    RefillRequestFactory(**told, state="approved")
    RefillRequestFactory(**told, state="closed")
    page = text_of(browser(rosa).get(MINE))
    for words in (
        "A test is needed first. Please call us.",
        "Your kidneys, please",
        "We talk on Monday",
        "We tell you when it is ready.",
        "Ask your doctor what to take instead.",
    ):
        assert words in page
    assert "said below" not in page


def test_anothers_medicine_and_anothers_request_are_not_there(browser, doctor, patient) -> None:
    request, client = asked(doctor, patient), browser(portal_user(PatientFactory()))
    assert client.get(f"{MINE}/{request.prescription_id}/ask").status_code == 404
    assert client.post(f"{MINE}/refills/{request.pk}/withdraw").status_code == 404
    assert state(request).state == "waiting"


# == The prescriber ==
def test_the_queue_leads_to_the_request(browser, doctor, patient) -> None:
    request, client = asked(doctor, patient), browser(doctor)
    for shown in ("", "all"):
        page = text_of(client.get(QUEUE, {"show": shown}))
        assert page_of(request) in page
        assert "None left at all" in page
    page = text_of(client.get(page_of(request)))
    assert "Approve: prescribe again and sign" in page
    assert "None left at all" in page


def test_nobody_waits(browser, doctor) -> None:
    assert "Nobody waits for an answer" in text_of(browser(doctor).get(QUEUE))


def test_denied_in_words_and_told_what_is_missing(browser, doctor, patient) -> None:
    request, client = asked(doctor, patient), browser(doctor)
    assert "Choose why" in text_of(client.post(page_of(request, "/deny"), {"words": "Kept"}), 422)
    page = text_of(client.post(page_of(request, "/deny"), {"reason": "other", "words": ""}), 422)
    assert "Say why in your words" in page
    page = text_of(client.post(page_of(request, "/deny"), {"reason": "too_early"}, follow=True))
    assert "The patient is told, and reads why." in page
    assert state(request).state == "denied"
    page = text_of(client.post(page_of(request, "/deny"), {"reason": "over"}, follow=True))
    assert "It was answered or taken back meanwhile: Denied." in page
    assert "It is too early: you should still have enough." in page
    assert "Or say why not" not in page


def test_the_next_supply_in_one_press(browser, doctor, patient) -> None:
    request, client = asked(doctor, patient, repeats=2), browser(doctor)
    assert "Approve: prepare the next supply" in text_of(client.get(page_of(request)))
    page = text_of(client.post(page_of(request, "/repeat"), follow=True))
    assert "The dispensary prepares the next supply" in page
    assert reload(request.prescription).fill == 1
    page = text_of(client.post(page_of(request, "/repeat"), follow=True))
    assert "It was answered or taken back meanwhile: Approved." in page


def test_prescribed_again_it_is_signed_before_it_is_approved(browser, doctor, patient) -> None:
    request, client = asked(doctor, patient), browser(doctor)
    page = text_of(client.post(page_of(request, "/prescribe"), follow=True))
    assert "that approves the request" in page
    assert "New prescription" in page
    assert state(request).state == "waiting"
    assert "answered or taken back" not in text_of(client.get(page_of(request)))


def test_with_repeats_left_nothing_is_written(browser, doctor, patient) -> None:
    request = asked(doctor, patient, repeats=1)
    page = text_of(browser(doctor).post(page_of(request, "/prescribe"), follow=True))
    assert "have the next supply prepared" in page


def test_a_request_of_another_patient_is_not_found_under_this_one(browser, doctor, patient) -> None:
    request, other = asked(doctor, patient), PatientFactory(site=patient.site)
    assert browser(doctor).get(f"/prescriptions/patients/{other.pk}/refills/{request.pk}").status_code == 404


@pytest.mark.parametrize("page", [QUEUE, MINE])
def test_the_pages_cost_the_same_with_more_requests(browser, doctor, patient, rosa, assert_queries, page) -> None:
    asked(doctor, patient)
    client = browser(doctor if page == QUEUE else rosa)
    with assert_queries() as few:
        text_of(client.get(page))
    for number in range(4):
        asked(doctor, patient, medication=MedicationFactory(label=f"medicine {number}, tablet"))
    with assert_queries() as many:
        text_of(client.get(page))
    assert len(few) == len(many)
