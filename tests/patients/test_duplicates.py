"""One person before two desks: one record, or a pair that somebody has to look at."""

import threading
from contextlib import nullcontext
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connections

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.actions import AlreadyRegistered, register_patient, settle_duplicate
from patients.models import DuplicatePair, Patient
from patients.rules import Demographics
from tests.factories import DuplicatePairFactory, PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ROSA = Demographics(
    given_name="Rosa",
    family_name="Delgado",
    birth_date=date(1968, 3, 12),
    sex="female",
    phone="+15085550142",
)


def at_the_desk(desk: Any, **options: Any) -> Patient:
    with acting_as(desk):
        site = desk.memberships.get().site
        return register_patient(by=desk, site=site, demographics=ROSA, now=NOW, **options)


def pairs() -> list[DuplicatePair]:
    with as_the_system():
        return list(DuplicatePair.objects.order_by("pk"))


def test_who_seems_the_same_and_was_not_shown_is_not_registered_again() -> None:
    desk = staff("front_desk")
    known = PatientFactory(**vars(ROSA))
    with pytest.raises(AlreadyRegistered, match="a moment ago"):
        at_the_desk(desk, seen=[])
    assert pairs() == []
    added = at_the_desk(desk, seen=[known.pk])
    [pair] = pairs()
    assert (pair.patient_id, pair.other_id, pair.verdict, pair.settled_by_id) == (
        added.pk,
        known.pk,
        "different",
        desk.pk,
    )


def test_where_nobody_could_be_shown_anybody_a_pair_waits() -> None:
    known = PatientFactory(**vars(ROSA))
    added = at_the_desk(staff("front_desk"))
    [pair] = pairs()
    assert (pair.patient_id, pair.other_id, pair.verdict, pair.settled_at) == (added.pk, known.pk, "", None)
    assert pair.weight >= 6


def test_others_of_the_family_make_no_pair() -> None:
    PatientFactory(**vars(ROSA) | {"given_name": "Carmen"})
    at_the_desk(staff("front_desk"), seen=[])
    assert pairs() == []


def in_two_browsers(options: dict[str, Any]) -> list[Any]:
    desks = [staff("front_desk"), staff("front_desk")]
    ready, answers = threading.Barrier(2), []

    def register(desk: Any) -> None:
        try:
            ready.wait(10)
            answers.append(at_the_desk(desk, **options))
        except AlreadyRegistered as problem:
            answers.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=register, args=[desk]) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


@pytest.mark.django_db(transaction=True)
def test_two_at_once_who_look_first_make_one_record() -> None:
    answers = in_two_browsers({"seen": []})
    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyRegistered", "Patient"]
    with as_the_system():
        assert Patient.objects.filter(family_name="Delgado").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_who_do_not_look_make_a_pair() -> None:
    answers = in_two_browsers({})
    assert all(isinstance(answer, Patient) for answer in answers)
    [pair] = pairs()
    assert {pair.patient_id, pair.other_id} == {answer.pk for answer in answers}


# == Settling ==
def test_somebody_who_looked_at_both_settles_it_once() -> None:
    desk = staff("front_desk")
    patient = PatientFactory(site=desk.memberships.get().site)
    pair = DuplicatePairFactory(patient=patient)
    with acting_as(desk):
        settle_duplicate(by=desk, pair_id=pair.pk, verdict=DuplicatePair.Verdict.DIFFERENT, now=NOW)
        with pytest.raises(ObjectDoesNotExist):
            settle_duplicate(by=desk, pair_id=pair.pk, verdict=DuplicatePair.Verdict.SAME, now=NOW)
        [line] = AuditEvent.objects.filter(action="patients.settle_duplicate")
    [settled] = pairs()
    assert (settled.verdict, settled.settled_at, settled.settled_by_id) == ("different", NOW, desk.pk)
    assert (line.patient_id, line.detail) == (patient.pk, {"verdict": "different"})


def test_out_of_reach_or_without_the_permission_nothing_is_settled() -> None:
    desk, pharmacist = staff("front_desk"), staff("pharmacist")
    pair = DuplicatePairFactory(patient=PatientFactory())
    with acting_as(desk), pytest.raises(ObjectDoesNotExist):
        settle_duplicate(by=desk, pair_id=pair.pk, verdict=DuplicatePair.Verdict.SAME, now=NOW)
    with acting_as(pharmacist), pytest.raises(NotAllowed):
        settle_duplicate(by=pharmacist, pair_id=pair.pk, verdict=DuplicatePair.Verdict.SAME, now=NOW)
    assert pairs()[0].verdict == ""


def test_who_may_not_make_one_record_of_two_does_not_say_that_they_are_two() -> None:
    pair = DuplicatePairFactory(patient=PatientFactory())
    nurse, doctor = (staff(role, pair.patient.site) for role in ("nurse", "doctor"))
    for user, refused in ((nurse, True), (doctor, False)):
        with acting_as(user), pytest.raises(NotAllowed) if refused else nullcontext():
            settle_duplicate(by=user, pair_id=pair.pk, verdict=DuplicatePair.Verdict.DIFFERENT, now=NOW)
    assert pairs()[0].verdict == "different"
