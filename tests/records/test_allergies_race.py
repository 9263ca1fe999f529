"""Two write into one list of allergies at the same moment: what the one says counts for the other."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.allergies import record_allergy, record_no_known_allergies
from records.actions.writing import AlreadyThere, NotRecorded
from records.kinds.allergy import is_none_known
from records.models import Entry
from records.rules.said import Reaction
from tests.factories import PatientFactory, staff
from tests.roles import as_the_system
from tests.scheduling.at_once import rounds

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
ROUNDS = 6


def who_writes(patients: list[Patient], user: User, write: Callable[..., Any]) -> Callable[[int], str]:
    def client(number: int) -> str:
        try:
            with acting_as(user):
                write(user, patients[number])
        except (AlreadyThere, NotRecorded) as refused:
            return type(refused).__name__
        return "written"

    return client


def latex(user: User, patient: Patient) -> None:
    record_allergy(by=user, patient=patient, reaction=Reaction(substance="latex"), now=NOW)


def none_known(user: User, patient: Patient) -> None:
    record_no_known_allergies(by=user, patient=patient, now=NOW)


@pytest.fixture
def people() -> list[Patient]:
    first = PatientFactory()
    return [first, *(PatientFactory(site=first.site) for _each in range(ROUNDS - 1))]


def current(patient: Patient) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.of_kind("allergy").current().filter(patient=patient))


def test_the_same_allergy_twice_at_once_stands_once(people: list[Patient]) -> None:
    doctors = [staff("doctor", people[0].site) for _each in range(2)]
    outcomes = rounds(ROUNDS, [who_writes(people, doctor, latex) for doctor in doctors])
    assert outcomes == {"written": ROUNDS, "AlreadyThere": ROUNDS}
    assert [len(current(patient)) for patient in people] == [1] * ROUNDS


def test_none_known_beside_an_allergy_never_stand_together(people: list[Patient]) -> None:
    """Whoever comes second is refused, or replaces what the first said; the list never says both."""
    doctors = [staff("doctor", people[0].site) for _each in range(2)]
    writes = zip(doctors, (latex, none_known), strict=True)
    outcomes = rounds(ROUNDS, [who_writes(people, doctor, write) for doctor, write in writes])
    assert set(outcomes) <= {"written", "NotRecorded"}
    assert outcomes["written"] >= ROUNDS
    for patient in people:
        standing = current(patient)
        assert [row.display for row in standing] == ["latex"], "an allergy is never lost to a none"
        assert not is_none_known(standing[0])
