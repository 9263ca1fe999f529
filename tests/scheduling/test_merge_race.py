"""Two records become one while somebody books for the one that goes: no visit is lost, and none is nobody's."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection

from healthcare.db.context import acting_as
from patients.models import Patient
from scheduling import actions
from scheduling.models import Appointment, PatientClaim
from tests.factories import PatientFactory
from tests.patients.merging import merge
from tests.roles import as_the_system
from tests.scheduling.at_once import deadlocks, rounds
from tests.scheduling.conftest import NOW, Clinic, later, make_clinic

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8
REFUSED = ("NotBookable: This record was made one", "NotInScope")  # after the locks; before the booking began


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def pairs(clinic: Clinic) -> list[tuple[Patient, Patient]]:
    return [(PatientFactory(site=clinic.site), PatientFactory(site=clinic.site)) for _each in range(ROUNDS)]


def test_a_booking_beside_a_merge_goes_along_or_is_refused(
    clinic: Clinic, pairs: list[tuple[Patient, Patient]]
) -> None:
    booked: dict[int, object] = {}

    def books(number: int) -> str:
        with acting_as(clinic.desk):
            visit = actions.book_appointment(
                by=clinic.desk,
                patient=pairs[number][1],
                provider=clinic.provider,
                site=clinic.site,
                visit_type=clinic.visit_type,
                start=later(60) + timedelta(days=number // 4, minutes=60 * (number % 4)),
                now=NOW,
            )
        booked[number] = visit.pk
        return "booked"

    def merges(number: int) -> str:
        merge(clinic.desk, *pairs[number])
        return "merged"

    before = deadlocks()
    outcomes = rounds(ROUNDS, [books, merges])
    assert deadlocks() == before
    assert outcomes["merged"] == ROUNDS, outcomes
    refused = ROUNDS - outcomes["booked"]
    said = [outcome for outcome in outcomes if outcome.startswith(REFUSED)]
    assert sum(outcomes[one] for one in said) == refused, outcomes
    with as_the_system():
        for number, (kept, gone) in enumerate(pairs):
            assert not Patient.objects.filter(pk=gone.pk).exists()
            visits = list(Appointment.objects.filter(patient=kept).values_list("pk", flat=True))
            assert visits == ([booked[number]] if number in booked else [])
            assert PatientClaim.objects.filter(patient=kept).count() == len(visits)
        assert Appointment.objects.count() == len(booked)


@pytest.mark.parametrize(
    ("problem", "raised", "said"),
    [
        ("insufficient_privilege", actions.NotBookable, "not open to you any more"),
        ("undefined_function", ProgrammingError, "undefined_function"),
    ],
)
def test_a_patient_who_went_out_of_reach_at_the_last_moment_is_not_booked(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, problem: str, raised: type[Exception], said: str
) -> None:
    """As the second wall refuses it; what is a mistake of ours stays one."""

    def refused(*_given: object, **_more: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE {problem}; END $$")

    monkeypatch.setattr("scheduling.actions.steps.claim_times", refused)
    with acting_as(clinic.desk), pytest.raises(raised, match=said):
        actions.book_appointment(
            by=clinic.desk,
            patient=clinic.patient,
            provider=clinic.provider,
            site=clinic.site,
            visit_type=clinic.visit_type,
            start=later(60),
            now=NOW,
        )
    with as_the_system():
        assert not Appointment.objects.exists()
