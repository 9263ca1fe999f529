"""The verbs `take_thread`, `close_thread`, `read_thread`, `open_thread` and `list_inbox`."""

from datetime import timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.actions import messages as verbs
from records.actions import threads
from records.events import ThreadClosed
from records.queries.messages import Shown
from tests.factories import MembershipFactory, PatientFactory, ThreadFactory, portal_user
from tests.records.writing import DIRE, NOW, Talk, all_messages, now_is, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def told() -> Talk:
    return talk()


def lines(told: Talk, user, shown: Shown, now=NOW):
    with acting_as(user):
        return verbs.list_inbox(by=user, shown=shown, now=now)


# == Take ==
def test_one_takes_it_and_it_says_since_when(told) -> None:
    thread = told.starts()
    told.takes(told.nurse, thread)
    after = now_is(thread)
    assert (after.taken_by, after.taken_at, after.waiting_since) == (told.nurse, NOW, NOW)
    with as_the_system():
        event = AuditEvent.objects.get(action="records.take_thread")
    assert (event.target_id, event.detail) == (thread.pk, {})
    assert told.takes(told.nurse, thread) == thread
    with as_the_system():
        assert AuditEvent.objects.filter(action="records.take_thread").count() == 1


def test_who_is_slower_is_told(told) -> None:
    thread = told.starts()
    told.takes(told.nurse, thread)
    with pytest.raises(threads.TakenMeanwhile, match="Priya Raman took this"):
        told.takes(told.doctor, thread)
    told.takes(told.doctor, thread, instead_of=told.nurse)
    assert now_is(thread).taken_by == told.doctor
    with as_the_system():
        event = AuditEvent.objects.filter(action="records.take_thread").latest("id")
    assert event.detail == {"from": str(told.nurse.pk)}


def test_what_is_closed_is_taken_by_nobody(told) -> None:
    thread = told.starts()
    told.closes(told.nurse, thread)
    with pytest.raises(threads.ThreadIsClosed):
        told.takes(told.doctor, thread)


# == Close ==
def test_to_close_is_an_act_of_its_own(told, announced) -> None:
    thread = told.starts(body=DIRE, confirmed=_mark(DIRE))
    told.closes(told.nurse, thread)
    told.closes(told.doctor, thread)
    after = now_is(thread)
    assert (after.status, after.closed_by, after.closed_at) == ("closed", told.nurse, NOW)
    assert (after.waiting_since, after.urgent) == (None, False)
    assert announced(ThreadClosed) == [ThreadClosed(thread.pk, told.patient.pk)]
    assert len(all_messages(thread)) == 1


def _mark(text: str) -> str:
    from records.rules.messages import urgent_words

    return urgent_words(text).mark


@pytest.mark.parametrize(
    ("who", "problem"), [("rosa", NotAllowed), ("pharmacist", NotAllowed), ("stranger", NotInScope)]
)
def test_others_neither_take_nor_close(told, who, problem) -> None:
    thread, user = told.starts(), getattr(told, who)
    with pytest.raises(problem):
        told.takes(user, thread)
    with pytest.raises(problem):
        told.closes(user, thread)


# == Read ==
def test_who_of_the_other_side_read_first_is_kept(told) -> None:
    thread = told.starts()
    assert told.reads(told.rosa, thread) == 0, "one's own"
    assert told.reads(told.nurse, thread, NOW + HOUR) == 1
    assert told.reads(told.doctor, thread, NOW + 2 * HOUR) == 0
    (message,) = all_messages(thread)
    assert (message.read_by, message.read_at) == (told.nurse, NOW + HOUR)
    told.sends(told.nurse, thread)
    assert told.reads(told.rosa, thread) == 1
    with as_the_system():
        events = AuditEvent.objects.filter(action="records.read_thread").order_by("id")
        assert [(event.actor_role, event.detail) for event in events] == [
            ("nurse", {"messages": 1}),
            ("patient", {"messages": 1}),
        ]
    with pytest.raises(NotInScope):
        told.reads(told.stranger, thread)


