"""Whoever comes back under a former name, or with a number of another house, is found, and it is said by what."""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from patients import actions
from patients.actions.identifiers import IdentifierRefused
from patients.actions.profile import end_detail
from patients.models import Patient, PatientIdentifier, PatientName
from patients.queries import FoundPatient
from patients.queries.matching import Candidate, find_duplicates
from patients.rules import Demographics
from patients.rules.matching import Bears, Other, Person
from tests.factories import MergeFactory, PatientFactory, PatientIdentifierFactory, PatientNameFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
BORN = date(1975, 9, 4)


@pytest.fixture
def desk() -> Any:
    return staff("front_desk")


@pytest.fixture
def anna(desk: Any) -> Any:
    """Registered under the name of her husband; Kovács is her name at birth."""
    site = desk.memberships.get().site
    patient = PatientFactory(
        site=site, given_name="Anna", family_name="Weber", birth_date=BORN, sex="female", phone="+15085550117", email=""
    )
    PatientNameFactory(patient=patient, given_name="Anna", family_name="Kovács")
    return patient


def told(**said: Any) -> Person:
    return Person(**{"given_name": "Anna", "family_name": "Kovacs", "birth_date": BORN} | said)


def alike(user: Any, person: Person) -> list[Candidate]:
    with acting_as(user):
        return find_duplicates(person)


def search(user: Any, text: str) -> list[FoundPatient]:
    with acting_as(user):
        return actions.search_patients(by=user, text=text)


# == Before a registration ==
def test_the_name_at_birth_finds_her_and_the_reason_says_so(desk: Any, anna: Any) -> None:
    [found] = alike(desk, told())
    assert (found.id, found.judgement.same) == (anna.pk, True)
    assert found.judgement.compared.name == Bears.AT_BIRTH
    assert "by the name at birth" in map(str, found.reasons.agrees)
    assert "another family name" not in map(str, found.reasons.differs)


@pytest.mark.parametrize(("use", "words"), [("old", "by a former name"), ("nickname", "by a name they are also known")])
def test_which_name_it_was_is_told(desk: Any, anna: Any, use: str, words: str) -> None:
    PatientNameFactory(patient=anna, use=use, given_name="Annika", family_name="Lindholm")
    [found] = alike(desk, told(given_name="Annika", family_name="Lindholm"))
    assert found.id == anna.pk
    assert any(words in str(reason) for reason in found.reasons.agrees)


def test_another_given_name_and_a_slip_of_the_date_under_the_former_name(desk: Any, anna: Any) -> None:
    """Nothing of the registration fits: only the former name leads here."""
    PatientNameFactory(patient=anna, use="old", given_name="Mirjam", family_name="Kovács")
    [found] = alike(desk, told(given_name="Miriam", birth_date=date(1975, 9, 14), phone="508 555 0117"))
    assert (found.id, found.judgement.same) == (anna.pk, True)


def test_the_name_of_today_is_compared_where_it_fits_best(desk: Any, anna: Any) -> None:
    [found] = alike(desk, told(family_name="Weber"))
    assert found.judgement.compared.name == Bears.NOW
    assert not any("name at birth" in str(reason) for reason in found.reasons.agrees)


def test_a_name_that_was_ended_counts_no_longer(desk: Any, anna: Any) -> None:
    with acting_as(desk):
        [name] = PatientName.objects.visible_to(desk)
        end_detail(by=desk, detail=name, now=timezone.now())
    assert search(desk, "kovacs") == []
    assert not alike(desk, told())[0].judgement.compared.name


def test_a_namesake_of_the_maiden_name_with_another_birthday_is_another(desk: Any, anna: Any) -> None:
    assert alike(desk, told(birth_date=date(1992, 1, 30))) == []


def test_out_of_reach_her_names_stay_masked(anna: Any) -> None:
    [found] = alike(staff("front_desk"), told())
    assert (found.visible, found.family_name, found.mrn) == (False, "W•••", "")
    [confirmed] = alike(staff("front_desk"), told(phone="508 555 0117"))
    assert (confirmed.confirmed, confirmed.family_name) == (True, "Weber"), "name, day and phone are as registered"


# == Numbers ==
def test_a_number_of_another_house_finds_her_whatever_else_differs(desk: Any, anna: Any) -> None:
    PatientIdentifierFactory(patient=anna, system="Riverside Hospital", value="RH-004417")
    [found] = alike(desk, told(given_name="A", family_name="Novak", birth_date=None, identifier="rh 004417"))
    assert found.id == anna.pk
    assert "same number" in map(str, found.reasons.agrees)


def test_a_slip_of_the_number_counts_and_another_number_is_no_evidence_against(desk: Any, anna: Any) -> None:
    PatientIdentifierFactory(patient=anna, value="RH-004417")
    [near] = alike(desk, told(identifier="RH-004471"))
    assert near.judgement.compared.identifier == Other.NEAR
    [other] = alike(desk, told(identifier="C01X00T47"))
    assert other.judgement.compared.identifier == Other.NOT_SAID


