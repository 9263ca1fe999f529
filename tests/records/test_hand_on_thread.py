"""The verbs `hand_on_thread`, `set_thread_aside` and `announce_overdue`, and a thread opened again by a message."""

from datetime import timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.uuids import uuid7
from patients.access import NotInScope
from records.actions import threads as verbs
from records.events import ThreadHandedOn, ThreadOverdue
from records.models import Thread
from records.models.messages import THREAD_MOVES
from records.queries.messages import Shown
from records.rules.messages import urgent_words
from records.tasks import announce_overdue as carry_out
from tests.events.draining import as_worker
from tests.factories import (
    CoverFactory,
    MembershipFactory,
    PatientFactory,
    PoolFactory,
    PoolMemberFactory,
    ProviderFactory,
    ThreadFactory,
    staff,
)
from tests.records.test_take_thread import lines
from tests.records.writing import DIRE, NOW, Talk, now_is, talk
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def told() -> Talk:
    return talk()


# == Handed on ==
def test_to_a_colleague_who_owns_it_then(told: Talk, announced) -> None:
    thread = told.starts()
    told.hands_on(told.desk, thread, told.nurse)
    after = now_is(thread)
    assert (after.taken_by, after.taken_at, after.status, after.waiting_since) == (told.nurse, NOW, "open", NOW)
    told.hands_on(told.nurse, thread, told.doctor, instead_of=told.nurse)
    assert now_is(thread).taken_by == told.doctor
    told.hands_on(told.nurse, thread, told.doctor, instead_of=told.nurse)
    assert [fact.thread_id for fact in announced(ThreadHandedOn)] == [thread.pk] * 2
    with as_the_system():
        event = AuditEvent.objects.filter(action="records.hand_on_thread").latest("id")
    assert event.detail == {"from": str(told.nurse.pk), "to": str(told.doctor.pk)}


def test_back_to_where_it_lay_or_into_another_pool(told: Talk, announced) -> None:
    pool, other = PoolFactory(site=told.patient.site), PoolFactory(site=told.patient.site)
    thread = told.starts(to=pool)
    told.takes(told.nurse, thread)
    told.hands_on(told.nurse, thread, None, instead_of=told.nurse)
    after = now_is(thread)
    assert (after.taken_by, after.taken_at, after.pool, after.status) == (None, None, pool, "open")
    told.hands_on(told.nurse, thread, None)
    told.hands_on(told.nurse, thread, other)
    assert now_is(thread).pool == other
    assert len(announced(ThreadHandedOn)) == 2
    with as_the_system():
        event = AuditEvent.objects.filter(action="records.hand_on_thread").latest("id")
    assert event.detail == {"pool": str(other.pk)}


def test_not_to_whom_the_messages_are_closed_nor_to_a_pool_elsewhere(told: Talk) -> None:
    thread = told.starts()
    for user in (told.stranger, told.pharmacist, told.rosa):
        with pytest.raises(verbs.NotHandedOn, match="cannot answer messages of this patient"):
            told.hands_on(told.nurse, thread, user)
    for pool in (PoolFactory(), PoolFactory(site=told.patient.site, active=False)):
        with pytest.raises(verbs.NotHandedOn, match="takes no messages of this site"):
            told.hands_on(told.nurse, thread, pool)
    assert now_is(thread).taken_by is None


def test_what_was_written_to_one_person_goes_to_no_pool(told: Talk) -> None:
    thread = ThreadFactory(patient=told.patient, provider=ProviderFactory(user=told.doctor))
    with pytest.raises(verbs.NotHandedOn, match="wrote to one person"):
        told.hands_on(told.nurse, thread, PoolFactory(site=told.patient.site))
    told.hands_on(told.nurse, thread, told.nurse)
    assert now_is(thread).taken_by == told.nurse


def test_who_is_slower_is_told(told: Talk) -> None:
    thread = told.starts()
    told.takes(told.nurse, thread)
    with pytest.raises(verbs.TakenMeanwhile, match="Priya Raman took this"):
        told.hands_on(told.doctor, thread, told.desk)
    told.closes(told.nurse, thread)
    with pytest.raises(verbs.ThreadIsClosed):
        told.hands_on(told.doctor, thread, told.desk, instead_of=told.nurse)


@pytest.mark.parametrize(
    ("who", "problem"), [("rosa", NotAllowed), ("pharmacist", NotAllowed), ("stranger", NotInScope)]
)
def test_others_neither_hand_on_nor_set_aside(told: Talk, who: str, problem: type[Exception]) -> None:
    thread, user = told.starts(), getattr(told, who)
    with pytest.raises(problem):
        told.hands_on(user, thread, told.nurse)
    with pytest.raises(problem):
        told.sets_aside(user, thread)


# == Waiting for the patient ==
def test_it_waits_for_the_patient_until_they_write(told: Talk) -> None:
    thread = told.starts()
    with pytest.raises(verbs.StillWaits, match="Answer first"):
        told.sets_aside(told.nurse, thread)
    told.sends(told.nurse, thread)
    assert now_is(thread).status == "open", "sending leaves the state alone"
    told.sets_aside(told.nurse, thread)
    told.sets_aside(told.doctor, thread)
    assert now_is(thread).status == "asked"
    assert [line.thread for line in lines(told, told.nurse, Shown.WITH_PATIENTS).lines] == [thread]
    told.sends(told.nurse, thread, "Could you tell me the dose?")
    assert now_is(thread).status == "asked"
    told.sends(told.rosa, thread)
    after = now_is(thread)
    assert (after.status, after.waiting_since) == ("open", NOW)
    with as_the_system():
        assert AuditEvent.objects.filter(action="records.set_thread_aside").count() == 1


