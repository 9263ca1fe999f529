"""The pages of consents: in the portal and at the front desk, as easy to take back as to give."""

import pytest
from django.urls import reverse

from patients.models import Consent, Patient
from patients.texts import current_text
from tests.factories import CareRelationshipFactory, ConsentFactory, PatientFactory, SiteFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(family_name="Delgado", site=SiteFactory(time_zone="America/New_York"))


def stored() -> list[tuple[str, str, str]]:
    with as_the_system():
        return list(Consent.objects.order_by("id").values_list("purpose", "decision", "method"))


# == The portal ==
def own(name: str, *args: str) -> str:
    return reverse(f"portal:{name}", args=args)


def test_a_patient_reads_agrees_and_takes_it_back_in_one_press_each(browser, rosa) -> None:
    client = browser(portal_user(rosa))
    assert own("consents") in client.get(own("home")).content.decode()
    everything = client.get(own("consents")).content.decode()
    assert everything.count("Never asked") == len(Consent.Purpose)
    page = client.get(own("consent", "treatment"))
    text = current_text("treatment")
    for paragraph in text.paragraphs:
        assert paragraph in page.content.decode()
    said = client.post(own("consent", "treatment"), {"decision": "permit", "shown": text.digest})
    assert b"You said yes" in client.get(said["Location"]).content
    assert stored() == [("treatment", "permit", "portal")]
    assert b"Take my yes back" in client.get(own("consent", "treatment")).content
    back = client.post(own("withdraw_consent", "treatment"))
    assert b"Taken back." in client.get(back["Location"]).content
    again = client.post(own("withdraw_consent", "treatment"))
    assert b"From now on it counts as no" not in client.get(again["Location"]).content


def test_a_no_is_kept_and_said(browser, rosa) -> None:
    client = browser(portal_user(rosa))
    said = client.post(own("consent", "research"), {"decision": "deny", "shown": current_text("research").digest})
    assert b"You said no." in client.get(said["Location"]).content
    assert stored() == [("research", "deny", "portal")]


def test_other_words_than_were_shown_are_not_agreed_to(browser, rosa) -> None:
    answer = browser(portal_user(rosa)).post(own("consent", "treatment"), {"decision": "permit", "shown": "0" * 64})
    assert answer.status_code == 422
    assert b"changed meanwhile" in answer.content
    assert stored() == []


def test_words_that_are_new_ask_again(browser, rosa) -> None:
    ConsentFactory(patient=rosa, text_hash="0" * 64)
    page = browser(portal_user(rosa)).get(own("consent", "treatment")).content
    assert b"There are new words since" in page
    assert b"Yes, I agree" in page


def test_what_is_no_purpose_is_not_there(browser, rosa) -> None:
    client = browser(portal_user(rosa))
    for method, name in ((client.get, "consent"), (client.post, "consent"), (client.post, "withdraw_consent")):
        assert method(own(name, "marketing")).status_code == 404


# == The staff ==
def url(patient: Patient, name: str = "consent", *args: str) -> str:
    return reverse(f"patients:{name}", args=[patient.pk, *args])


def typed(**changes: str) -> dict[str, str]:
    told = {"decision": "permit", "method": "in_person", "until": "", "was_shown": "on"}
    return told | {"shown": current_text("treatment").digest} | changes


def test_the_front_desk_keeps_an_answer_and_takes_it_back(browser, rosa) -> None:
    client = browser(staff("front_desk", rosa.site, full_name="Fay Frontdesk"))
    tab = url(rosa, "consents")
    assert tab in client.get(f"/patients/{rosa.pk}/").content.decode()
    assert client.get(tab).content.decode().count("Never asked") == len(Consent.Purpose)
    said = client.post(url(rosa, "consent", "treatment"), typed(until="Dec 31, 2099"))
    assert said.status_code == 302, said.content
    with as_the_system():
        assert Consent.objects.get().validity.upper.isoformat() == "2100-01-01T05:00:00+00:00"
    page = client.get(url(rosa, "consent", "treatment")).content
    assert b"Fay Frontdesk" in page
    assert b"The patient takes it back" in page
    back = client.post(url(rosa, "withdraw_consent", "treatment"))
    assert b"Taken back. What rested on it has ended." in client.get(back["Location"]).content
    client.post(url(rosa, "consent", "treatment"), typed(decision="deny"))
    assert b"Before" in client.get(url(rosa, "consent", "treatment")).content
    assert client.post(url(rosa, "withdraw_consent", "research")).status_code == 302


@pytest.mark.parametrize(
    ("purpose", "changes", "why"),
    [
        ("treatment", {"was_shown": ""}, b"Show the text to the patient first"),
        ("treatment", {"shown": "0" * 64}, b"changed meanwhile"),
        ("substance_use", {}, b"in writing"),
        ("treatment", {"method": "portal"}, b"Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(browser, rosa, purpose, changes, why) -> None:
    client = browser(staff("nurse", rosa.site))
    told = typed(shown=current_text(purpose).digest) | {"until": "Dec 31, 2099"} | changes
    answer = client.post(url(rosa, "consent", purpose), told)
    assert answer.status_code == 422
    assert why in answer.content
    assert b"Dec 31, 2099" in answer.content
    assert stored() == []


def test_who_keeps_no_consents_finds_no_way(browser, rosa) -> None:
    for role in ("billing", "pharmacist"):
        client = browser(staff(role, rosa.site))
        assert b"/consents/" not in client.get(f"/patients/{rosa.pk}/").content
        assert client.get(url(rosa, "consents")).status_code == 403
    assert browser(staff("nurse", rosa.site)).get(url(rosa, "consent", "marketing")).status_code == 404


def test_a_colleague_elsewhere_is_not_told(browser, rosa) -> None:
    ConsentFactory(patient=rosa)
    assert browser(staff("doctor")).get(url(rosa, "consents")).status_code == 403
    CareRelationshipFactory(patient=rosa)


def test_each_act_stands_in_who_opened_my_record(browser, rosa) -> None:
    desk = staff("front_desk", rosa.site)
    browser(desk).post(url(rosa, "consent", "treatment"), typed())
    assert b"Kept an answer about consent" in browser(portal_user(rosa)).get(own("openings")).content
