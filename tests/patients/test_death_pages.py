"""The pages about a death, the banner, and a portal that can only be read."""

from datetime import date

import pytest

from patients.models import Consent, Patient
from records.models import Message
from tests.factories import DeathReportFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado")


@pytest.fixture
def late() -> Patient:
    """Died on a day that is known."""
    patient = PatientFactory(deceased=True, deceased_date=date(2026, 3, 3))
    DeathReportFactory(patient=patient, died_on=date(2026, 3, 3), source="hospital", reported_by__full_name="Ida Roe")
    return patient


def test_the_desk_says_it_and_the_banner_tells_it(browser, rosa) -> None:
    client = browser(staff("front_desk", rosa.site))
    assert "The patient has died" in client.get(f"/patients/{rosa.pk}/change").content.decode()
    answer = client.post(f"/patients/{rosa.pk}/death", {"source": "family", "died_on": "3/3/2026"})
    assert (answer.status_code, answer["Location"]) == (302, f"/patients/{rosa.pk}/")
    page = client.get(f"/patients/{rosa.pk}/").content.decode()
    assert "Letters stop" in page
    assert "Died on Mar 3, 2026" in page
    assert page.index("Died on Mar 3, 2026") < page.index("</section>"), "in the banner"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"died_on": "Mar 3, 2026"}, "Say who told it"),
        ({"source": "family", "died_on": "3/3/2999"}, "value=&quot;"),
        ({"source": "family", "died_on": "Feb 30, 2026"}, "February 2026 has no day 30"),
        ({"source": "family", "died_on": "1/1/1900"}, "before the birth"),
        ({"source": "magic", "died_on": ""}, "magic"),
    ],
)
def test_a_mistake_stays_on_the_page_and_nothing_is_written(browser, rosa, typed, sentence) -> None:
    page = browser(staff("nurse", rosa.site)).post(f"/patients/{rosa.pk}/death", typed)
    text = page.content.decode()
    assert page.status_code == 422
    assert (sentence in text) or sentence.startswith("value")
    assert typed["died_on"] in text, "nothing typed is lost"
    with as_the_system():
        assert not Patient.objects.filter(pk=rosa.pk, deceased=True).exists()


def test_an_unknown_day_is_said_so(browser, rosa) -> None:
    client = browser(staff("nurse", rosa.site))
    client.post(f"/patients/{rosa.pk}/death", {"source": "family", "died_on": ""})
    assert "Has died" in client.get(f"/patients/{rosa.pk}/").content.decode()
    assert "Nobody knows the day" in client.get(f"/patients/{rosa.pk}/death").content.decode()


def test_the_page_tells_who_said_it_and_offers_to_take_it_back(browser, late) -> None:
    text = browser(staff("doctor", late.site)).get(f"/patients/{late.pk}/death").content.decode()
    for part in (
        "Died on Mar 3, 2026",
        "A hospital or another clinic",
        "Ida Roe",
        f"/patients/{late.pk}/death/take-back",
    ):
        assert part in text
    desk = browser(staff("front_desk", late.site))
    assert "A nurse or doctor can take it back" in desk.get(f"/patients/{late.pk}/death").content.decode()
    assert desk.get(f"/patients/{late.pk}/death/take-back").status_code == 403


def test_taken_back_needs_a_reason_and_is_told(browser, late) -> None:
    client = browser(staff("nurse", late.site))
    url = f"/patients/{late.pk}/death/take-back"
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": " "}).status_code == 422
    assert client.post(url, {"reason": "Came to the desk"})["Location"] == f"/patients/{late.pk}/"
    page = client.get(f"/patients/{late.pk}/").content.decode()
    assert "book" in page
    assert "Died on" not in page
    assert "Came to the desk" in client.get(f"/patients/{late.pk}/death").content.decode()
    again = client.post(url, {"reason": "Came to the desk"})
    assert "Nobody says that this patient has died" in again.content.decode()


def test_the_portal_is_read_and_not_written(browser, late) -> None:
    client = browser(portal_user(late))
    for path in ("/portal/", "/portal/record", "/portal/consents", "/portal/visits"):
        assert client.get(path).status_code == 200, path
    for path in ("/portal/consents/research", "/portal/messages/write"):
        answer = client.post(path, {"decision": "permit", "subject": "Hello", "text": "Hello"}, follow=True)
        assert answer.redirect_chain == [("/portal/", 302)], path
        assert "nothing is added to it" in answer.content.decode()
    with as_the_system():
        assert not Consent.objects.exists()
        assert not Message.objects.exists()
    assert "Mar 3, 2026" in client.get("/portal/record").content.decode()


def test_who_opened_the_record_reads_it_in_words(browser, rosa) -> None:
    account = portal_user(rosa)
    browser(staff("nurse", rosa.site)).post(f"/patients/{rosa.pk}/death", {"source": "here", "died_on": ""})
    page = browser(account).get("/portal/openings").content.decode()
    assert "Noted that the patient has died" in page