def test_or_until_somebody_says_so(told: Talk) -> None:
    thread = told.starts(told.nurse)
    told.sets_aside(told.nurse, thread)
    told.sets_aside(told.nurse, thread, waits=False)
    assert now_is(thread).status == "open"
    told.closes(told.nurse, thread)
    with pytest.raises(verbs.ThreadIsClosed, match="opens it again"):
        told.sets_aside(told.nurse, thread)


# == Opened again ==
@pytest.mark.parametrize("who", ["rosa", "nurse"])
def test_a_message_opens_what_was_closed(told: Talk, who: str) -> None:
    thread = told.starts()
    told.takes(told.doctor, thread)
    told.closes(told.doctor, thread)
    told.sends(getattr(told, who), thread, now=NOW + HOUR)
    after = now_is(thread)
    assert (after.status, after.reopened_at, after.closed_at, after.closed_by) == ("open", NOW + HOUR, None, None)
    assert after.taken_by == told.doctor, "it is still theirs"
    assert (after.waiting_since is not None) == (who == "rosa")
    with as_the_system():
        assert AuditEvent.objects.filter(action="records.reopen_thread", target_id=thread.pk).count() == 1


def test_the_table_names_every_state() -> None:
    assert set(THREAD_MOVES) == set(Thread.Status)
    assert set().union(*THREAD_MOVES.values()) <= set(Thread.Status)


# == The clock ==
def test_it_is_said_once_that_the_promise_has_passed(told: Talk, announced) -> None:
    thread = told.starts()
    due = now_is(thread).due_at
    assert now_is(thread).next_at == due
    announce(thread.pk, due - HOUR)
    assert announced(ThreadOverdue) == []
    for _again in range(2):
        announce(thread.pk, due)
    assert announced(ThreadOverdue) == [ThreadOverdue(thread.pk, told.patient.pk, waiting_since=NOW)]
    assert (now_is(thread).next_at, now_is(thread).due_at) == (None, due)
    told.sends(told.nurse, thread)
    told.sends(told.rosa, thread, now=due)
    assert now_is(thread).next_at == now_is(thread).due_at > due


def announce(key, now) -> None:
    as_worker(lambda: verbs.announce_overdue(by=None, thread_id=key, now=now))


def test_an_answer_or_the_end_stops_the_clock(told: Talk, announced) -> None:
    answered, closed = told.starts(), told.starts()
    due = now_is(answered).due_at
    told.sends(told.nurse, answered)
    told.closes(told.nurse, closed)
    for key in (answered.pk, closed.pk, uuid7()):
        announce(key, due)
        with taking_role("worker"):
            carry_out(key)
    assert announced(ThreadOverdue) == []
    assert now_is(closed).next_at is now_is(closed).due_at is None


# == Lists ==
def test_overdue_ones_come_first_after_words_of_an_emergency(told: Talk) -> None:
    quick = PoolFactory(site=told.patient.site, answer_hours=1)
    soon = told.starts(to=quick)
    later = told.starts(now=NOW - HOUR)
    urgent = told.starts(body=DIRE, confirmed=urgent_words(DIRE).mark, now=NOW + HOUR)
    found = lines(told, told.nurse, Shown.WAITING, NOW + 2 * HOUR).lines
    assert [line.thread for line in found] == [urgent, soon, later]
    assert [line.late for line in found] == [False, True, False]


def test_pools_are_of_their_people_and_of_who_stands_in(told: Talk) -> None:
    pool = PoolFactory(site=told.patient.site)
    PoolMemberFactory(pool=pool, user=told.nurse)
    PoolMemberFactory(pool=pool, user=told.doctor, ended_at=NOW, ended_by=told.doctor)
    thread = told.starts(to=pool)
    told.starts()
    assert [line.thread for line in lines(told, told.nurse, Shown.POOLS).lines] == [thread]
    assert lines(told, told.doctor, Shown.POOLS).lines == []
    other = staff("nurse", told.patient.site)
    assert lines(told, other, Shown.POOLS).lines == []
    CoverFactory(absent=told.nurse, cover=other, role="nurse")
    other._reach = None
    assert [line.thread for line in lines(told, other, Shown.POOLS).lines] == [thread]


def test_what_is_addressed_to_one_is_theirs_and_who_stands_in_answers(told: Talk) -> None:
    thread = ThreadFactory(patient=told.patient, provider=ProviderFactory(user=told.doctor))
    assert [line.thread for line in lines(told, told.doctor, Shown.MINE).lines] == [thread]
    cover = staff("doctor", PatientFactory().site)
    MembershipFactory(user=cover, site=told.patient.site, role="doctor")
    assert lines(told, cover, Shown.MINE).lines == []
    CoverFactory(absent=told.doctor, cover=cover, role="doctor")
    cover._reach = None
    assert [line.thread for line in lines(told, cover, Shown.MINE).lines] == [thread]
    told.sends(cover, thread, "Yes.")
    assert now_is(thread).taken_by == cover


def test_what_one_sent_says_whether_it_was_read(told: Talk) -> None:
    thread = told.starts()
    told.sends(told.nurse, thread)
    (line,) = lines(told, told.nurse, Shown.SENT).lines
    assert (line.thread, line.unread) == (thread, True)
    told.reads(told.rosa, thread)
    assert [line.unread for line in lines(told, told.nurse, Shown.SENT).lines] == [False]
    assert lines(told, told.doctor, Shown.SENT).lines == []
    assert lines(told, told.nurse, Shown.SENT, NOW + timedelta(days=31)).lines == []
