"""The pages of emergency access: open one chart, see on every page that it is one, give it back."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from healthcare.accounts.models import Session
from patients.models import EmergencyAccess, Patient
from tests.factories import PatientFactory, RoleEditFactory, portal_user, staff
from tests.patients.emergencies import REASON, broken, now
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
TYPED = {"purpose": "ETREAT", "reason": REASON, "minutes": "60"}
SHOWN = 'class="glass"'


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(family_name="Delgado", given_name="Rosa")


@pytest.fixture
def doctor():
    return staff("doctor", full_name="Aaron Feld")


def url(patient_id) -> str:
    return reverse("patients:break_glass", args=[patient_id])


def chart(patient) -> str:
    return reverse("patients:chart", args=[patient.pk])


def test_from_the_refusal_to_the_chart(browser, audited, rosa, doctor) -> None:
    client = browser(doctor)
    refused = client.get(chart(rosa)).content.decode()
    assert url(rosa.pk) in refused
    form = client.get(url(rosa.pk))
    assert form.status_code == 200
    assert b"Delgado" not in form.content
    answer = client.post(url(rosa.pk), TYPED)
    assert answer["Location"] == chart(rosa)
    page = client.get(chart(rosa)).content.decode()
    assert "The privacy officer has been told" in page
    assert re.search(r"Emergency access to this chart, (59|60) minutes left", page)
    assert audited(doctor)[0] == ("patients.open_chart", "denied")


@pytest.mark.parametrize("name", ["patients:chart", "patients:access", "records:results", "prescriptions:medicines"])
def test_every_page_of_the_chart_says_so_while_it_lasts(browser, rosa, doctor, name) -> None:
    broken(doctor, rosa.pk)
    client = browser(doctor)
    page = client.get(reverse(name, args=[rosa.pk])).content.decode()
    assert SHOWN in page
    assert reverse("patients:end_emergency", args=[rosa.pk]) in page


def test_other_charts_and_other_people_s_pages_do_not(browser, rosa, doctor) -> None:
    broken(doctor, rosa.pk)
    theirs = PatientFactory(site=rosa.site)
    colleague = staff("doctor", rosa.site)
    assert SHOWN not in browser(colleague).get(chart(rosa)).content.decode()
    assert SHOWN not in browser(colleague).get(chart(theirs)).content.decode()


def test_the_banner_costs_no_query(browser, rosa, doctor, assert_queries) -> None:
    colleague = browser(staff("doctor", rosa.site))
    colleague.get(chart(rosa))
    with assert_queries() as without:
        colleague.get(chart(rosa))
    broken(doctor, rosa.pk)
    client = browser(doctor)
    client.get(chart(rosa))
    with assert_queries() as with_it:
        client.get(chart(rosa))
    assert len(with_it) <= len(without) + 1, "the message of the first page apart"


def test_the_session_gets_a_new_key(browser, rosa, doctor) -> None:
    client = browser(doctor)
    before = client.cookies["sessionid"].value
    client.post(url(rosa.pk), TYPED)
    assert client.cookies["sessionid"].value != before
    client.cookies["sessionid"] = before
    assert client.get(chart(rosa)).status_code == 302, "the old key is dead"


def test_it_asks_again_who_it_is_and_keeps_what_was_typed(browser, rosa, doctor) -> None:
    client = browser(doctor)
    Session.objects.filter(user=doctor).update(stepped_up_at=now() - timedelta(minutes=6))
    assert client.get(url(rosa.pk))["Location"].startswith(reverse("accounts:step_up"))
    asked = client.post(url(rosa.pk), TYPED)
    assert b"Is it still you?" in asked.content
    assert REASON.encode() in asked.content
    with as_the_system():
        assert not EmergencyAccess.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": "urgent"}, "The reason needs 20 characters at least. It has 6"),
        ({"reason": ""}, "Missing: In one sentence"),
        ({"purpose": ""}, "Say what the chart is needed for"),
        ({"purpose": "CURIOUS"}, "Select a valid choice"),
        ({"minutes": "241"}, "Select a valid choice"),
    ],
)
def test_what_does_not_fit_stays_on_the_page_with_a_sentence(browser, rosa, doctor, changes, sentence) -> None:
    page = browser(doctor).post(url(rosa.pk), TYPED | changes)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    with as_the_system():
        assert not EmergencyAccess.objects.exists()


def test_for_nobody_s_id_it_stays_closed(browser, doctor, audited) -> None:
    nobody = uuid.uuid4()
    page = browser(doctor).post(url(nobody), TYPED)
    assert page.status_code == 422
    assert "This chart cannot be opened in this way." in page.content.decode()
    assert audited(doctor) == [("patients.break_glass", "denied")]


def test_the_form_is_the_same_for_everybody_s_id_and_nobody_s(browser, rosa, doctor) -> None:
    client, nobody = browser(doctor), uuid.uuid4()

    def form(patient_id) -> str:
        page = client.get(url(patient_id)).content.decode().split("<main", 1)[1].split("</main>")[0]
        return re.sub(rf"""name="csrfmiddlewaretoken" value="[^"]*|{patient_id}|<time.*?</time>""", "", page)

    assert form(rosa.pk) == form(nobody)


@pytest.mark.parametrize("role", ["front_desk", "billing", "administrator", "privacy_officer", "researcher"])
def test_without_the_right_there_is_no_way_and_the_try_is_audited(browser, audited, rosa, role) -> None:
    user = staff(role)
    client = browser(user)
    assert client.get(url(rosa.pk)).status_code == 403
    assert client.post(url(rosa.pk), TYPED).status_code == 403
    assert audited(user) == [("accounts.denied", "denied")] * 2
    assert url(rosa.pk) not in client.get(chart(rosa)).content.decode()


def test_a_patient_finds_no_such_way(browser, rosa) -> None:
    assert browser(portal_user(PatientFactory())).post(url(rosa.pk), TYPED).status_code == 403


def test_who_may_not_is_told_whom_to_call(browser, rosa) -> None:
    page = browser(staff("front_desk")).get(chart(rosa)).content.decode()
    assert "Call the patient&#x27;s site" in page or "Call the patient's site" in page


def test_the_right_follows_an_edit_on_the_next_request(browser, rosa, doctor) -> None:
    client = browser(doctor)
    assert client.get(url(rosa.pk)).status_code == 200
    RoleEditFactory(role="doctor", permission="patients.break_glass", held=False)
    assert client.get(url(rosa.pk)).status_code == 403


# == End ==
def end(patient) -> str:
    return reverse("patients:end_emergency", args=[patient.pk])


def test_it_is_given_back_by_a_page_that_asks_first(browser, rosa, doctor) -> None:
    broken(doctor, rosa.pk)
    client = browser(doctor)
    assert b"It is reviewed all the same" in client.get(end(rosa)).content
    assert client.get(chart(rosa)).status_code == 200, "to look is not to do"
    answer = client.post(end(rosa))
    assert b"Your emergency access has ended" in client.get(answer["Location"]).content
    assert client.get(chart(rosa)).status_code == 403


def test_whoever_has_none_ends_none(browser, rosa, doctor) -> None:
    assert browser(doctor).post(end(rosa)).status_code == 403
    colleague = browser(staff("doctor", rosa.site))
    assert b"has ended" not in colleague.get(colleague.post(end(rosa))["Location"]).content


# == The privacy officer's pages ==
@pytest.fixture
def officer(browser):
    return browser(staff("privacy_officer", full_name="Thomas Byrne"))


def test_the_queue_and_the_review(officer, rosa, doctor) -> None:
    emergency = broken(doctor, rosa.pk)
    queue = officer.get(reverse("patients:emergencies")).content.decode()
    assert "Delgado, Rosa" in queue
    assert "Aaron Feld" in queue
    assert REASON in queue
    assert "Open now" in queue
    address = reverse("patients:review", args=[emergency.pk])
    assert address in queue
    assert REASON in officer.get(address).content.decode()
    refused = officer.post(address, {"verdict": "", "note": "Asked her"})
    assert refused.status_code == 422
    assert "Choose one of the three" in refused.content.decode()
    assert "Asked her" in refused.content.decode(), "what was typed stays"
    answer = officer.post(address, {"verdict": "not_justified", "note": "Nobody had called"})
    page = officer.get(answer["Location"]).content.decode()
    assert "The review is kept." in page
    assert "Nothing waits for a review" in page
    assert "Not justified" in page
    again = officer.post(address, {"verdict": "justified", "note": "Changed my mind"})
    assert again.status_code == 422
    assert "Somebody else has reviewed this already." in again.content.decode()
    assert "Nobody had called" in again.content.decode()


def test_the_empty_queue_says_so(officer) -> None:
    page = officer.get(reverse("patients:emergencies")).content.decode()
    assert "Nothing waits for a review" in page


def test_a_review_that_is_not_there(officer) -> None:
    assert officer.get(reverse("patients:review", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("role", ["doctor", "administrator", "front_desk"])
def test_the_queue_is_the_officer_s_alone(browser, rosa, doctor, role) -> None:
    emergency = broken(doctor, rosa.pk)
    client = browser(staff(role))
    for address in (reverse("patients:emergencies"), reverse("patients:review", args=[emergency.pk])):
        page = client.get(address)
        assert page.status_code == 403
        assert b"Delgado" not in page.content


def test_ten_in_the_queue_cost_no_more_queries_than_one(officer, doctor, assert_queries) -> None:
    broken(doctor, PatientFactory().pk)
    with assert_queries(at_most=12) as one:
        officer.get(reverse("patients:emergencies"))
    for _each in range(9):
        broken(doctor, PatientFactory().pk)
    with assert_queries(at_most=12) as ten:
        officer.get(reverse("patients:emergencies"))
    assert len(ten) == len(one)


def test_the_officer_s_first_page_counts_what_waits(officer, rosa, doctor) -> None:
    broken(doctor, rosa.pk)
    page = officer.get("/").content.decode()
    assert reverse("patients:emergencies") in page
    assert "Emergency access to review" in page
    assert "Delgado" not in page
