"""The page that registers a person: looks for them first, keeps what was typed, says what is wrong."""

from datetime import date

import pytest
from django.test import Client

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import queries
from patients.models import Patient
from tests.factories import MembershipFactory, PatientFactory, SiteFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
URL = "/patients/register"


@pytest.fixture
def desk():
    return staff("front_desk")


def typed(desk, **changes) -> dict[str, str]:
    rosa = {
        "family_name": "Delgado-Ferreira",
        "given_name": "Rosa",
        "preferred_name": "Rosie",
        "birth_date": "Mar 12, 1968",
        "sex": "female",
        "phone": "508 555 0177",
        "email": "r.delgado@mail.example",
        "line": "14 Elm Street",
        "city": "Worcester",
        "state": "ma",
        "postal_code": "01608",
        "site": str(desk.memberships.get().site_id),
    }
    return rosa | changes


def registered() -> list[Patient]:
    with as_the_system():
        return list(Patient.objects.order_by("-pk"))


def test_a_person_is_registered_and_the_chart_opens(browser, desk) -> None:
    client = browser(desk)
    answer = client.post(URL, typed(desk))
    [patient] = registered()
    assert answer.status_code == 302
    assert answer["Location"] == f"/patients/{patient.pk}/"
    assert (patient.name, patient.preferred_name, patient.birth_date) == (
        "Rosa Delgado-Ferreira",
        "Rosie",
        date(1968, 3, 12),
    )
    assert (patient.phone, patient.state, patient.site) == ("+15085550177", "MA", desk.memberships.get().site)
    page = client.get(answer["Location"]).content.decode()
    assert "Registered. The teams of the site can open the chart" in page


def test_the_message_after_it_names_nobody(browser, desk) -> None:
    """Django keeps it in a cookie, which is signed and not secret."""
    client = browser(desk)
    client.post(URL, typed(desk))
    cookie = client.cookies.get("messages")
    assert "Delgado" not in str(cookie)


def test_only_who_may_register_sees_the_form(browser, desk) -> None:
    assert browser(desk).get(URL).status_code == 200
    assert browser(staff("billing")).get(URL).status_code == 403
    assert browser(portal_user(PatientFactory())).post(URL, typed(desk)).status_code == 403
    assert Client().get(URL).status_code == 302


def test_with_one_site_it_is_chosen_and_with_two_it_is_asked(browser, desk) -> None:
    page = browser(desk).get(URL).content.decode()
    assert "<option value" in page
    assert f'{desk.memberships.get().site_id}" selected' in page
    MembershipFactory(user=desk, role="front_desk")
    MembershipFactory(user=desk, role="billing")
    site_field = browser(desk).get(URL).context["form"].fields["site"]
    assert next(iter(site_field.choices))[0] == ""
    assert len(site_field.choices) == 3


def test_a_site_of_others_is_refused(browser, desk) -> None:
    page = browser(desk).post(URL, typed(desk, site=str(SiteFactory().pk)))
    assert page.status_code == 422
    assert "Choose one of the sites where you work" in page.content.decode()


# == What is typed ==
ILL = [
    ("family_name", "", "Missing: Family name"),
    ("family_name", "x" * 10_000, "is too long: 100 characters fit, it has 10000"),
    ("family_name", "\u202eavliS", "holds a character that cannot be seen"),
    ("given_name", "Ro\u200bsa", "holds a character that cannot be seen"),
    ("given_name", "1234", "needs at least one letter"),
    ("birth_date", "Feb 30, 1968", "February 1968 has no day 30"),
    ("birth_date", "Mar 12, 2268", "in the future"),
    ("birth_date", "Mar 12, 1768", "more than 130 years ago"),
    ("birth_date", "yesterday", "Write day, month and year"),
    ("sex", "", "Choose the sex"),
    ("sex", "robot", "Select a valid choice"),
    ("phone", "508-555-017", "Phone needs 10 digits. It has 9"),
    ("email", "rosa at home", "E-mail needs an address like"),
    ("email", f"{'x' * 300}@mail.example", "E-mail is too long"),
    ("state", "Massachusetts", "State is two letters"),
    ("postal_code", "1608", "ZIP code has 5 digits"),
    ("line", "x" * 201, "is too long: 200 characters fit"),
    ("city", "Wor\x07cester", "cannot be seen"),
]


