"""Calling a visit off, and confirming it."""

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from scheduling import actions
from scheduling.actions import NotBookable
from scheduling.events import AppointmentCancelled, AppointmentConfirmed, FreeTimeChanged
from scheduling.models import PatientClaim, TimeClaim
from tests.factories import PatientFactory, portal_user, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW

pytestmark = pytest.mark.django_db


def cancel(visit, by, reason="Feels better"):
    with acting_as(by):
        return actions.cancel_appointment(by=by, appointment=visit, reason=reason, now=NOW)


def confirm(visit, by):
    with acting_as(by):
        return actions.confirm_appointment(by=by, appointment=visit, now=NOW)


def test_the_time_is_free_again(clinic, announced):
    visit = cancel(clinic.book(), clinic.rosa)
    assert (visit.status, visit.cancelled_by, visit.cancelled_at) == ("cancelled", clinic.rosa, NOW)
    assert visit.cancel_reason == "Feels better"
    assert not TimeClaim.objects.exists()
    with as_the_system():
        assert not PatientClaim.objects.exists()
    assert announced(AppointmentCancelled) == [AppointmentCancelled(visit.pk, clinic.patient.pk, 0)]
    assert len(announced(FreeTimeChanged)) == 2
    assert clinic.book().pk != visit.pk


def test_twice_is_once(clinic, announced):
    visit = clinic.book()
    cancel(visit, clinic.rosa)
    assert cancel(visit, clinic.desk).cancelled_by == clinic.rosa
    assert len(announced(AppointmentCancelled)) == 1


def test_a_visit_that_began_is_not_called_off(clinic):
    visit = clinic.book()
    with acting_as(clinic.desk):
        actions.check_in(by=clinic.desk, appointment=visit, now=NINE)
    with pytest.raises(NotBookable, match="“Arrived”, so it cannot become “Cancelled”"):
        cancel(visit, clinic.rosa)
    assert TimeClaim.objects.exists()


def test_by_the_system(clinic):
    visit = clinic.book()
    with as_the_system():
        visit = actions.cancel_appointment(by=None, appointment=visit, reason="The site is closed", now=NOW)
        assert (visit.status, visit.cancelled_by) == ("cancelled", None)


def test_strangers_call_nothing_off(clinic):
    visit = clinic.book()
    with pytest.raises(NotAllowed):
        cancel(visit, staff("pharmacist", clinic.site))
    for stranger in (portal_user(PatientFactory()), staff("front_desk")):
        with pytest.raises(NotInScope):
            cancel(visit, stranger)
        with pytest.raises(NotInScope):
            confirm(visit, stranger)


def test_a_patient_confirms_once(clinic, announced):
    visit = confirm(clinic.book(), clinic.rosa)
    assert (visit.status, visit.confirmed_at) == ("confirmed", NOW)
    assert confirm(visit, clinic.desk).confirmed_at == NOW
    assert announced(AppointmentConfirmed) == [AppointmentConfirmed(visit.pk, clinic.patient.pk, 0)]


def test_what_was_called_off_is_not_confirmed(clinic):
    with pytest.raises(NotBookable, match="Cancelled"):
        confirm(cancel(clinic.book(), clinic.rosa), clinic.rosa)


def test_the_system_confirms(clinic):
    visit = clinic.book()
    with as_the_system():
        assert actions.confirm_appointment(by=None, appointment=visit, now=NOW).status == "confirmed"
