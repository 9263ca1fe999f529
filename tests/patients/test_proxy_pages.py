"""The pages: the desk adds and ends who acts for a patient; the portal shows both sides, and ends it."""

from datetime import date

import pytest
from django.urls import reverse

from patients.models import CareRelationship, Proxy
from tests.factories import PatientFactory, SiteFactory, UserFactory, portal_user, proxy_of, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa():
    site = SiteFactory(time_zone="America/New_York")
    return PatientFactory(given_name="Rosa", family_name="Delgado", site=site)


@pytest.fixture
def theo(rosa):
    return PatientFactory(given_name="Theo", family_name="Delgado", site=rosa.site, birth_date=date(2017, 5, 9))


def url(patient) -> str:
    return reverse("patients:add_proxy", args=[patient.pk])


def typed(**changes) -> dict:
    return {
        "full_name": "Ana Delgado",
        "email": "ana@mail.example",
        "relation": "child",
        "extent": "appointments",
        "agreed_by": "patient",
        "until": "",
        "checked": "on",
    } | changes


def current() -> list[CareRelationship]:
    with as_the_system():
        return list(CareRelationship.objects.current().filter(kind="proxy").select_related("user"))


def proxy() -> Proxy:
    with as_the_system():
        return Proxy.objects.get()


# == The desk ==
def test_the_desk_adds_somebody_and_the_list_says_who_agreed(browser, rosa) -> None:
    client = browser(staff("front_desk", rosa.site, full_name="Jodie Parrish"))
    answer = client.post(url(rosa), typed(), follow=True)
    assert answer.redirect_chain == [(reverse("patients:access", args=[rosa.pk]), 302)]
    text = answer.content.decode()
    for part in ("Ana Delgado", "Grown-up child", "Visits only", "ID seen by Jodie Parrish", "The patient", "no end"):
        assert part in text, part
    assert [(row.user.full_name, set(row.scopes)) for row in current()] == [("Ana Delgado", {"identity", "schedule"})]


def test_only_what_one_sees_and_who_can_agree_is_offered(browser, rosa, theo) -> None:
    desk, doctor = browser(staff("front_desk", rosa.site)), browser(staff("doctor", rosa.site))
    text = desk.get(url(rosa)).content.decode()
    assert 'value="all"' not in text
    assert "A doctor can open the rest" in text
    assert 'value="parent" id' not in text
    text = doctor.get(url(theo)).content.decode()
    assert 'value="all"' in text
    assert "A doctor can open the rest" not in text
    assert 'name="agreed_by" value="patient"' not in text
    assert "birthday 13 on, and nothing from the birthday 18 on" in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"checked": ""}, "Look at a photo ID first"),
        ({"email": "nobody"}, "E-mail needs an address"),
        ({"relation": ""}, "Choose who they are to the patient"),
        ({"extent": "all"}, "Select a valid choice"),
        ({"extent": ""}, "Choose what they may see and do"),
        ({"agreed_by": "parent"}, "Select a valid choice"),
        ({"until": "Jan 3, 2020"}, "cannot be before"),
        ({"full_name": ""}, "Name of the person"),
    ],
)
def test_a_refusal_says_what_fits_and_keeps_what_was_typed(browser, rosa, changes, sentence) -> None:
    answer = browser(staff("front_desk", rosa.site)).post(url(rosa), typed(**changes))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert current() == []
    if "full_name" not in changes:
        assert b"Ana Delgado" in answer.content


def test_what_the_verb_refuses_is_said_on_the_form(browser, rosa) -> None:
    portal_user(rosa, email="rosa@mail.example")
    answer = browser(staff("front_desk", rosa.site)).post(url(rosa), typed(email="ROSA@mail.example"))
    assert answer.status_code == 422
    assert "This is the patient’s own account" in answer.content.decode().replace("&#x27;", "’")


def test_the_last_day_counts(browser, rosa) -> None:
    browser(staff("front_desk", rosa.site)).post(url(rosa), typed(until="Dec 31, 2099"))
    (row,) = current()
    assert row.validity.upper.isoformat() == "2100-01-01T05:00:00+00:00"