def test_a_record_number_told_is_a_number_and_a_short_one_is_none(desk: Any, anna: Any) -> None:
    [found] = alike(desk, told(family_name="Novak", identifier=anna.mrn.replace("-", "")))
    assert found.judgement.compared.identifier == Other.SAME
    PatientIdentifierFactory(patient=PatientFactory(site=anna.site, given_name="Zed"), value="117")
    assert [one.id for one in alike(desk, told(identifier="117"))] == [anna.pk]


def test_the_record_number_that_went_into_hers_leads_to_her(desk: Any, anna: Any) -> None:
    merge = MergeFactory(patient=anna)
    [found] = alike(desk, told(family_name="Novak", identifier=merge.former_mrn))
    assert found.id == anna.pk


# == The search ==
@pytest.mark.parametrize("typed", ["kovacs", "Kovács, Anna", "anna kovaks", "kovács 1975-09-04"])
def test_the_search_knows_the_former_name_and_shows_it(desk: Any, anna: Any, typed: str) -> None:
    [found] = search(desk, typed)
    assert (found.id, found.family_name) == (anna.pk, "Weber")
    assert found.formerly == "Anna Kovács"


def test_who_is_found_by_the_name_of_today_is_shown_without_former_ones(desk: Any, anna: Any) -> None:
    [found] = search(desk, "weber")
    assert found.formerly == ""


def test_the_page_says_formerly(browser: Any, desk: Any, anna: Any) -> None:
    assert "formerly Anna Kovács" in browser(desk).get("/patients/search?q=kovacs").content.decode()


def test_out_of_reach_no_former_name_is_told(anna: Any) -> None:
    [found] = search(staff("front_desk"), "kovacs")
    assert (found.visible, found.family_name, found.formerly) == (False, "W•••", "")


@pytest.mark.parametrize("typed", ["RH-004417", "rh004417", "RH-004417 1975-09-04"])
def test_the_search_knows_numbers_of_letters_and_digits(desk: Any, anna: Any, typed: str) -> None:
    PatientIdentifierFactory(patient=anna, value="RH-004417")
    PatientIdentifierFactory(patient=PatientFactory(site=anna.site), value="RH-004418")
    assert [found.id for found in search(desk, typed)] == [anna.pk]


def test_digits_may_be_of_a_number_or_of_a_phone(desk: Any, anna: Any) -> None:
    other = PatientFactory(site=anna.site, phone="", given_name="Bo")
    PatientIdentifierFactory(patient=other, value="5508850117")
    assert {found.id for found in search(desk, "5508850117")} == {other.pk}
    assert {found.id for found in search(desk, "0117")} == {anna.pk}


# == Registration with a number ==
def register(desk: Any, *identifier: str, **said: Any) -> Patient:
    person = {"given_name": "Jo", "family_name": "Quill", "birth_date": BORN, "sex": "unknown"} | said
    with acting_as(desk):
        return actions.register_patient(
            by=desk,
            site=desk.memberships.get().site,
            demographics=Demographics(**person),
            now=timezone.now(),
            identifier=(identifier[0], identifier[1]) if identifier else None,
        )


def test_a_number_told_at_the_desk_is_kept(desk: Any) -> None:
    patient = register(desk, "Riverside  Hospital", "RH-1")
    with as_the_system():
        [kept] = PatientIdentifier.objects.filter(patient=patient)
    assert (kept.system, kept.value) == ("Riverside Hospital", "RH-1")


def test_a_number_that_is_somebody_elses_registers_nobody(desk: Any, anna: Any) -> None:
    PatientIdentifierFactory(patient=PatientFactory(), system="Riverside Hospital", value="RH-2")
    with pytest.raises(IdentifierRefused, match="somebody else"):
        register(desk, "Riverside Hospital", "RH-2")
    with as_the_system():
        assert not Patient.objects.filter(family_name="Quill").exists()


def test_the_page_asks_whose_number_it_is_and_finds_by_it(browser: Any, desk: Any, anna: Any) -> None:
    PatientIdentifierFactory(patient=anna, system="Riverside Hospital", value="RH-004417")
    typed = {"family_name": "Novak", "given_name": "Ann", "birth_date": "unknown", "sex": "unknown"}
    typed |= {"number": "RH-004417", "site": str(anna.site_id)}
    client = browser(desk)
    page = client.post("/patients/register", typed)
    assert page.status_code == 422
    assert "Say whose number it is" in page.content.decode()
    page = client.post("/patients/register", typed | {"number_of": "Riverside Hospital"})
    assert "Same number" in page.content.decode() or "same number" in page.content.decode()
    again = typed | {"number_of": "Riverside Hospital", "not_the_same": page.context["answer"]}
    page = client.post("/patients/register", again)
    assert page.status_code == 422
    assert "kept for somebody else" in page.content.decode()
    assert 'value="RH-004417"' in page.content.decode()
