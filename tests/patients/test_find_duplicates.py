"""Search before create: whoever is told a second time is found, whatever went wrong, and nothing hidden is told."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection

from healthcare.audit import record_now
from healthcare.db.context import acting_as
from patients.queries import TooManySearches
from patients.queries.matching import Candidate, compare, find_duplicates, person_told
from patients.rules.matching import Person
from tests.factories import PatientFactory, portal_user, staff

pytestmark = pytest.mark.django_db
ROSA = Person(
    given_name="Rosa",
    family_name="Delgado-Ferreira",
    birth_date=date(1968, 3, 12),
    sex="female",
    phone="+15085550142",
    email="rosa.delgado@mail.example",
    line="14 Elm Street",
    postal_code="01608",
)


@pytest.fixture
def desk() -> Any:
    return staff("front_desk")


@pytest.fixture
def rosa(desk: Any) -> Any:
    known = {name: value for name, value in vars(ROSA).items() if name not in ("birth_slack", "identifier")}
    return PatientFactory(site=desk.memberships.get().site, **known)


def find(user: Any, person: Person, **options: Any) -> list[Candidate]:
    with acting_as(user):
        return find_duplicates(person, **options)


AGAIN: dict[str, dict[str, Any]] = {
    "as she is": {},
    "a letter left out": {"family_name": "Delgado-Fereira"},
    "two letters changed": {"given_name": "Roas"},
    "sounds the same": {"family_name": "Delgado Pherreira"},
    "day and month swapped": {"birth_date": date(1968, 12, 3)},
    "a digit of the year": {"birth_date": date(1969, 3, 12)},
    "a digit of the day": {"birth_date": date(1968, 3, 17)},
    "digits changed": {"birth_date": date(1986, 3, 12)},
    "maiden name": {"family_name": "Abernathy"},
    "one of two names": {"family_name": "Ferreira", "phone": "", "email": "", "line": ""},
    "another spelling": {"given_name": "Rosie", "email": "", "line": ""},
    "accents": {"given_name": "Rósa", "family_name": "Delgádo Ferreira"},
    "decomposed accents": {"given_name": "Ro\u0301sa"},
    "names swapped": {"given_name": "Delgado Ferreira", "family_name": "Rosa"},
    "capitals": {"given_name": "ROSA", "family_name": "DELGADO FERREIRA"},
    "an initial": {"given_name": "R.", "email": "", "line": ""},
    "a middle name": {"given_name": "Rosa Maria"},
    "name and phone, as a caller says": {"birth_date": None, "email": "", "line": "", "sex": ""},
    "a year of birth": {"birth_date": date(1968, 7, 1), "birth_slack": 184, "email": "", "line": ""},
    "moved": {"line": "2 Quay Road", "phone": "+15085550199", "email": "", "postal_code": "01545"},
}


@pytest.mark.parametrize("case", AGAIN)
def test_who_is_told_again_is_found_and_taken_for_the_same(desk: Any, rosa: Any, case: str) -> None:
    [found] = find(desk, replace(ROSA, **AGAIN[case]))
    assert found.id == rosa.pk
    assert found.judgement.same
    assert found.reasons.agrees


OTHERS: dict[str, dict[str, Any]] = {
    "twin": {"given_name": "Carmen"},
    "another family, born that day": {"given_name": "Ruth", "family_name": "Hollis", "phone": "", "line": ""},
    "somebody else": {"given_name": "Edmund", "family_name": "Hollis", "birth_date": date(1951, 2, 2), "phone": ""},
}


@pytest.mark.parametrize("case", OTHERS)
def test_others_are_not_shown(desk: Any, rosa: Any, case: str) -> None:
    assert find(desk, replace(ROSA, **OTHERS[case], email="")) == []


def test_a_mother_of_the_same_name_is_shown_and_not_taken_for_her(desk: Any, rosa: Any) -> None:
    [found] = find(desk, replace(ROSA, birth_date=date(1941, 6, 30)))
    assert not found.judgement.same
    assert "another date of birth" in map(str, found.reasons.differs)


def test_the_likeliest_first_and_at_most_so_many(desk: Any, rosa: Any) -> None:
    site = rosa.site
    for given in ("Roza", "Rosie", "Rosa Maria", "Rose", "Rosita", "Rosa"):
        PatientFactory(site=site, given_name=given, family_name="Delgado", birth_date=ROSA.birth_date, phone="")
    found = find(desk, ROSA)
    assert found[0].id == rosa.pk
    assert len(found) == 5
    assert [one.likeness for one in found] == sorted((one.likeness for one in found), reverse=True)
    assert len(find(desk, ROSA, at_most=2)) == 2


def test_outside_ones_care_nothing_is_shown_but_how_alike_it_is(desk: Any) -> None:
    PatientFactory(given_name="Rosalie", family_name="Delgado", birth_date=ROSA.birth_date, phone=ROSA.phone)
    [found] = find(desk, ROSA)
    assert (found.visible, found.confirmed, found.family_name, found.given_name) == (False, False, "D•••", "R•••")
    assert (found.birth_date, found.birth_year, found.sex, found.mrn, found.phone) == (None, 1968, "", "", "")


def test_a_second_identifier_confirms_and_the_name_is_shown(desk: Any) -> None:
    other = PatientFactory(
        given_name="Rosa", family_name="Delgado-Ferreira", birth_date=ROSA.birth_date, phone=ROSA.phone
    )
    [found] = find(desk, ROSA)
    assert (found.visible, found.confirmed, found.family_name, found.mrn) == (False, True, other.family_name, other.mrn)
    assert found.phone == "", "only what tells who it is"
    [masked] = find(desk, replace(ROSA, phone="", email=""))
    assert (masked.confirmed, masked.mrn) == (False, "")


def test_patients_and_nobody_find_nobody(rosa: Any) -> None:
    assert find(portal_user(rosa), ROSA) == []
    assert find(None, ROSA) == []


def test_nothing_told_finds_nobody(desk: Any, rosa: Any) -> None:
    assert find(desk, Person()) == []


@pytest.mark.django_db(transaction=True)
def test_one_who_searches_without_end_waits() -> None:
    desk = staff("front_desk")
    with acting_as(desk):
        for _each in range(121):
            record_now("patients.search", by=desk)
    with pytest.raises(TooManySearches):
        find(desk, ROSA)


def test_an_error_of_the_database_is_not_taken_for_too_many(desk: Any) -> None:
    with acting_as(desk):
        find_duplicates(ROSA)  # the context is set with the first statement, past Django's own errors
        with pytest.raises(DatabaseError):
            find_duplicates(replace(ROSA, given_name="a\0b"))


ALL_READ = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname = 'patients_patient'"


def test_it_reads_along_its_index(desk: Any, rosa: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ALL_READ)
        before = cursor.fetchone()
        find(desk, ROSA)
        cursor.execute(ALL_READ)
        assert cursor.fetchone() == before


def test_what_is_registered_is_told_the_same_way(rosa: Any) -> None:
    assert person_told(rosa) == ROSA
    assert person_told(rosa.demographics()) == ROSA


PAIRS = [
    (("Jürgen", "Müller"), ("Juergen", "Mueller"), True),
    (("Seán", "O’Brien"), ("Sean", "Obrien"), True),
    (("Anna Lena", "Weiß"), ("Annalena", "Weiss"), True),
    (("Łukasz", "Dąbrowski"), ("Lukasz", "Dabrowski"), True),
    (("Bill", "Smith"), ("William", "Smith"), True),
    (("Liz", "Núñez Peña"), ("Elizabeth", "Nunez"), True),
    (("Иван", "Петров"), ("Иван", "Петров"), True),
    (("Ella", "Jones"), ("Etta", "Jones"), False),
    (("Jaden", "Jones"), ("Hayden", "Jones"), False),
    (("John Jr", "Smith"), ("John Sr.", "Smith"), False),
    (("John", "Smith II"), ("John", "Smith III"), False),
    (("Baby Girl", "Jones"), ("Etta", "Jones"), True),
]


@pytest.mark.parametrize(("one", "other", "same"), PAIRS)
def test_names_as_people_bear_them(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    born, phone = date(1990, 5, 17), "+15085550142"
    people = [
        Person(given_name=given, family_name=family, birth_date=born, phone=phone) for given, family in (one, other)
    ]
    [judgement] = compare([(people[0], people[1])])
    assert judgement.same is same
    [turned] = compare([(people[1], people[0])])
    assert turned.same is same
