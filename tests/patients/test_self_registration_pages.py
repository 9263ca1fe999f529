"""The public form and its link, and the pages on which the desk answers."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.db.uuids import uuid7
from healthcare.messaging.templating import render
from patients.actions import registrations as actions
from patients.models import Patient, ProposedChange
from patients.queries import TooManySearches
from tests.factories import MembershipFactory, PatientFactory, SiteFactory, portal_user, staff
from tests.patients.registrations import (
    PAGE,
    TYPED,
    WHO,
    confirmed,
    everything,
    kept,
    letters,
    link_of,
    request,
    text_of,
    told,
    type_in,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return staff("front_desk")


@pytest.fixture
def site(clerk):
    return clerk.memberships.get().site


@pytest.fixture
def desk(browser, clerk):
    return browser(clerk)


def address(row, door: str = "registration") -> str:
    return reverse(f"patients:{door}", args=[row.pk])


# == The public form ==
def test_from_the_sign_in_to_the_queue(site) -> None:
    client = Client()
    assert PAGE in client.get("/accounts/sign-in/").content.decode()
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"] or "no-cache" in page["Cache-Control"]
    assert site.name in text_of(page)
    answer = type_in(client, site=str(site.pk))
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?sent=yes")
    assert "Look into your mail" in text_of(client.get(answer["Location"]))
    [row] = everything()
    assert (row.state, row.site_id, row.get_told()) == ("unconfirmed", site.pk, told())
    assert "Yes, send it" in text_of(client.get(link_of(row)))
    assert kept(row).state == "unconfirmed", "to look at the page confirms nothing"
    answer = client.post(link_of(row))
    assert answer["Location"] == f"{PAGE}?confirmed=yes"
    assert "photo ID" in text_of(client.get(answer["Location"]))
    assert kept(row).state == "waiting"
    again = client.post(link_of(row))
    assert (again.status_code, "was used already" in text_of(again)) == (410, True)


def test_a_link_that_is_none_says_so() -> None:
    for token in ("x", "0" * 32 + ".forged"):
        assert Client().get(f"{PAGE}/{token}").status_code == 410


def test_a_closed_site_is_not_offered() -> None:

    closed = SiteFactory(name="Closed Street", closed_at=timezone.now())
    assert "Closed Street" not in text_of(Client().get(PAGE))
    answer = type_in(site=str(closed.pk))
    assert answer.status_code == 422
    assert "one of our sites" in text_of(answer)


def test_whoever_is_known_reads_what_a_stranger_reads() -> None:
    known = PatientFactory(**vars(WHO))
    portal_user(known, email=WHO.email)
    first = type_in()
    second = type_in(given_name="Nobody", family_name="Else", email="nobody@mail.example")
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert {template for _address, template in letters()} == {"patients/registration_confirm"}


def test_a_program_that_fills_in_everything_is_thanked_and_kept_out() -> None:
    answer = type_in(website="https://spam.example")
    assert answer["Location"] == f"{PAGE}?sent=yes"
    assert everything() == []
    assert letters() == []


def test_a_flood_keeps_what_was_typed(monkeypatch) -> None:
    monkeypatch.setattr(actions, "ALL_IN_AN_HOUR", 0)
    answer = type_in()
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) == 3600
    assert "in an hour" in text_of(answer)
    assert answer.context["form"]["family_name"].value() == "Applegate"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"notice": ""}, "notice", "Both answers are fine"),
        ({"shown": "0" * 64}, "notice", "has changed meanwhile"),
        ({"shown": ""}, "notice", "has changed meanwhile"),
        ({"sex": ""}, "sex", "Unknown is a good answer"),
        ({"email": ""}, "email", "Missing"),
        ({"email": "ngozi@bücher.example"}, "email", "e-mail"),
        ({"birth_date": ""}, "birth_date", "Enter the date of birth"),
    ],
)
def test_what_is_missing_or_odd_is_said_beside_the_field(changes, field, sentence) -> None:
    answer = type_in(**changes)
    form = answer.context["form"]
    assert answer.status_code == 422
    assert form.errors[field]
    assert sentence in text_of(answer)
    assert form["family_name"].value() == "Applegate"
    assert form["shown"].value() == TYPED["shown"], "the next answer is to the words of today"
    assert everything() == []


def test_a_birth_is_told_as_far_as_it_is_known() -> None:
    assert type_in(birth_date="about 40", interpreter="", language="", notice="deny").status_code == 302
    [row] = everything()
    said = row.get_told()
    assert said is not None
    assert (said.demographics.birth_precision, said.interpreter, said.language) == ("estimated", None, "")
    assert not said.received


@pytest.mark.parametrize("letter", ["confirm", "taken_up", "question", "refused"])
def test_the_letters_name_nobody_and_tell_of_no_record(letter) -> None:
    row = request()
    words = render(f"patients/registration_{letter}", "email", {"link": str(row.pk)}, "en")
    assert (link_of(row) in words.text) is (letter == "confirm")
    for told_of in ("Ngozi", "Applegate", "Mill Street", "first visit"):
        assert told_of not in words.subject
        assert told_of not in words.text.replace("your first visit", "")


# == The queue ==
def test_the_desk_finds_who_waits_from_what_is_to_be_put_right(desk, site) -> None:
    assert "Nobody waits" in text_of(desk.get(reverse("patients:registrations")))
    row = confirmed(site=site)
    assert "Registered online" in text_of(desk.get(reverse("patients:quality")))
    assert reverse("patients:registrations") in desk.get(reverse("patients:register")).content.decode()
    listed = desk.get(reverse("patients:registrations"))
    assert "Applegate" in text_of(listed)
    assert address(row) in listed.content.decode()


def test_who_does_not_answer_registrations_is_not_led_there(browser, site) -> None:
    page = browser(staff("nurse", site)).get(reverse("patients:register"))
    assert reverse("patients:registrations") not in page.content.decode()


def test_all_that_was_told_is_read(desk, site) -> None:
    text = text_of(desk.get(address(confirmed(site=site))))
    for said in ("Applegate", "508", "12 Mill Street", "Spanish", "interpreter", "A first visit", "was received"):
        assert said in text, said
    assert "Nobody who is registered seems to be this person" in text


def test_what_was_left_out_is_nothing(desk) -> None:
    bare = told(phone="", line="", city="", state="", postal_code="", email="b@mail.example")
    text = text_of(desk.get(address(confirmed(bare))))
    assert "nothing" in text
    assert "Anywhere" in text


def test_registered_as_new_and_said_so_on_the_profile(desk, site) -> None:
    row = confirmed(site=site)
    answer = desk.post(address(row, "accept_registration"), {"site": site.pk})
    with as_the_system():
        patient = Patient.objects.get(family_name="Applegate")
    assert answer["Location"] == reverse("patients:chart", args=[patient.pk])
    assert "Told by the patient, online" in text_of(desk.get(reverse("patients:profile", args=[patient.pk])))
    after = text_of(desk.get(address(row)))
    assert "Answered by" in after
    assert "Open the chart" in after


def test_who_may_be_the_same_is_looked_at_first(desk, site) -> None:
    known = PatientFactory(site=site, **vars(WHO))
    row = confirmed(site=site)
    page = desk.get(address(row))
    assert "Same date of birth" in text_of(page)
    refused = desk.post(address(row, "accept_registration"), {"site": site.pk})
    assert refused.status_code == 422
    assert "say again that it is somebody else" in text_of(refused)
    typed = {"site": site.pk, "not_the_same": page.context["answer"]}
    assert desk.post(address(row, "accept_registration"), typed).status_code == 302
    with as_the_system():
        assert Patient.objects.filter(family_name="Applegate").exclude(pk=known.pk).count() == 1


def test_whoever_works_at_two_sites_chooses_one_and_the_wished_for_stands_first(browser, clerk, site) -> None:
    other = MembershipFactory(user=clerk, role="front_desk").site
    row, desk = confirmed(site=other), browser(clerk)
    assert desk.get(address(row)).context["accept_form"]["site"].value() == other.pk
    assert desk.post(address(row, "accept_registration"), {"site": ""}).status_code == 422
    desk.post(address(row, "accept_registration"), {"site": other.pk})
    with as_the_system():
        assert Patient.objects.get(family_name="Applegate").site_id == other.pk


def test_a_site_where_one_does_not_work_is_refused_beside_the_field(desk, site) -> None:
    answer = desk.post(address(confirmed(site=site), "accept_registration"), {"site": SiteFactory().pk})
    assert answer.status_code == 422
    assert "sites where you work" in text_of(answer)


def test_somebody_registered_meanwhile_is_looked_at(desk, site, monkeypatch) -> None:
    """Between the look and the verb: the verb looks again."""
    PatientFactory(site=site, **vars(WHO))
    monkeypatch.setattr(actions, "look_for_registered", lambda **_given: [])
    answer = desk.post(address(confirmed(site=site), "accept_registration"), {"site": site.pk})
    assert answer.status_code == 422
    assert "a moment ago" in text_of(answer)


def test_the_same_person_leads_to_what_differs(desk, site) -> None:
    known = PatientFactory(site=site, **vars(WHO) | {"phone": "+15085550100"})
    row = confirmed(site=site)
    answer = desk.post(address(row, "link_registration"), {"patient": known.pk})
    assert answer["Location"] == reverse("patients:proposals", args=[known.pk])
    text = text_of(desk.get(answer["Location"]))
    assert "An online registration" in text
    assert "2 details differ" in text
    with as_the_system():
        assert ProposedChange.objects.filter(patient=known).count() == 2


def test_the_same_person_with_nothing_new_leads_to_the_chart(desk, site) -> None:
    known = PatientFactory(site=site, **vars(WHO), language="es")
    answer = desk.post(address(confirmed(site=site), "link_registration"), {"patient": known.pk})
    assert answer["Location"] == reverse("patients:chart", args=[known.pk])


def test_nobody_is_linked_by_an_id_of_elsewhere(desk, site) -> None:
    row = confirmed(site=site)
    for patient in (uuid7(), PatientFactory().pk):
        assert desk.post(address(row, "link_registration"), {"patient": patient}).status_code == 404
    nobody = desk.post(address(row, "link_registration"), {"patient": "x"})
    assert nobody.status_code == 422
    assert "Choose which patient" in text_of(nobody)


def test_out_of_reach_one_asks_for_access(desk, site) -> None:
    other = PatientFactory(**vars(WHO))
    page = desk.get(address(confirmed(site=site)))
    assert "ask for access first" in text_of(page)
    assert reverse("patients:chart", args=[other.pk]) in page.content.decode()


def test_asked_and_refused_with_words(desk, site) -> None:
    row = confirmed(site=site)
    for door, name in (("ask_about_registration", "question"), ("refuse_registration", "reason")):
        refused = desk.post(address(row, door), {name: ""})
        assert refused.status_code == 422
        assert "Missing" in text_of(refused)
    assert desk.post(address(row, "ask_about_registration"), {"question": "Which door?"}).status_code == 302
    assert "Which door?" in text_of(desk.get(address(row)))
    assert "Asked to call" in text_of(desk.get(reverse("patients:registrations")))
    assert desk.post(address(row, "refuse_registration"), {"reason": "A joke"}).status_code == 302
    assert "A joke" in text_of(desk.get(address(row)))


def test_whoever_comes_second_reads_a_sentence(desk, site) -> None:
    row, known = confirmed(site=site), PatientFactory(site=site)
    desk.post(address(row, "refuse_registration"), {"reason": "A joke"})
    for door, typed in (
        ("accept_registration", {"site": site.pk}),
        ("link_registration", {"patient": known.pk}),
        ("ask_about_registration", {"question": "Which?"}),
        ("refuse_registration", {"reason": "Again"}),
    ):
        answer = desk.post(address(row, door), typed, follow=True)
        assert "A colleague answered this registration a moment ago" in text_of(answer)


def test_too_many_searches_are_a_sentence(desk, site, monkeypatch) -> None:

    def refuse(**_given: object) -> None:
        raise TooManySearches("That was a lot of searches. Wait a minute, then go on.")

    row = confirmed(site=site)
    monkeypatch.setattr(actions, "look_for_registered", refuse)
    assert "a lot of searches" in text_of(desk.get(address(row)))
    assert "a lot of searches" in text_of(desk.post(address(row, "accept_registration"), {"site": site.pk}))


def test_an_unconfirmed_one_is_not_there(desk, site) -> None:
    assert desk.get(address(request(site=site))).status_code == 404