@pytest.mark.parametrize(("field", "value", "sentence"), ILL)
def test_what_cannot_be_stays_on_the_page_with_a_sentence(browser, desk, field, value, sentence) -> None:
    page = browser(desk).post(URL, typed(desk, **{field: value}))
    text = page.content.decode()
    assert page.status_code == 422
    assert sentence in text
    assert "Error:" in text.split("</title>")[0]
    assert 'value="Worcester"' in text or field == "city", "what was typed stays"
    assert 'aria-invalid="true"' in text
    assert registered() == []


def test_a_nul_is_refused(browser, desk) -> None:
    assert browser(desk).post(URL, typed(desk, family_name="Del\0gado")).status_code == 400
    assert registered() == []


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("  Nguyễn   Thị ", "Nguyễn Thị"),
        ("Nguye\u0302\u0303n", "Nguy\u1ec5n"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("O’Connor", "O’Connor"),
        ("<b>", "<b>"),
    ],
)
def test_names_of_every_script_are_kept_as_people_write_them(browser, desk, value, kept) -> None:
    assert browser(desk).post(URL, typed(desk, family_name=value)).status_code == 302
    assert registered()[0].family_name == kept


# == Already registered? ==
def test_somebody_alike_is_shown_before_anything_is_added(browser, audited, desk) -> None:
    site = desk.memberships.get().site
    known = PatientFactory(family_name="Delgado", given_name="Rosa", phone="+15085552390", site=site)
    client = browser(desk)
    page = client.post(URL, typed(desk))
    text = page.content.decode()
    assert page.status_code == 422
    assert registered() == [known]
    for part in (
        "Not registered yet.",
        "Already registered?",
        "Same date of birth, same given name",
        "another phone",
        "2390",
    ):
        assert part in text
    assert f"/patients/{known.pk}/" in text
    assert 'value="Rosie"' in text
    assert audited(desk) == [("patients.search", "ok")]
    answer = client.post(URL, typed(desk, not_the_same=page.context["answer"]))
    assert answer.status_code == 302
    assert len(registered()) == 2


def test_somebody_of_another_site_is_masked(browser, desk) -> None:
    PatientFactory(family_name="Delgado-Ferrara", given_name="Rosalinda", phone="+15085552390")
    text = browser(desk).post(URL, typed(desk)).content.decode()
    assert "<b>D•••</b>, R•••" in text
    assert "Not in your care, so the name is masked." in text
    assert "Ferrara" not in text
    assert not [said for said in ("5552390", "555-2390", "•2390", "(508) 555") if said in text]


def test_an_answer_about_other_people_does_not_count(browser, desk) -> None:
    PatientFactory(family_name="Delgado", given_name="Rosa")
    client = browser(desk)
    first = client.post(URL, typed(desk))
    PatientFactory(family_name="Delgado", given_name="Rosita", phone="")
    again = client.post(URL, typed(desk, not_the_same=first.context["answer"]))
    assert again.status_code == 422
    assert len(again.context["alike"]) == 2


def test_another_birth_date_is_another_person(browser, desk) -> None:
    PatientFactory(family_name="Delgado-Ferreira", given_name="Rosa", birth_date=date(1951, 11, 20))
    assert browser(desk).post(URL, typed(desk)).status_code == 302


def test_too_many_searches_are_a_sentence_on_the_form(browser, desk, monkeypatch) -> None:
    def refuse(**_):
        raise queries.TooManySearches("That was a lot of searches.")

    monkeypatch.setattr("patients.actions.find_alike", refuse)
    page = browser(desk).post(URL, typed(desk))
    assert page.status_code == 422
    assert b"That was a lot of searches." in page.content
    assert registered() == []


def test_no_audit_nobody_registered(browser, desk, no_audit) -> None:
    assert browser(desk).post(URL, typed(desk)).status_code == 503
    assert registered() == []


def test_the_audit_of_the_change_is_in_its_transaction(browser, desk) -> None:
    browser(desk).post(URL, typed(desk))
    with acting_as(desk):
        assert AuditEvent.objects.get(action="patients.register").patient_id == registered()[0].pk
