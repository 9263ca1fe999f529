"""A patient asks that the record be amended; the clinic answers within 60 days, once 30 more; all of it stays there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given as over
from hypothesis import strategies as some

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from patients.access import NotInScope
from records.actions import amendments as actions
from records.actions.entries import void_entry
from records.actions.marking import mark_entry
from records.actions.writing import NotCurrent, NotRecorded
from records.events import (
    AmendmentAnswered,
    AmendmentDisputed,
    AmendmentDueSoon,
    AmendmentExtended,
    AmendmentRebutted,
    AmendmentRequested,
    AmendmentWithdrawn,
)
from records.models import AmendmentRequest, Entry
from records.models.amendments import AMENDMENT_LIFE
from records.queries.amendments import amended_in, count_waiting, open_requests, requests_about, requests_of
from records.rules.amendments import ANSWERED_WITHIN, EXTENDED_BY, MOVES, SOON, due_of, is_said, next_word
from tests.factories import AmendmentRequestFactory, EntryFactory, PatientFactory, portal_user, proxy_of, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
YEARS = {"min_value": datetime(2020, 1, 1), "max_value": datetime(2040, 1, 1)}  # noqa: DTZ001
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
WANTED, REASON = "It should say that I was fasting.", "I had eaten nothing since the evening."
ANSWER, STATEMENT = "It says what the laboratory told us.", "I was there, and I had not eaten."
REBUTTAL = "The laboratory was asked again and stays with it."


@pytest.fixture
def patient_user(rosa) -> Any:
    return portal_user(rosa)


@pytest.fixture
def entry(rosa, doctor) -> Entry:
    return EntryFactory(patient=rosa, author=doctor)


def asks(user: Any, patient: Any, entry: Entry | None = None, **said: Any) -> AmendmentRequest:
    with acting_as(user):
        told = {"wanted": WANTED, "reason": REASON, "now": NOW} | said
        return actions.ask_amendment(by=user, patient=patient, entry=entry, **told)


@pytest.fixture
def asked(patient_user, rosa, entry) -> AmendmentRequest:
    return asks(patient_user, rosa, entry)


def does(verb: Any, by: Any, request: AmendmentRequest, now: datetime = NOW, **said: Any) -> AmendmentRequest:
    with acting_as(by):
        verb(by=by, request=request, now=now, **said)
        return AmendmentRequest.objects.get(pk=request.pk)


@pytest.fixture
def denied(asked, doctor) -> AmendmentRequest:
    return does(actions.deny_amendment, doctor, asked, ground="accurate", answer=ANSWER)


@pytest.fixture
def accepted(asked, doctor) -> AmendmentRequest:
    return does(actions.accept_amendment, doctor, asked, answer="You are right, we add it.")


# == Rules ==
@over(some.datetimes(timezones=some.just(UTC), **YEARS), some.integers(0, 200))
def test_told_two_weeks_before_the_last_day_and_when_it_is_over(asked_at: datetime, days: int) -> None:
    due, moment = due_of(asked_at), asked_at + timedelta(days=days)
    word = next_word(due, moment)
    assert due - asked_at == ANSWERED_WITHIN == timedelta(days=60)
    assert due_of(asked_at, extended=True) - due == EXTENDED_BY == timedelta(days=30)
    assert (word is None) == (moment >= due)
    assert word is None or moment < word in (due - SOON, due)


def test_a_sentence_is_more_than_a_sign_of_the_hand() -> None:
    assert is_said("Ten signs.")
    assert not is_said(" no        ")


def test_the_table_of_moves_names_every_state() -> None:
    assert MOVES.keys() == set(AmendmentRequest.State.values)


# == Asking ==
def test_the_patient_asks_and_has_an_answer_in_60_days(asked, patient_user, entry, announced) -> None:
    assert (asked.state, asked.entry_id, asked.due_at) == ("waiting", entry.pk, NOW + timedelta(days=60))
    assert asked.next_at == asked.due_at - SOON
    assert announced(AmendmentRequested) == [AmendmentRequested(asked.pk, asked.patient_id)]
    with as_the_system():
        line = AuditEvent.objects.get(action="records.ask_amendment")
    assert (line.actor_id, line.patient_id) == (patient_user.pk, asked.patient_id)
    assert WANTED not in str(line.detail)


def test_one_about_an_entry_waits_at_a_time_and_of_the_record_any_number(asked, patient_user, rosa, entry) -> None:
    with pytest.raises(NotRecorded, match="waits already"):
        asks(patient_user, rosa, entry)
    assert asks(patient_user, rosa).entry_id is None
    assert asks(patient_user, rosa).entry_id is None


@pytest.mark.parametrize("said", [{"wanted": "no"}, {"reason": " "}])
def test_what_and_why_is_said_in_a_sentence(patient_user, rosa, entry, said) -> None:
    with pytest.raises(NotRecorded, match="Say in a sentence"):
        asks(patient_user, rosa, entry, **said)


def test_who_acts_for_the_patient_in_everything_asks_and_for_visits_alone_does_not(rosa, entry) -> None:
    mother = proxy_of(rosa)
    assert asks(mother, rosa, entry).asked_by_id == mother.pk
    driver = proxy_of(rosa, extent="appointments", scopes=("identity", "schedule"))
    with pytest.raises(NotInScope):
        asks(driver, rosa)


def test_nobody_asks_about_what_they_do_not_see(rosa, patient_user, doctor) -> None:
    hidden = EntryFactory(patient=rosa, released_at=None)
    for user, patient, entry in (
        (patient_user, rosa, hidden),
        (patient_user, PatientFactory(), None),
        (patient_user, rosa, EntryFactory()),
    ):
        with pytest.raises(NotInScope):
            asks(user, patient, entry)
    with pytest.raises(NotAllowed):
        asks(doctor, rosa)


def test_it_is_taken_back_while_it_waits(asked, patient_user, doctor, announced) -> None:
    row = does(actions.withdraw_amendment, patient_user, asked)
    assert (row.state, row.answered_by_id, row.next_at) == ("withdrawn", patient_user.pk, None)
    assert announced(AmendmentWithdrawn) == [AmendmentWithdrawn(asked.pk, asked.patient_id)]
    with pytest.raises(NotCurrent, match="Taken back"):
        does(actions.accept_amendment, doctor, asked, answer=ANSWER)
    with pytest.raises(NotCurrent):
        does(actions.withdraw_amendment, patient_user, asked)


# == Answering ==
def test_a_doctor_takes_and_denies_it_on_one_of_four_grounds(asked, doctor, announced) -> None:
    assert does(actions.take_amendment, doctor, asked).owner_id == doctor.pk
    with pytest.raises(NotRecorded, match="grounds"):
        does(actions.deny_amendment, doctor, asked, ground="busy", answer=ANSWER)
    with pytest.raises(NotRecorded, match="sentence"):
        does(actions.deny_amendment, doctor, asked, ground="accurate", answer="no")
    row = does(actions.deny_amendment, doctor, asked, ground="accurate", answer=ANSWER)
    assert (row.state, row.ground, row.answer, row.next_at) == ("denied", "accurate", ANSWER, None)
    assert announced(AmendmentAnswered) == [AmendmentAnswered(asked.pk, asked.patient_id)]
    assert len(AmendmentRequest.Ground.values) == 4


def test_thirty_days_more_once_and_in_time(asked, doctor, announced) -> None:
    with pytest.raises(NotRecorded):
        does(actions.extend_amendment, doctor, asked, reason="")
    with pytest.raises(NotRecorded, match="is over"):
        does(actions.extend_amendment, doctor, asked, reason=ANSWER, now=asked.due_at + timedelta(seconds=1))
    row = does(actions.extend_amendment, doctor, asked, reason="The laboratory has to look again.")
    assert row.due_at == NOW + timedelta(days=90)
    assert row.next_at == row.due_at - SOON
    assert announced(AmendmentExtended) == [AmendmentExtended(asked.pk, asked.patient_id)]
    with pytest.raises(NotRecorded, match="once"):
        does(actions.extend_amendment, doctor, asked, reason=ANSWER)


def test_only_a_doctor_in_reach_answers_and_not_who_asked(asked, nurse, patient_user) -> None:
    for user, refusal in (
        (nurse, NotAllowed),
        (patient_user, NotAllowed),
        (staff("privacy_officer"), NotAllowed),
        (staff("doctor"), NotInScope),
    ):
        with pytest.raises(refusal):
            does(actions.accept_amendment, user, asked, answer=ANSWER)
    both = staff("doctor", asked.patient.site)
    own = AmendmentRequestFactory(patient=asked.patient, asked_by=both)
    with pytest.raises(NotAllowed, match="colleague"):
        does(actions.take_amendment, both, own)


def test_what_is_accepted_is_made_by_what_was_written_since(accepted, doctor, entry) -> None:
    other = EntryFactory(patient=entry.patient)
    later = EntryFactory(patient=entry.patient, supersedes=entry, record_status="amended")
    with acting_as(doctor):
        assert [row.pk for row in amended_in(doctor, accepted)] == [later.pk]
    with pytest.raises(NotRecorded, match="something else"):
        does(actions.make_amendment, doctor, accepted, entry=other)
    row = does(actions.make_amendment, doctor, accepted, entry=later)
    assert (row.made_in_id, row.made_by_id, row.made_at) == (later.pk, doctor.pk, NOW)
    with pytest.raises(NotCurrent):
        does(actions.make_amendment, doctor, accepted, entry=later)


def test_what_was_marked_as_wrong_is_amended_too(accepted, doctor, entry) -> None:
    with acting_as(doctor):
        void_entry(by=doctor, entry=entry, reason="Of somebody else", now=NOW + timedelta(hours=1))
    assert does(actions.make_amendment, doctor, accepted, entry=entry).made_in_id == entry.pk


def test_about_the_record_as_a_whole_whatever_was_written_since(patient_user, rosa, doctor) -> None:
    request = asks(patient_user, rosa, now=datetime(2026, 1, 1, tzinfo=UTC))
    added = EntryFactory(patient=rosa)
    with acting_as(doctor):
        assert [row.pk for row in amended_in(doctor, request)] == [added.pk]


# == Disagreeing ==
def test_the_patient_disagrees_once_and_the_clinic_rebuts_once(denied, patient_user, doctor, announced) -> None:
    with pytest.raises(NotCurrent):
        does(actions.rebut_disagreement, doctor, denied, rebuttal=REBUTTAL)
    with pytest.raises(NotRecorded):
        does(actions.disagree_with_denial, patient_user, denied, statement="no")
    row = does(actions.disagree_with_denial, patient_user, denied, statement=STATEMENT)
    assert (row.state, row.disagreement, row.disagreed_by_id) == ("denied", STATEMENT, patient_user.pk)
    with pytest.raises(NotCurrent):
        does(actions.disagree_with_denial, patient_user, denied, statement=STATEMENT)
    with pytest.raises(NotRecorded):
        does(actions.rebut_disagreement, doctor, denied, rebuttal="no")
    row = does(actions.rebut_disagreement, doctor, denied, rebuttal=REBUTTAL)
    assert (row.rebuttal, row.rebutted_by_id) == (REBUTTAL, doctor.pk)
    with pytest.raises(NotCurrent):
        does(actions.rebut_disagreement, doctor, denied, rebuttal=REBUTTAL)
    assert announced(AmendmentDisputed) == [AmendmentDisputed(denied.pk, denied.patient_id)]
    assert announced(AmendmentRebutted) == [AmendmentRebutted(denied.pk, denied.patient_id)]


def test_who_was_not_denied_does_not_disagree(asked, accepted, patient_user) -> None:
    with pytest.raises(NotCurrent):
        does(actions.disagree_with_denial, patient_user, accepted, statement=STATEMENT)
    with pytest.raises(NotAllowed):
        does(actions.disagree_with_denial, staff("doctor", asked.patient.site), accepted, statement=STATEMENT)


# == The clock ==
def test_the_answer_is_called_for_before_the_last_day_and_after_it(asked, announced) -> None:
    before, over_ = asked.due_at - SOON, asked.due_at
    with as_the_system():
        actions.remind_of_amendment(by=None, request_id=asked.pk, now=before - timedelta(seconds=1))
        assert announced(AmendmentDueSoon) == []
        for now in (before, before, over_, over_):
            actions.remind_of_amendment(by=None, request_id=asked.pk, now=now)
        row = AmendmentRequest.objects.get(pk=asked.pk)
        soon = AmendmentRequest(state="waiting", due_at=over_, next_at=over_)
    assert (asked.is_due_soon, soon.is_due_soon, row.is_due_soon) == (False, True, False)
    told = {"request_id": asked.pk, "patient_id": asked.patient_id}
    assert announced(AmendmentDueSoon) == [
        AmendmentDueSoon(**told, overdue=False),
        AmendmentDueSoon(**told, overdue=True),
    ]
    assert row.next_at is None


def test_what_was_answered_is_called_for_no_more_and_the_unknown_never(denied, announced) -> None:
    with as_the_system():
        AmendmentRequest.objects.filter(pk=denied.pk).update(next_at=NOW)
    with as_the_system():
        actions.remind_of_amendment(by=None, request_id=denied.pk, now=denied.due_at)
        actions.remind_of_amendment(by=None, request_id=uuid7(), now=denied.due_at)
    assert announced(AmendmentDueSoon) == []


# == Reading ==
def test_the_lists_say_what_waits_longest_first_and_then_what_is_to_be_made(asked, patient_user, rosa, doctor) -> None:
    sooner = asks(patient_user, rosa, now=NOW - timedelta(days=10))
    to_make = does(actions.accept_amendment, doctor, asks(patient_user, rosa), answer=ANSWER)
    with acting_as(doctor):
        listed = actions.list_amendments(by=doctor)
        assert [line.request.pk for line in listed.lines] == [sooner.pk, asked.pk, to_make.pk]
        assert not listed.more
        assert count_waiting(doctor) == 2
    stranger = staff("doctor")
    with acting_as(stranger):
        assert open_requests(stranger).lines == []
    officer = staff("privacy_officer")
    with acting_as(officer):
        watched = actions.watch_amendments(by=officer).lines
        assert [line.number for line in watched] == [rosa.mrn] * 3
        with pytest.raises(NotAllowed):
            actions.list_amendments(by=officer)
    with acting_as(doctor), pytest.raises(NotAllowed):
        actions.watch_amendments(by=doctor)


def test_it_goes_where_its_entry_goes_until_it_is_taken_back(asked, patient_user, doctor, entry, rosa) -> None:
    with acting_as(doctor):
        assert [line.request.pk for line in requests_about(doctor, rosa.pk, [entry.pk])] == [asked.pk]
        assert requests_about(doctor, rosa.pk, [uuid7()]) == []
    does(actions.withdraw_amendment, patient_user, asked)
    with acting_as(doctor):
        assert requests_about(doctor, rosa.pk, [entry.pk]) == []
    with acting_as(patient_user):
        (line,) = requests_of(patient_user, rosa)
        assert (line.request.pk, line.about.entry.pk) == (asked.pk, entry.pk)


def test_a_mark_on_the_entry_hides_what_was_asked_about_it(asked, doctor, patient_user, entry, rosa) -> None:
    with acting_as(patient_user):
        assert AmendmentRequest.objects.count() == 1
    with acting_as(doctor):
        mark_entry(by=doctor, entry=Entry.objects.get(pk=entry.pk), label="mental_health", now=NOW)
    colleague = staff("nurse", rosa.site)
    with acting_as(colleague):
        assert not AmendmentRequest.objects.exists(), "the second wall"
        assert not AmendmentRequest.objects.visible_to(colleague).exists(), "the first"
    with acting_as(patient_user):
        assert AmendmentRequest.objects.visible_to(patient_user).count() == AmendmentRequest.objects.count() == 1


# == What the database holds ==
@pytest.mark.parametrize("before", sorted(MOVES))
@pytest.mark.parametrize("after", sorted(MOVES))
def test_the_database_moves_it_as_the_table_says(before: str, after: str) -> None:
    said = {"answered_at": NOW, "answered_by": staff("doctor")} if before != "waiting" else {}
    said |= {"answer": ANSWER} if before in ("accepted", "denied") else {}
    request = AmendmentRequestFactory(state=before, ground="accurate" if before == "denied" else "", **said)
    answer = f", answer = '{ANSWER}'" if after in ("accepted", "denied") else ", answer = ''"
    ground = f", ground = '{'accurate' if after == 'denied' else ''}'"
    who = ", answered_at = now(), answered_by_id = asked_by_id" if before == "waiting" != after else ""
    more = f"{answer}{ground}{who}" if before != after else ""

    def moves() -> None:
        with as_the_system(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE records_amendmentrequest SET state = %s{more} WHERE id = %s", [after, request.pk])
            assert cursor.rowcount == 1

    if after in MOVES[before] or before == after:
        moves()
    else:
        with pytest.raises(DatabaseError):
            moves()


@pytest.mark.parametrize(
    "column", [f.column for f in AmendmentRequest._meta.concrete_fields if f.column not in AMENDMENT_LIFE]
)
def test_what_was_asked_never_changes(column: str, asked, doctor) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), acting_as(doctor), connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_amendmentrequest SET {column} = {column} WHERE id = %s", [asked.pk])


@pytest.mark.parametrize(
    ("who", "change", "refusal"),
    [
        ("doctor", "due_at = due_at + interval '1 day'", "extended once"),
        ("doctor", "owner_id = asked_by_id, taken_at = now()", "own name"),
        ("doctor", "state = 'withdrawn', answered_at = now(), answered_by_id = app.user_id()", "the clinic answers"),
        (
            "patient",
            "state = 'accepted', answer = 'Yes, of course', answered_at = now(), answered_by_id = app.user_id()",
            "the clinic answers",
        ),
    ],
)
def test_each_side_does_its_own(asked, doctor, patient_user, who, change, refusal) -> None:
    user = doctor if who == "doctor" else patient_user
    with pytest.raises(DatabaseError, match=refusal), acting_as(user), connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_amendmentrequest SET {change} WHERE id = %s", [asked.pk])


@pytest.mark.parametrize("column", ["answered_at", "disagreed_at"])
def test_what_was_said_is_said_once(denied, patient_user, column) -> None:
    does(actions.disagree_with_denial, patient_user, denied, statement=STATEMENT)
    with pytest.raises(DatabaseError, match="said once"), as_the_system(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_amendmentrequest SET {column} = now() WHERE id = %s", [denied.pk])
