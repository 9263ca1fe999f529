"""The verbs of allergies, and who is told what."""

from datetime import UTC, datetime, timedelta

import pytest

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.allergies import record_allergy, record_no_known_allergies
from records.actions.entries import change_clinical_status
from records.actions.writing import NotRecorded
from records.events import AllergyRecorded
from records.models import Entry
from records.queries import allergies_of
from records.queries.allergies import AllergyList
from records.rules.said import Reaction
from tests.factories import PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory()


@pytest.fixture
def doctor(rosa) -> User:
    return staff("doctor", rosa.site)


def told(user: User, patient: Patient) -> AllergyList:
    with acting_as(user):
        return allergies_of([patient.pk])[patient.pk]


def allergic(user: User, patient: Patient, **said: str) -> Entry:
    with acting_as(user):
        return record_allergy(by=user, patient=patient, reaction=Reaction(**{"substance": "latex"} | said), now=NOW)


def test_unknown_is_not_none_and_none_is_not_a_list(rosa, doctor, announced) -> None:
    assert told(doctor, rosa).state == "never_asked"
    with acting_as(doctor):
        none = record_no_known_allergies(by=doctor, patient=rosa, now=NOW)
        again = record_no_known_allergies(by=doctor, patient=rosa, now=NOW + DAY)
    assert (again.supersedes_id, again.record_status) == (none.pk, "amended")
    assert told(doctor, rosa) == AllergyList("none_known")
    entry = allergic(doctor, rosa, reaction="rash", severity="mild")
    found = told(doctor, rosa)
    assert (found.state, [(one.pk, one.display, one.reaction, one.severity) for one in found.entries]) == (
        "list",
        [(entry.pk, "latex", "rash", "mild")],
    )
    assert entry.supersedes_id == again.pk
    assert len(announced(AllergyRecorded)) == 3
    with acting_as(doctor):
        change_clinical_status(by=doctor, entry=entry, status="inactive", now=NOW)
    assert told(doctor, rosa) == AllergyList("list")
    with acting_as(doctor):
        record_no_known_allergies(by=doctor, patient=rosa, now=NOW)
    assert told(doctor, rosa).state == "none_known"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"substance": " "}, "Say to what"),
        ({"severity": "awful"}, "not one of the choices"),
        ({"category": "stars"}, "not one of the choices"),
        ({"substance": "LATEX"}, "on the list already"),
    ],
)
def test_an_allergy_that_cannot_be_is_refused(said, sentence, rosa, doctor) -> None:
    allergic(doctor, rosa)
    with pytest.raises(NotRecorded, match=sentence):
        allergic(doctor, rosa, **said)


def test_none_is_not_said_while_one_is_listed(rosa, doctor) -> None:
    allergic(doctor, rosa)
    with acting_as(doctor), pytest.raises(NotRecorded, match="on the list"):
        record_no_known_allergies(by=doctor, patient=rosa, now=NOW)


@pytest.mark.parametrize(
    ("role", "state", "shown"),
    [
        ("doctor", "list", 1),
        ("pharmacist", "list", 1),
        ("front_desk", "recorded", 0),
        ("billing", "recorded", 0),
    ],
)
def test_each_role_is_told_as_far_as_it_reaches(role, state, shown, rosa, doctor) -> None:
    allergic(doctor, rosa)
    found = told(staff(role, rosa.site), rosa)
    assert (found.state, len(found.entries)) == (state, shown)


def test_who_reaches_nobody_is_told_nothing(rosa, doctor) -> None:
    allergic(doctor, rosa)
    assert told(staff("doctor"), rosa).state == "not_shown"
    assert allergies_of([rosa.pk])[rosa.pk].state == "not_shown"
    with as_the_system():
        assert allergies_of([rosa.pk])[rosa.pk].state == "list"