def test_the_desk_ends_it(browser, rosa) -> None:
    helper = proxy_of(rosa, user=UserFactory(full_name="Ana Delgado"))
    client = browser(staff("front_desk", rosa.site))
    page = reverse("patients:end_proxy", args=[rosa.pk, proxy().pk])
    assert page in client.get(reverse("patients:access", args=[rosa.pk])).content.decode()
    assert b"End that Ana Delgado acts for the patient?" in client.get(page).content
    assert len(current()) == 1
    answer = client.post(page, follow=True)
    assert "They no longer act for the patient" in answer.content.decode()
    assert current() == []
    assert browser(helper).get(f"/portal/for/{rosa.pk}/record").status_code == 404


def test_the_doors_of_the_desk(browser, rosa, theo) -> None:
    proxy_of(rosa)
    pages = [url(rosa), reverse("patients:end_proxy", args=[rosa.pk, proxy().pk])]
    for page in pages:
        assert browser(staff("front_desk")).get(page).status_code == 403
        assert browser(staff("billing", rosa.site)).get(page).status_code == 403
        assert browser(portal_user(PatientFactory())).get(page).status_code == 404
    crossed = reverse("patients:end_proxy", args=[theo.pk, proxy().pk])
    assert browser(staff("front_desk", rosa.site)).post(crossed).status_code == 404
    assert len(current()) == 1


# == The portal ==
def test_the_patient_sees_who_acts_for_them_and_ends_it(browser, rosa) -> None:
    helper = proxy_of(rosa)
    own = browser(portal_user(rosa))
    assert b'href="/portal/people"' in own.get("/portal/").content
    text = own.get("/portal/people").content.decode()
    assert helper.full_name in text
    assert "Notes and results" in text
    page = reverse("portal:end_proxy", args=[proxy().pk])
    assert page in text
    assert f"End that {helper.full_name} acts for you?" in own.get(page).content.decode()
    answer = own.post(page, follow=True)
    assert "They no longer act for you" in answer.content.decode()
    assert "Nobody acts for you" in answer.content.decode()
    assert current() == []


def test_what_a_court_arranged_is_ended_by_the_clinic(browser, rosa) -> None:
    proxy_of(rosa, agreed_by="court")
    own = browser(portal_user(rosa))
    assert b"Ask the clinic to end this" in own.get("/portal/people").content
    for method in (own.get, own.post):
        assert method(reverse("portal:end_proxy", args=[proxy().pk])).status_code == 404
    assert len(current()) == 1


def test_who_acts_may_stop(browser, rosa, audited) -> None:
    helper = proxy_of(rosa)
    client = browser(helper)
    client.get("/portal/people")
    assert ("patients.list_acted_for", "ok") in audited(helper)
    page = reverse("portal:end_proxy", args=[proxy().pk])
    assert b"Stop acting for Rosa Delgado?" in client.get(page).content
    assert "You act for nobody" in client.post(page, follow=True).content.decode()
    assert client.get(page).status_code == 404
    assert current() == []


def test_strangers_end_nothing(browser, rosa) -> None:
    proxy_of(rosa)
    page = reverse("portal:end_proxy", args=[proxy().pk])
    for user in (portal_user(PatientFactory()), proxy_of(PatientFactory())):
        assert browser(user).post(page).status_code == 404
    assert browser(staff("doctor", rosa.site)).post(page).status_code == 403
    assert len(current()) == 2


def test_the_first_page_leads_to_the_people_one_looks_after(browser, rosa, theo) -> None:
    own = portal_user(rosa)
    proxy_of(theo, user=own, relation="grandparent", scopes=["identity", "schedule"])
    client = browser(own)
    text = client.get("/portal/").content.decode()
    assert f'href="/portal/for/{theo.pk}/"' in text
    assert "your grandchild, 9 years old. You see visits" in text
    acting = client.get(f"/portal/for/{theo.pk}/").content.decode()
    assert "Hello" not in acting
    assert 'href="/portal/people">Back to my own pages' in acting
    assert "How we reach them" in acting
