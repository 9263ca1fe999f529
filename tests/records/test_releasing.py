"""Results go out by themselves: by policy, by wish, never too late, and one held back to prevent harm."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records import tasks
from records.actions.entries import void_entry
from records.actions.releasing import (
    NotKept,
    hold_result,
    keep_release_policy,
    release_when_due,
    review_hold,
    wish_for_results,
)
from records.actions.results import acknowledge_result, correct_result, release_result
from records.actions.writing import NotCurrent, NotRecorded
from records.events import ReleaseWished, ResultReleased
from records.models import Entry, ReleasePolicy, ReleaseWish, ResultRelease
from records.queries.release import held_results, outlook_of
from records.rules.laboratory import Measured
from records.rules.release import LONGEST_HOLD, REVIEWED_WITHIN
from records.subscribers import heed_wish
from tests.events.draining import drain
from tests.factories import PatientFactory, ReleasePolicyFactory, ResultReleaseFactory, portal_user, staff
from tests.records.measuring import result
from tests.records.ordering import A1C, NOW
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def entry(rosa, nurse) -> Entry:
    return result(nurse, rosa, at=NOW)


@pytest.fixture
def patient(rosa) -> User:
    return portal_user(rosa)


def row_of(entry: Entry) -> ResultRelease:
    with as_the_system():
        return ResultRelease.objects.get(entry=entry)


def asks(entry: Entry, when=NOW) -> bool:
    """Whether it is out after the worker asked at this moment."""
    with as_the_system():
        release_when_due(by=None, due_id=row_of(entry).pk, now=when)
        return Entry.objects.get(pk=entry.pk).released_at is not None


def sees(user: User, entry: Entry) -> bool:
    """By both walls, which say the same."""
    with acting_as(user):
        found = Entry.objects.visible_to(user).filter(pk=entry.pk).exists()
        assert Entry.objects.filter(pk=entry.pk).exists() == found
    return found


def wish(user: User, patient, wants: str) -> ReleaseWish:
    with acting_as(user):
        return wish_for_results(by=user, patient=patient, wants=wants)


# == By policy ==
def test_at_once_when_final_unless_the_house_says_otherwise(entry, patient, announced) -> None:
    assert not sees(patient, entry)
    assert (row_of(entry).next_at, row_of(entry).final_at) == (NOW, NOW)
    for _again in range(2):
        assert asks(entry)
    assert sees(patient, entry)
    assert announced(ResultReleased) == [ResultReleased(entry.pk, entry.patient_id)]
    assert row_of(entry).next_at is None
    with as_the_system():
        line = AuditEvent.objects.get(action="records.release_when_due", target_id=entry.pk)
    assert line.detail == {"because": "policy"}


def test_what_is_preliminary_does_not_go_out(rosa, nurse) -> None:
    early = result(nurse, rosa, at=NOW, preliminary=True)
    with as_the_system():
        assert not ResultRelease.objects.exists()
    with acting_as(nurse):
        final = correct_result(by=nurse, entry=early, measured=Measured(A1C, Decimal("5.2")), now=NOW)
    assert asks(final)


def test_after_a_clinician_has_read_it_and_at_the_latest_on_the_last_day(entry, doctor, settings) -> None:
    settings.RESULTS_WAIT_DAYS = 3
    ReleasePolicyFactory()
    assert not asks(entry)
    assert row_of(entry).next_at == NOW + 3 * DAY
    with acting_as(doctor):
        acknowledge_result(by=doctor, entry=entry, now=NOW + HOUR)
    assert row_of(entry).next_at == NOW + HOUR
    assert asks(entry, NOW + HOUR)


def test_one_that_nobody_reads_goes_out_on_the_last_day(entry, patient) -> None:
    ReleasePolicyFactory(when="after_days", days=30)
    assert not asks(entry)
    latest = row_of(entry).next_at
    assert latest < NOW + 30 * DAY
    assert asks(entry, latest)
    assert sees(patient, entry)


def test_what_was_replaced_voided_or_is_gone_is_not_released(entry, rosa, nurse, doctor) -> None:
    other = result(nurse, rosa, at=NOW)
    with acting_as(doctor):
        void_entry(by=doctor, entry=other, reason="Wrong patient", now=NOW)
        correct_result(by=doctor, entry=entry, measured=Measured(A1C, Decimal("5.2")), now=NOW)
    assert not asks(other)
    assert not asks(entry)
    assert row_of(entry).next_at is row_of(other).next_at is None
    with taking_role("worker"):
        tasks.release_result(entry.pk)


def test_the_relay_does_it_without_a_broker(entry, patient) -> None:
    with time_machine.travel(NOW + HOUR, tick=False):
        drain()
    assert sees(patient, entry)


# == In a clinician's words ==
def test_a_clinician_adds_words_once_to_what_went_out(entry, doctor, patient) -> None:
    assert asks(entry)
    with acting_as(doctor):
        with pytest.raises(NotRecorded, match="out of range"):
            release_result(by=doctor, entry=entry, comment=" ", now=NOW + HOUR)
        row = release_result(by=doctor, entry=entry, comment="Better than in spring.", now=NOW + HOUR)
        assert (row.released_at, row.released_by, row.acknowledged_by) == (NOW, doctor, doctor)
        with pytest.raises(NotCurrent, match="already"):
            release_result(by=doctor, entry=entry, comment="More", now=NOW + HOUR)
    for change in ("released_at = now()", "release_comment = 'Other words'", "released_by_id = NULL"):
        with pytest.raises(DatabaseError, match="said once"), as_the_system(), transaction.atomic():
            connection.cursor().execute(f"UPDATE records_entry SET {change} WHERE id = %s", [entry.pk])


def test_without_words_nothing_is_added(rosa, nurse, doctor) -> None:
    fine = result(nurse, rosa, "5.2", at=NOW)
    assert asks(fine)
    with acting_as(doctor), pytest.raises(NotRecorded, match="sees this already"):
        release_result(by=doctor, entry=fine, comment="", now=NOW)


# == By the patient's wish ==
def test_the_wish_goes_before_the_policy(entry, rosa, patient, announced) -> None:
    ReleasePolicyFactory()
    assert not asks(entry)
    said = wish(patient, rosa, "at_once")
    assert announced(ReleaseWished) == [ReleaseWished(rosa.pk)]
    assert str(said).startswith("wish about results ")
    assert asks(entry, NOW + 4 * DAY)
    with as_the_system():
        assert ReleaseWish.objects.get().said_by == patient


def test_what_waits_is_asked_again_once_for_a_wish_told_twice(entry, rosa, patient) -> None:
    ReleasePolicyFactory()
    assert not asks(entry)
    wish(patient, rosa, "at_once")
    with time_machine.travel(NOW + HOUR, tick=False):
        at = deliver_twice(heed_wish, ReleaseWished(rosa.pk), lambda: ResultRelease.objects.get().next_at)
    assert at == NOW + HOUR
    assert asks(entry, NOW + HOUR)


def test_who_wants_to_be_spoken_to_waits_for_the_doctor_and_not_for_ever(entry, rosa, doctor, patient) -> None:
    wish(patient, rosa, "after_talk")
    assert not asks(entry)
    with acting_as(doctor):
        outlook = outlook_of(doctor, entry)
        assert outlook is not None
        assert (outlook.opening.because, outlook.wish.wants) == ("latest", "after_talk")
        acknowledge_result(by=doctor, entry=entry, now=NOW)
    assert not asks(entry)
    assert asks(entry, outlook.opening.at)


def test_only_the_patient_wishes(rosa, doctor, patient) -> None:
    with pytest.raises(NotAllowed):
        wish(doctor, rosa, "at_once")
    with pytest.raises(NotInScope):
        wish(portal_user(PatientFactory()), rosa, "at_once")
    with pytest.raises(NotRecorded):
        wish(patient, rosa, "never")


# == Held back ==
def hold(user: User, entry: Entry, days: int = 7, reason: str = "She said she would end her life.") -> ResultRelease:
    with acting_as(user):
        return hold_result(by=user, entry=entry, reason=reason, until=NOW + days * DAY, now=NOW)


def review(user: User, entry: Entry, stands: bool) -> ResultRelease:
    with acting_as(user):
        return review_hold(by=user, entry=entry, stands=stands, now=NOW)


def test_a_result_held_back_waits_for_a_review_and_has_an_end(entry, rosa, doctor, patient) -> None:
    hold(doctor, entry)
    assert not asks(entry)
    assert row_of(entry).next_at == NOW + REVIEWED_WITHIN
    colleague = staff("doctor", rosa.site)
    assert review(colleague, entry, stands=True).reviewed_by == colleague
    assert not asks(entry, NOW + REVIEWED_WITHIN)
    assert row_of(entry).next_at == NOW + 7 * DAY
    assert not sees(patient, entry)
    assert asks(entry, NOW + 7 * DAY)


def test_nobody_agrees_with_themself_and_who_holds_may_end_it(entry, rosa, doctor) -> None:
    hold(doctor, entry)
    with pytest.raises(NotAllowed, match="Somebody else"):
        review(doctor, entry, stands=True)
    with acting_as(doctor):
        assert [row.entry for row in held_results(doctor)] == [entry]
        with pytest.raises(NotRecorded, match="held back"):
            release_result(by=doctor, entry=entry, comment="After all", now=NOW)
    colleague = staff("doctor", rosa.site)
    review(colleague, entry, stands=True)
    with pytest.raises(NotCurrent, match="agreed"):
        review(colleague, entry, stands=True)
    assert review(doctor, entry, stands=False).get_hold() is None
    with pytest.raises(NotCurrent, match="Nobody"):
        review(doctor, entry, stands=False)
    assert asks(entry)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"reason": " "}, "whom it would harm"), ({"days": 0}, "within"), ({"days": LONGEST_HOLD.days + 1}, "within")],
)
def test_a_hold_without_reason_or_end_is_refused(given, sentence, entry, doctor) -> None:
    with pytest.raises(NotRecorded, match=sentence):
        hold(doctor, entry, **given)


def test_what_is_out_or_held_is_not_held_again(entry, rosa, nurse, doctor) -> None:
    with pytest.raises(NotAllowed):
        hold(nurse, entry)
    hold(doctor, entry)
    with pytest.raises(NotCurrent, match="already"):
        hold(doctor, entry)
    other = result(nurse, rosa, "5.2", at=NOW)
    assert asks(other)
    with pytest.raises(NotCurrent, match="does not wait"):
        hold(doctor, other)
    with acting_as(doctor):
        assert outlook_of(doctor, Entry.objects.get(pk=other.pk)) is None


def test_the_outlook_of_what_nobody_planned_is_none(rosa, doctor) -> None:
    old = ResultReleaseFactory(entry__patient=rosa, next_at=None).entry
    with acting_as(doctor):
        assert outlook_of(doctor, old) is None


# == The house's policies ==
def keep(by: User, **given) -> ReleasePolicy:
    with acting_as(by):
        return keep_release_policy(by=by, **{"category": "imaging", "when": "after_read"} | given)


def test_an_administrator_says_how_the_house_does_it(rosa, doctor) -> None:
    boss = staff("administrator", rosa.site)
    policy = keep(boss)
    assert str(policy) == "release of imaging"
    assert keep(boss, when="after_days", days=2, policy=policy).as_rule().days == 2
    with pytest.raises(NotKept, match="their line"):
        keep(boss)
    for wrong in ({"when": "after_days"}, {"days": 3}, {"when": "after_days", "days": 31}):
        with pytest.raises(NotKept, match="days"):
            keep(boss, category="other", **wrong)
    with pytest.raises(NotAllowed):
        keep(doctor, category="other")
