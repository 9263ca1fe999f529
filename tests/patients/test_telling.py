"""A person as FHIR's Patient, and as another clinic reads them."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from healthcare.db.context import acting_as
from patients.fhir import newcomer
from patients.telling import patient_resource
from tests.factories import (
    AddressFactory,
    ContactPointFactory,
    PatientFactory,
    PatientNameFactory,
    RelatedPersonFactory,
    portal_user,
)
from tests.records.arriving import NOW, incoming
from tests.records.r4 import problems_of

pytestmark = pytest.mark.django_db


def told(patient: Any) -> dict[str, Any]:
    user = portal_user(patient)
    with acting_as(user, read_only=True):
        found = patient_resource(user, patient)
    assert problems_of(found) == []
    again: dict[str, Any] = json.loads(json.dumps(found))
    return again


def test_all_of_it_is_read_as_the_same() -> None:
    patient = PatientFactory(
        preferred_name="Rosie",
        sex_at_birth="female",
        gender_identity="non_binary",
        pronouns="they/them",
        language="es",
        interpreter=True,
        phone="+16175550101",
        email="rosa@example.org",
        line="1 Main St",
        city="Boston",
        state="MA",
        postal_code="02118",
        deceased=True,
        deceased_date=date(2026, 1, 2),
    )
    PatientNameFactory(patient=patient, use="maiden", given_name="Rosa", family_name="Vega", until=date(1990, 1, 2))
    AddressFactory(patient=patient, use="billing", until=date(2026, 2, 3))
    ContactPointFactory(patient=patient, system="phone", use="work", value="+16175550102")
    ContactPointFactory(patient=patient, system="email", use="home", value="old@example.org", bad="wrong", bad_at=NOW)
    RelatedPersonFactory(patient=patient, name="Ana Delgado", relation="parent", phone="+16175550103", emergency=True)
    found = told(patient)
    read = newcomer(incoming(None, found))
    who = read.demographics
    assert who == replace(patient.demographics(), preferred_name="")  # which is not read
    profile = read.profile
    said = (profile.sex_at_birth, profile.gender_identity, profile.pronouns, profile.language, profile.interpreter)
    assert said == ("female", "non_binary", "they/them", "es", True)
    assert (read.deceased, read.deceased_date, read.number) == (True, date(2026, 1, 2), patient.mrn)
    assert {one.kind for one in read.details} == {"PatientName", "ContactPoint", "RelatedPerson"}
    (person,) = (dict(one.values) for one in read.details if one.kind == "RelatedPerson")
    assert (person["name"], person["relation"], person["emergency"]) == ("Ana Delgado", "parent", True)
    assert "old@example.org" not in json.dumps(found)
    assert [one["use"] for one in found["address"]] == ["home", "billing"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_a_birthday_is_a_day_by_every_clock_and_no_more_than_is_known(zone) -> None:
    patient = PatientFactory(birth_date=date(1968, 3, 12), site__time_zone=zone)
    assert told(patient)["birthDate"] == "1968-03-12"
    assert told(PatientFactory(birth_date=date(1968, 3, 15), birth_precision="month"))["birthDate"] == "1968-03"
    assert "birthDate" not in told(PatientFactory(birth_date=None, birth_precision="unknown"))


def test_what_nobody_said_is_not_said() -> None:
    found = told(PatientFactory(deceased=False, gender_identity="other", pronouns="xe/xem", interpreter=False))
    assert found["deceasedBoolean"] is False
    assert not {"communication", "contact"} & found.keys()
    codes = json.dumps(found["extension"])
    assert "xe/xem" in codes
    assert "v3-NullFlavor" in codes
    assert not {"extension", "deceasedBoolean"} & told(PatientFactory(deceased=None)).keys()