def test_looking_is_said_before_anything_is_shown(told) -> None:
    thread = told.starts()
    told.sends(told.nurse, thread, "Yes.")
    with acting_as(told.doctor):
        said = verbs.open_thread(by=told.doctor, thread=thread)
    assert [message.body for message in said][-1] == "Yes."
    with acting_as(told.doctor, using="audit"):
        event = AuditEvent.objects.using("audit").get(action="records.open_thread")
    assert (event.actor_id, event.patient_id) == (told.doctor.pk, told.patient.pk)


# == The inbox ==
def test_each_list_holds_its_own(told) -> None:
    waiting, mine, closed = told.starts(), told.starts(), told.starts()
    told.takes(told.nurse, mine)
    told.closes(told.nurse, closed)
    asked = told.starts(told.nurse)
    for shown, expected in (
        (Shown.WAITING, {waiting, mine}),
        (Shown.MINE, {mine, asked}),
        (Shown.UNASSIGNED, {waiting}),
        (Shown.CLOSED, {closed}),
    ):
        inbox = lines(told, told.nurse, shown)
        assert {line.thread for line in inbox.lines} == expected, shown
        assert inbox.counts[shown] == len(expected)
        assert not inbox.cut
    assert lines(told, told.doctor, Shown.MINE).counts["mine"] == 0
    assert lines(told, told.nurse, Shown.CLOSED, NOW + timedelta(days=31)).lines == []
    with acting_as(told.nurse, using="audit"):
        shown_ = AuditEvent.objects.using("audit").filter(action="records.list_inbox").order_by("id")
        assert [event.detail["shown"] for event in shown_][:2] == ["waiting", "mine"]


def test_words_of_an_emergency_come_first_then_what_waits_longest(told) -> None:
    second = told.starts(now=NOW - HOUR)
    third = told.starts()
    first = told.starts(body=DIRE, confirmed=_mark(DIRE), now=NOW + HOUR)
    inbox = lines(told, told.nurse, Shown.WAITING)
    assert [line.thread for line in inbox.lines] == [first, second, third]
    assert (inbox.oldest, inbox.urgent) == (NOW - HOUR, 1)


def test_an_answer_is_late_after_two_working_days(told) -> None:
    told.starts()
    (soon,) = lines(told, told.nurse, Shown.WAITING, NOW + timedelta(days=4, minutes=-1)).lines
    (late,) = lines(told, told.nurse, Shown.WAITING, NOW + timedelta(days=4, minutes=1)).lines
    assert (soon.late, late.late) == (False, True)
    assert soon.due == NOW + timedelta(days=4)  # from a Thursday over the weekend


def test_what_a_leaver_had_is_nobodys(told) -> None:
    thread = told.starts()
    told.takes(told.nurse, thread)
    with as_the_system():
        told.nurse.is_active, told.nurse.deactivated_at = False, NOW
        told.nurse.save(update_fields=["is_active", "deactivated_at"])
    assert [line.thread for line in lines(told, told.doctor, Shown.UNASSIGNED).lines] == [thread]


def test_the_pool_is_of_the_sites_where_one_works_and_what_one_took(told) -> None:
    """Sharing a chart does not fill a colleague's inbox, and taking a thread there brings it in."""
    elsewhere = PatientFactory()
    portal_user(elsewhere)
    other = ThreadFactory(patient=elsewhere)
    assert lines(told, told.nurse, Shown.WAITING).lines == []
    MembershipFactory(user=told.nurse, site=elsewhere.site, role="nurse")
    told.nurse._reach = None
    assert [line.thread for line in lines(told, told.nurse, Shown.WAITING).lines] == [other]


def test_who_writes_no_messages_has_no_inbox(told) -> None:
    with pytest.raises(NotAllowed):
        lines(told, told.pharmacist, Shown.WAITING)
