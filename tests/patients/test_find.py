"""The search over all patients: ranked, masked outside one's care, and counted."""

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection

from healthcare.audit import record, record_now
from healthcare.db.context import acting_as
from patients.queries import FoundPatient, TooManySearches, find_patients, openings_of, recent_patients
from patients.rules import SearchTerms, parse_search
from tests.factories import CareRelationshipFactory, PatientFactory, SiteFactory, portal_user, staff

pytestmark = pytest.mark.django_db
BORN = date(1968, 3, 12)


@pytest.fixture
def nurse() -> Any:
    return staff("nurse")


@pytest.fixture
def site(nurse: Any) -> Any:
    return nurse.memberships.get().site


def find(user: Any, text: str, **options: Any) -> list[FoundPatient]:
    with acting_as(user):
        return find_patients(parse_search(text), **options)


@pytest.fixture
def rosa(site: Any) -> Any:
    return PatientFactory(
        site=site,
        given_name="Rosa",
        family_name="Delgado-Ferreira",
        preferred_name="Rosie",
        birth_date=BORN,
        phone="+15085550142",
    )


@pytest.mark.parametrize(
    "typed",
    [
        "delgado",
        "Rosa Delgado",
        "ferreira rosie",
        "DELGADO-FERREIRA, ROSA",
        "delgdo rosa",
        "dlegado ferreira",
        "Délgado",
        "de",
        "1968-03-12",
        "rosa 3/12/1968",
        "0142",
        "(508) 555-0142",
        "ro de",
        "delgdo 1968-03-12",
        "delgdo 0142",
        "rosie 0142 1968-03-12",
    ],
)
def test_a_patient_is_found_as_people_type(nurse: Any, rosa: Any, typed: str) -> None:
    PatientFactory(site=rosa.site, given_name="Edmund", family_name="Hollis", birth_date=date(1951, 2, 2))
    assert [found.id for found in find(nurse, typed)] == [rosa.pk]


def test_by_record_number(nurse: Any, rosa: Any) -> None:
    assert [found.mrn for found in find(nurse, rosa.mrn)] == [rosa.mrn]


NOBODY = ["", "  ", "zzzz", "rosa 1970-01-01", "9999", "%", "_", "---", "delgado hollis", "delgado zz", "ho de"]
MIXED = ["hollis 0142", "hollis 1968-03-12", "0142 1970-01-01", "de 1970-01-01"]


@pytest.mark.parametrize("typed", [*NOBODY, *MIXED])
def test_what_fits_nobody_finds_nobody(nurse: Any, rosa: Any, typed: str) -> None:
    assert find(nurse, typed) == []


def test_a_number_together_with_another_name_finds_nobody(nurse: Any, rosa: Any) -> None:
    with acting_as(nurse):
        assert [found.id for found in find_patients(SearchTerms(mrn=rosa.mrn, name="delgdo"))] == [rosa.pk]
        assert find_patients(SearchTerms(mrn=rosa.mrn, name="hollis")) == []


ALL_READ = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname = 'patients_patient'"


@pytest.mark.parametrize(
    "typed", ["de", "delgado", "rosa delgado", "dlegado roas", "1968-03-12", "delgado 0142", "0142"]
)
def test_no_search_reads_all_patients(nurse: Any, rosa: Any, typed: str) -> None:
    """Each goes along an index: among 50,000 patients reading them all took 10 ms and more."""
    with connection.cursor() as cursor:
        cursor.execute(ALL_READ)
        before = cursor.fetchone()
        find(nurse, typed)
        find(nurse, rosa.mrn)
        cursor.execute(ALL_READ)
        assert cursor.fetchone() == before


def test_the_better_fit_comes_first(nurse: Any, site: Any) -> None:
    names = ["Delgado", "Delgadillo", "Salgado", "Van Delgado"]
    patients = {name: PatientFactory(site=site, family_name=name, given_name="Ana").pk for name in names}
    found = [line.id for line in find(nurse, "delgado ana")]
    assert found[:2] == [patients["Delgado"], patients["Van Delgado"]]
    assert len(found) == 4


def test_outside_ones_care_a_line_is_masked_and_comes_after(nurse: Any, rosa: Any) -> None:
    other = PatientFactory(
        site=SiteFactory(), given_name="Rosa", family_name="Delgado", birth_date=BORN, phone="+15085550199"
    )
    mine, masked = find(nurse, "rosa delgado")
    assert (mine.id, mine.visible, mine.family_name, mine.birth_date) == (rosa.pk, True, "Delgado-Ferreira", BORN)
    assert masked == FoundPatient(
        id=other.pk,
        visible=False,
        family_name="D•••",
        given_name="R•••",
        preferred_name="",
        birth_date=None,
        birth_year=1968,
        sex="",
        mrn="",
        phone="",
        likeness=masked.likeness,
    )


def test_ones_own_chart_is_masked_in_a_staff_role(nurse: Any, rosa: Any) -> None:
    CareRelationshipFactory(patient=rosa, kind="self", role="patient", user=nurse)
    assert [found.visible for found in find(nurse, "delgado")] == [False]


def test_patients_and_nobody_search_nothing(rosa: Any) -> None:
    assert find(portal_user(rosa), "delgado") == []
    with acting_as(None):
        assert find_patients(SearchTerms(name="delgado")) == []


def test_at_most_so_many_lines_and_never_over_fifty(nurse: Any, site: Any) -> None:
    for _each in range(52):
        PatientFactory(site=site, family_name="Osei")
    assert len(find(nurse, "osei", at_most=3)) == 3
    assert len(find(nurse, "osei", at_most=1000)) == 50


def test_an_error_of_the_database_is_not_taken_for_too_many(nurse: Any) -> None:
    with acting_as(nurse), pytest.raises(DatabaseError):
        find_patients(SearchTerms(name="a\0b"))


@pytest.mark.django_db(transaction=True)
def test_the_hundred_and_twenty_first_search_of_a_minute_waits() -> None:
    nurse, calm = staff("nurse"), staff("nurse")
    with acting_as(nurse):
        for _each in range(121):
            record_now("patients.search", by=nurse)
        with pytest.raises(TooManySearches, match="Wait a minute"):
            find_patients(SearchTerms(name="delgado"))
    assert find(calm, "delgado") == []


def test_recent_patients_are_those_opened_and_still_in_care(nurse: Any, rosa: Any) -> None:
    second, gone = PatientFactory(site=rosa.site), PatientFactory()
    with acting_as(nurse):
        for patient in (rosa, second, gone, rosa):
            record("patients.open_chart", by=nurse, patient_id=patient.pk)
        assert recent_patients(nurse) == [rosa, second]


def test_who_opened_my_record_is_told_by_name(nurse: Any, rosa: Any) -> None:
    with acting_as(nurse):
        record("patients.open_chart", by=nurse, patient_id=rosa.pk)
    own = portal_user(rosa)
    with acting_as(own):
        (opening,) = openings_of(rosa)
    assert (opening.who, opening.actor_id, opening.denied) == (nurse.full_name, nurse.pk, False)
    with acting_as(portal_user(PatientFactory())):
        assert openings_of(rosa) == []
