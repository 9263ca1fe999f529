"""Alerts of a colleague who left or is away ask who stands in for them, and without anybody the team."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from alerts import queries
from alerts.actions.asking import _asked
from alerts.panels import held
from alerts.rules import OWNER, TEAM
from healthcare.accounts import actions as accounts
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.actions.covers import end_cover
from tests.factories import (
    AlertFactory,
    CoverFactory,
    MessageFactory,
    PatientFactory,
    RestrictionFactory,
    ThreadFactory,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Any:
    """A patient, the doctor who is asked first, a colleague, an administrator."""
    patient = PatientFactory()
    return patient, *(staff(role, patient.site) for role in ("doctor", "doctor", "administrator"))


def leave(boss: Any, doctor: Any, to: Any = None) -> None:
    with acting_as(boss):
        accounts.deactivate_user(by=boss, user=doctor, to=to)
    doctor.refresh_from_db()


def test_what_waits_is_counted_for_an_administrator_alone(world: Any) -> None:
    patient, doctor, other, boss = world
    AlertFactory(patient=patient, owner=doctor)
    AlertFactory(patient=patient, owner=doctor, state="closed", closed_at=timezone.now(), next_at=None)
    with acting_as(boss):
        assert list(held(doctor, timezone.now()).values()) == [1]
    with acting_as(other), pytest.raises(DatabaseError, match="who closes the account"), transaction.atomic():
        held(doctor, timezone.now())


def test_the_next_letter_goes_to_who_stands_in(world: Any) -> None:
    patient, doctor, other, boss = world
    alert = AlertFactory(patient=patient, owner=doctor)
    with as_the_system():
        assert list(_asked(alert, OWNER)) == [doctor]
    leave(boss, doctor, to=other)
    with as_the_system():
        alert.refresh_from_db()
        assert list(_asked(alert, OWNER)) == [other]


def test_without_anybody_the_team_is_asked_at_once(world: Any) -> None:
    patient, doctor, other, boss = world
    alert = AlertFactory(patient=patient, owner=doctor)
    leave(boss, doctor)
    with as_the_system():
        alert.refresh_from_db()
        assert list(_asked(alert, OWNER)) == list(_asked(alert, TEAM)) == [other]


def test_a_new_alert_belongs_to_who_stands_in(world: Any) -> None:
    """A result of a test that the one who left had asked for."""
    patient, doctor, other, boss = world
    with as_the_system():
        assert queries.fit_owner([doctor], "abnormal_value", patient.pk) == doctor
    leave(boss, doctor, to=other)
    with as_the_system():
        assert queries.fit_owner([doctor], "abnormal_value", patient.pk) == other


def test_who_stands_in_is_asked_for_as_long_as_the_colleague_is_away(world: Any) -> None:
    """Old alerts and new ones; afterwards the old ones are the colleague's again."""
    patient, doctor, other, _boss = world
    alert = AlertFactory(patient=patient, owner=doctor)
    cover = CoverFactory(absent=doctor, cover=other, role="doctor")
    assert mine_of(other) == mine_of(doctor) == [alert]
    with as_the_system():
        assert list(_asked(alert, OWNER)) == [other]
        assert queries.fit_owner([doctor], "abnormal_value", patient.pk) == other
    with acting_as(doctor):
        end_cover(by=doctor, cover=cover, now=timezone.now())
    assert mine_of(other) == []
    with as_the_system():
        assert list(_asked(alert, OWNER)) == [doctor]
        assert queries.fit_owner([doctor], "abnormal_value", patient.pk) == doctor


def mine_of(person: Any) -> list[Any]:
    user = User.objects.get(pk=person.pk).in_role("doctor")  # as in a new request
    with acting_as(user):
        return [line.alert for line in queries.split(queries.open_lines(user))["mine"]]


def test_whom_the_record_is_closed_to_is_not_asked_in_a_colleagues_place(world: Any) -> None:
    patient, doctor, other, _boss = world
    alert = AlertFactory(patient=patient, owner=doctor)
    CoverFactory(absent=doctor, cover=other, role="doctor")
    RestrictionFactory(patient=patient, user=other)
    with as_the_system():
        assert list(_asked(alert, OWNER)) == [doctor]


def test_a_stand_in_who_left_too_is_not_asked(world: Any) -> None:
    patient, doctor, other, boss = world
    third = staff("doctor", patient.site)
    leave(boss, doctor, to=other)
    leave(boss, other)
    CoverFactory(absent=doctor, cover=third)
    with as_the_system():
        assert queries.stand_ins_of(doctor) == [third]
        assert queries.fit_owner([doctor], "abnormal_value", patient.pk) == third


def test_a_patients_message_in_a_thread_they_had_taken_reaches_who_stands_in(world: Any) -> None:
    patient, doctor, other, boss = world
    thread = ThreadFactory(patient=patient, site=patient.site, taken_by=doctor, taken_at=timezone.now())
    MessageFactory(thread=thread, patient=patient)
    with as_the_system():
        assert queries.answering(thread) == [doctor]
    leave(boss, doctor, to=other)
    with as_the_system():
        thread.taken_by.refresh_from_db()
        assert queries.answering(thread) == [other]
