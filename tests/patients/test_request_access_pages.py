"""The pages by which one asks to be let into a chart, sees what became of it, and answers others."""

from datetime import timedelta

import pytest
from django.urls import reverse

from patients.models import AccessRequest, Patient
from tests.factories import AccessRequestFactory, PatientFactory, staff
from tests.patients.emergencies import now
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
REASON = "She was sent to me for her heart"


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(family_name="Delgado", given_name="Rosa")


@pytest.fixture
def doctor(rosa):
    """Who cares for the patient."""
    return staff("doctor", rosa.site, full_name="Maren Okafor")


@pytest.fixture
def feld():
    return staff("doctor", full_name="Aaron Feld")


@pytest.fixture
def officer():
    return staff("privacy_officer", full_name="Thomas Byrne")


def url(patient_id) -> str:
    return reverse("patients:request_access", args=[patient_id])


def typed(**changes) -> dict:
    return {"scopes": ["clinical"], "reason": REASON, "until": ""} | changes


def until() -> str:
    return (now() + 20 * DAY).strftime("%b %d, %Y")


def test_from_the_refusal_to_the_open_chart(browser, rosa, doctor, feld) -> None:
    asker, carer = browser(feld), browser(doctor)
    chart = reverse("patients:chart", args=[rosa.pk])
    assert url(rosa.pk) in asker.get(chart).content.decode()
    assert b"Delgado" not in asker.get(url(rosa.pk)).content
    answer = asker.post(url(rosa.pk), typed(until=until()))
    page = asker.get(answer["Location"]).content.decode()
    assert "Your request is on its way" in page
    assert "Delgado" not in page
    listed = carer.get(reverse("patients:requests")).content.decode()
    assert "Delgado, Rosa" in listed
    with as_the_system():
        request = AccessRequest.objects.get()
    here = reverse("patients:answer_request", args=[request.pk])
    assert here in listed
    assert REASON in carer.get(here).content.decode()
    assert b"Choose yes or no" in carer.post(here, {"decision": ""}).content
    assert b"Say why not" in carer.post(here, {"decision": "no"}).content
    answer = carer.post(here, {"decision": "yes", "scopes": ["clinical"], "answer": ""})
    assert b"Answered. Whoever asked gets a mail." in carer.get(answer["Location"]).content
    assert chart in asker.get(reverse("patients:requests")).content.decode()
    assert asker.get(chart).status_code == 200
    again = carer.post(here, {"decision": "no", "answer": "Too late"})
    assert again.status_code == 422
    assert b"does not wait any more" in again.content


def test_the_privacy_officer_answers_from_the_queue(browser, rosa, officer, feld) -> None:
    request = AccessRequestFactory(patient=rosa, user=feld, reason=REASON)
    client = browser(officer)
    here = reverse("patients:review_request", args=[request.pk])
    assert here in client.get(reverse("patients:emergencies")).content.decode()
    assert "Delgado, Rosa" in client.get(here).content.decode()
    assert client.post(here, {"decision": "no", "answer": "Ask the ward"}).status_code == 302
    assert "Ask the ward" in browser(feld).get(reverse("patients:requests")).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"scopes": []}, "Choose what you need to see"),
        ({"reason": ""}, "Missing: Why"),
        ({"until": "soon"}, "Write day, month and year"),
        ({"until": "Dec 31, 2099"}, "a year at most"),
    ],
)
def test_what_does_not_fit_stays_with_a_sentence(browser, rosa, feld, changes, sentence) -> None:
    page = browser(feld).post(url(rosa.pk), typed(until=until()) | changes)
    assert page.status_code == 422
    assert sentence in page.content.decode()


def test_one_takes_one_s_own_back_on_the_page(browser, rosa, feld) -> None:
    request = AccessRequestFactory(patient=rosa, user=feld, reason=REASON)
    back = reverse("patients:withdraw_request", args=[request.pk])
    assert browser(staff("doctor")).post(back).status_code == 404
    client = browser(feld)
    page = client.get(client.post(back)["Location"]).content.decode()
    assert "Your request was taken back." in page
    assert "has" not in client.get(client.post(back)["Location"]).content.decode().split('id="messages"')[1][:60]


def test_without_requests_the_page_says_how_to_ask(browser, feld) -> None:
    assert b"the page that says so lets you ask" in browser(feld).get(reverse("patients:requests")).content


def test_strangers_find_no_request_to_answer(browser, rosa, feld) -> None:
    request = AccessRequestFactory(patient=rosa, user=feld, reason=REASON)
    here = reverse("patients:answer_request", args=[request.pk])
    assert browser(staff("doctor")).get(here).status_code == 404
    assert browser(staff("front_desk", rosa.site)).get(here).status_code == 403
    assert browser(feld.in_role("doctor")).get(here).status_code == 404


def test_ten_requests_cost_no_more_queries_than_one(browser, rosa, doctor, assert_queries) -> None:
    AccessRequestFactory(patient=rosa)
    client = browser(doctor)
    client.get(reverse("patients:requests"))
    with assert_queries(at_most=12) as one:
        client.get(reverse("patients:requests"))
    AccessRequestFactory.create_batch(9, patient=rosa)
    with assert_queries(at_most=12) as ten:
        client.get(reverse("patients:requests"))
    assert len(ten) == len(one)


def test_first_pages_count_what_waits_for_whoever_may_answer(browser, rosa, doctor, officer, feld) -> None:
    AccessRequestFactory(patient=rosa, user=feld)
    assert "1 colleague asks to be let into the chart" in browser(doctor).get("/").content.decode()
    assert "Requests for access" in browser(officer).get("/").content.decode()
    assert "asks to be let into" not in browser(feld).get("/").content.decode()
    assert "Delgado" not in browser(officer).get("/").content.decode()
