"""A patient has died: visits to come are called off, their times are free, and nobody books another."""

import pytest

from healthcare.db.context import acting_as
from patients.events import PatientDied
from patients.models import Patient
from scheduling import actions, subscribers
from scheduling.actions import NotBookable, cancel_visits_of_the_dead
from scheduling.events import AppointmentCancelled
from scheduling.models import Appointment, PatientClaim, TimeClaim
from tests.roles import as_the_system
from tests.scheduling.conftest import NOW, later
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def die(clinic, deceased: bool | None = True) -> None:
    with as_the_system():
        patient = Patient.objects.get(pk=clinic.patient.pk)
        patient.deceased = deceased
        patient.save(update_fields=["deceased"])
        clinic.patient = patient


def states() -> list[tuple[str, str]]:
    with as_the_system():
        return list(Appointment.objects.order_by("during").values_list("status", "cancel_reason"))


def call_off(clinic, now=NOW) -> int:
    with as_the_system():
        return cancel_visits_of_the_dead(by=None, patient_id=clinic.patient.pk, now=now)


def test_what_is_to_come_is_called_off_also_when_delivered_twice(clinic, announced) -> None:
    clinic.book()
    clinic.book(start=later(120))
    die(clinic)
    deliver_twice(subscribers.cancel_visits_of_the_dead, PatientDied(clinic.patient.pk), states)
    assert states() == [("cancelled", "The patient has died.")] * 2
    assert len(announced(AppointmentCancelled)) == 2
    with as_the_system():
        assert not TimeClaim.objects.exists()
        assert not PatientClaim.objects.exists()


def test_what_is_over_or_under_way_stays(clinic) -> None:
    clinic.book()
    here = clinic.book(start=later(120))
    with acting_as(clinic.desk):
        actions.check_in(by=clinic.desk, appointment=here, now=later(110))
    die(clinic)
    assert call_off(clinic, now=later(110)) == 0
    assert sorted(status for status, _reason in states()) == ["arrived", "booked"]


def test_taken_back_meanwhile_nothing_is_called_off(clinic) -> None:
    clinic.book()
    assert call_off(clinic) == 0
    die(clinic, deceased=False)
    assert call_off(clinic) == 0
    assert states() == [("booked", "")]


@pytest.mark.parametrize("who", ["rosa", "desk"])
def test_nobody_books_or_moves_a_visit(clinic, who) -> None:
    visit = clinic.book()
    die(clinic)
    with pytest.raises(NotBookable, match="has died"):
        clinic.book(by=getattr(clinic, who), patient=clinic.patient, start=later(120))
    visit.patient = clinic.patient
    by = getattr(clinic, who)
    with acting_as(by), pytest.raises(NotBookable, match="has died"):
        actions.move_appointment(by=by, appointment=visit, start=later(120), now=NOW)


def test_who_lives_after_all_is_booked_again(clinic) -> None:
    die(clinic)
    die(clinic, deceased=False)
    assert clinic.book(patient=clinic.patient).status == "booked"


def test_a_booking_that_read_the_patient_alive_is_refused(clinic) -> None:
    """The death was committed between the page's reading and the claim: what is claimed is asked anew."""
    alive = clinic.patient
    die(clinic)
    clinic.patient = alive
    assert not alive.deceased
    with pytest.raises(NotBookable, match="has died"):
        clinic.book()
    with as_the_system():
        assert not Appointment.objects.exists()


def test_a_move_beside_a_death_is_refused_too(clinic) -> None:
    visit = clinic.book()
    alive = visit.patient
    die(clinic)
    visit.patient = alive
    with acting_as(clinic.desk), pytest.raises(NotBookable, match="has died"):
        actions.move_appointment(by=clinic.desk, appointment=visit, start=later(120), now=NOW)
    with as_the_system():
        assert Appointment.objects.get().starts_at == visit.starts_at
