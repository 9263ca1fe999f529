"""Families, newborns, whom nobody knows yet, and further numbers."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.actions import (
    IdentifierRefused,
    LinkRefused,
    add_identifier,
    change_patient,
    link_patients,
    register_newborn,
    register_unidentified,
    unlink_patients,
)
from patients.models import DuplicatePair, Patient, PatientIdentifier, PatientLink
from patients.queries import find_patients
from patients.rules import births, medical_record_number, parse_search
from tests.factories import PatientFactory, SiteFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
Relation = PatientLink.Relation


@pytest.fixture
def desk() -> Any:
    return staff("front_desk")


@pytest.fixture
def site(desk: Any) -> Any:
    return desk.memberships.get().site


@pytest.fixture
def rosa(site: Any) -> Any:
    return PatientFactory(
        site=site, given_name="Rosa", family_name="Delgado", birth_date=date(1990, 3, 12), phone="+15085550142"
    )


def actions_of(patient: Patient) -> list[str]:
    with as_the_system():
        return list(AuditEvent.objects.filter(patient_id=patient.pk).order_by("id").values_list("action", flat=True))


def relations(patient: Patient) -> dict[Any, str]:
    with as_the_system():
        return dict(PatientLink.objects.filter(patient=patient).values_list("other_id", "relation"))


# == Newborns ==
def test_a_newborn_has_the_mothers_name_and_is_linked_to_her(desk: Any, site: Any, rosa: Any) -> None:
    with acting_as(desk):
        child = register_newborn(by=desk, mother=rosa, site=site, birth_date=date(2026, 11, 22), sex="female", now=NOW)
    assert child.name == "Baby girl of Rosa Delgado"
    assert (child.phone, child.birth_date, child.birth_precision) == (rosa.phone, date(2026, 11, 22), "day")
    assert relations(child) == {rosa.pk: "mother"}
    assert relations(rosa) == {child.pk: "child"}
    assert actions_of(child) == ["patients.register", "patients.link"]


@pytest.mark.parametrize(
    ("sex", "names"),
    [
        ("male", ["Baby boy of Rosa", "Baby boy 2 of Rosa"]),
        ("unknown", ["Baby of Rosa", "Baby 2 of Rosa"]),
    ],
)
def test_twins_are_counted_and_are_no_duplicates(desk: Any, site: Any, rosa: Any, sex: str, names: list[str]) -> None:
    with acting_as(desk):
        born = [
            register_newborn(by=desk, mother=rosa, site=site, birth_date=date(2026, 11, 22), sex=sex, now=NOW)
            for _each in range(2)
        ]
    assert [child.given_name for child in born] == names
    with as_the_system():
        assert not DuplicatePair.objects.exists()


def test_a_mother_out_of_reach_gets_no_child(desk: Any, site: Any) -> None:
    other = PatientFactory(site=SiteFactory())
    with acting_as(desk), pytest.raises(Patient.DoesNotExist):
        register_newborn(by=desk, mother=other, site=site, birth_date=date(2026, 11, 22), sex="male", now=NOW)


# == Whom nobody knows yet ==
@pytest.mark.parametrize(
    ("sex", "birth", "name"),
    [
        ("male", births.of_age(40, NOW.date()), "Male, about 40 Unknown"),
        ("female", births.UNKNOWN, "Female Unknown"),
        ("unknown", births.UNKNOWN, "Person Unknown"),
    ],
)
def test_somebody_unknown_is_registered_and_named_later(
    desk: Any, site: Any, sex: str, birth: births.Birth, name: str
) -> None:
    with acting_as(desk):
        patient = register_unidentified(by=desk, site=site, sex=sex, birth=birth, now=NOW)
        assert (patient.name, patient.unidentified_since) == (name, NOW)
        kept = vars(patient.demographics())
        half = type(patient.demographics())(**kept | {"family_name": "Hollis"})
        assert change_patient(by=desk, patient=patient, demographics=half) == ("family_name",)
        named = type(half)(**kept | {"family_name": "Osei", "given_name": "Edmund"})
        assert "unidentified_since" in change_patient(by=desk, patient=patient, demographics=named)
        patient.refresh_from_db()
    assert patient.unidentified_since is None


def test_every_page_of_the_chart_says_that_nobody_knows_who_it_is(browser: Any, desk: Any, site: Any) -> None:
    with acting_as(desk):
        patient = register_unidentified(by=desk, site=site, sex="male", now=NOW)
    for page in ("", "change", "access", "consents/"):
        assert "Not identified yet" in browser(desk).get(f"/patients/{patient.pk}/{page}").content.decode()
    known = PatientFactory(site=site)
    assert "Not identified yet" not in browser(desk).get(f"/patients/{known.pk}/").content.decode()


# == Families ==
@pytest.mark.parametrize(
    ("relation", "inverse"),
    [("mother", "child"), ("child", "parent"), ("spouse", "spouse"), ("guardian", "ward"), ("ward", "guardian")],
)
def test_each_of_the_two_is_shown_the_other(desk: Any, rosa: Any, relation: str, inverse: str) -> None:
    other = PatientFactory(site=rosa.site)
    with acting_as(desk):
        link = link_patients(by=desk, patient=rosa, other=other, relation=Relation(relation))
        assert (relations(rosa), relations(other)) == ({other.pk: relation}, {rosa.pk: inverse})
        with pytest.raises(LinkRefused, match="linked already"):
            link_patients(by=desk, patient=other, other=rosa, relation=Relation.SIBLING)
        unlink_patients(by=desk, link=link)
    assert relations(rosa) == relations(other) == {}
    assert actions_of(rosa)[-2:] == ["patients.link", "patients.unlink"]


def test_nobody_is_their_own_mother_nor_linked_to_who_is_out_of_reach(desk: Any, rosa: Any) -> None:
    with acting_as(desk):
        with pytest.raises(LinkRefused, match="same person"):
            link_patients(by=desk, patient=rosa, other=rosa, relation=Relation.MOTHER)
        with pytest.raises(Patient.DoesNotExist):
            link_patients(by=desk, patient=rosa, other=PatientFactory(), relation=Relation.MOTHER)
    pharmacist = staff("pharmacist", rosa.site)
    with acting_as(pharmacist), pytest.raises(NotAllowed):
        link_patients(by=pharmacist, patient=rosa, other=rosa, relation=Relation.MOTHER)


def test_the_second_wall_lets_nobody_link_who_is_out_of_reach(desk: Any, rosa: Any) -> None:
    stranger = PatientFactory()
    with acting_as(desk), pytest.raises(DatabaseError), transaction.atomic():
        PatientLink(patient=rosa, other=stranger, relation="sibling").save(force_insert=True)
    patient = portal_user(rosa)
    with acting_as(patient), pytest.raises(DatabaseError), transaction.atomic():
        PatientIdentifier(patient=rosa, system="x", value="1").save(force_insert=True)


# == Further numbers ==
def test_an_earlier_number_of_ours_finds_the_patient(desk: Any, rosa: Any) -> None:
    number = medical_record_number(70_000_001)
    with acting_as(desk):
        add_identifier(by=desk, patient=rosa, system="mrn", value=number)
        assert [found.id for found in find_patients(parse_search(number))] == [rosa.pk]
        assert [found.id for found in find_patients(parse_search(rosa.mrn))] == [rosa.pk]
    assert actions_of(rosa) == ["patients.add_identifier"]


def test_numbers_that_cannot_be_are_refused_with_a_sentence(desk: Any, rosa: Any) -> None:
    right = medical_record_number(70_000_001)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    with acting_as(desk):
        with pytest.raises(IdentifierRefused, match="check digit"):
            add_identifier(by=desk, patient=rosa, system="mrn", value=wrong)
        add_identifier(by=desk, patient=rosa, system=" Riverside  Hospital ", value=" RH 1 ")
        with pytest.raises(IdentifierRefused, match="kept already"):
            add_identifier(by=desk, patient=rosa, system="Riverside Hospital", value="RH 1")
