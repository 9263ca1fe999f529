"""Sessions of several people moved and called off with everybody in them, and on their day."""

import pytest

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotBookable, NotOpen, SessionFull, TimeTaken
from scheduling.events import AppointmentCancelled, AppointmentMoved, TimeBlocked, TimeFreed
from scheduling.models import Appointment, PatientClaim, Resource
from scheduling.queries.groups import counted, sessions_ahead, sessions_to_join, visits_in_session
from scheduling.queries.pages import visits_within
from tests.factories import (
    AppointmentFactory,
    GroupSessionFactory,
    ResourceFactory,
    RestrictionFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    bookable_provider,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, later
from tests.scheduling.groups import at_once, claims, do, others, plan, seat, standing

pytestmark = pytest.mark.django_db


# == Calling off ==
def test_a_session_that_is_called_off_takes_every_visit_with_it(group, announced):
    session = plan(group)
    visits = [seat(group, session, patient) for patient in others(group, 3)]
    ended = do(group, "cancel_session", session=session, reason="The dietician is ill")
    assert (ended.cancel_reason, ended.cancelled_by, ended.cancelled_at) == ("The dietician is ill", group.desk, NOW)
    assert (claims(), standing(session)) == ([], [])
    with as_the_system():
        rows = Appointment.objects.filter(session=session)
        assert set(rows.values_list("status", "cancel_reason")) == {("cancelled", "The dietician is ill")}
        assert not PatientClaim.objects.exists()
    told = announced(AppointmentCancelled)
    assert sorted(fact.appointment_id for fact in told) == sorted(visit.pk for visit in visits)
    assert [(fact.begins, fact.ends) for fact in announced(TimeFreed)] == [(later(-10), later(40))]
    at_once()
    assert do(group, "cancel_session", session=session, reason="Again").cancel_reason == "The dietician is ill"
    assert len(announced(AppointmentCancelled)) == 3, "each is told once"
    with pytest.raises(NotOpen, match="was cancelled"):
        seat(group, session)
    with pytest.raises(NotOpen, match="was cancelled"):
        do(group, "move_session", session=session, start=later(60))


def test_a_reason_is_said(group):
    session = plan(group)
    with pytest.raises(NotBookable, match="Say why"):
        do(group, "cancel_session", session=session, reason=" ")


def test_who_came_already_keeps_the_session_where_it_is(group):
    session = plan(group)
    visit = seat(group, session)
    do(group, "check_in", appointment=visit, now=NINE)
    for verb, more in (("move_session", {"start": later(60)}), ("cancel_session", {"reason": "Ill"})):
        with pytest.raises(NotOpen, match="came to this session already"):
            do(group, verb, session=session, **more)


def test_nobody_is_called_off_by_who_may_not_see_them(group):
    session, (hidden, *_more) = plan(group), others(group, 2)
    seat(group, session, hidden)
    seat(group, session)
    RestrictionFactory(patient=hidden, user=group.desk)
    for verb, more in (("move_session", {"start": later(60)}), ("cancel_session", {"reason": "Ill"})):
        with pytest.raises(NotBookable, match="out of your scope"):
            do(group, verb, session=session, **more)
    assert len(standing(session)) == 2
    with acting_as(group.desk):
        assert [visit.patient for visit in visits_in_session(group.desk, session)] == [group.patient]
        assert [one.given for one in counted([session])] == [2], "how many is no secret"


def test_a_seat_that_was_taken_while_one_looked_is_seen_first(group, monkeypatch):
    session = plan(group)
    seat(group, session)
    monkeypatch.setattr("scheduling.actions.sessions._patients_of", lambda _session: set())
    with pytest.raises(NotOpen, match="took a seat meanwhile"):
        do(group, "cancel_session", session=session, reason="Ill")


# == Moving ==
def test_a_session_moves_with_everybody_in_it(group, announced):
    session = plan(group)
    visits = [seat(group, session, patient) for patient in others(group, 2)]
    do(group, "confirm_appointment", appointment=visits[0])
    colleague = bookable_provider(group.site)
    moved = do(group, "move_session", session=session, start=later(100), provider=colleague, seen_sequence=0)
    assert (moved.sequence, moved.provider, moved.during) == (1, colleague, span(later(100)))
    (claim,) = claims()
    assert (claim.resource, claim.blocked) == (colleague.resource, span(later(90), 50))
    for visit in standing(session):
        assert (visit.provider, visit.during, visit.sequence, visit.status) == (colleague, moved.during, 1, "booked")
        assert (visit.confirmed_at, visit.wall_start) == (None, "2030-05-07T10:40")
    assert {fact.appointment_id for fact in announced(AppointmentMoved)} == {visit.pk for visit in visits}
    assert [(fact.resource_id, fact.begins) for fact in announced(TimeFreed)] == [(group.resource.pk, later(-10))]
    at_once()
    same = do(group, "move_session", session=moved, start=later(100))
    assert (same.sequence, len(announced(AppointmentMoved))) == (1, 2)
    with pytest.raises(NotOpen, match="moved this session meanwhile"):
        do(group, "move_session", session=moved, start=later(160), seen_sequence=0)
    with pytest.raises(NotOpen, match="moved this session meanwhile"):
        do(group, "move_session", session=session, start=later(160))


def test_a_session_may_move_onto_a_part_of_its_own_time_and_keeps_its_room(group):
    group.visit_type = VisitTypeFactory(seats=3, needs=["Gym"])
    for name in ("Gym 1", "Gym 2"):
        ResourceFactory(kind="room", provider=None, site=group.site, name=name, category="Gym")
    session = plan(group)
    seat(group, session)
    with as_the_system():
        had = Resource.objects.get(claims__session=session, provider=None)
    do(group, "move_session", session=session, start=later(15))
    with as_the_system():
        assert Resource.objects.get(claims__session=session, provider=None) == had


def test_all_of_them_move_or_nobody(group):
    session, (one, other) = plan(group), others(group, 2)
    seat(group, session, one)
    seat(group, session, other)
    single, colleague = VisitTypeFactory(), bookable_provider(group.site)
    group.book(by=group.desk, patient=other, provider=colleague, visit_type=single, start=later(100))
    with pytest.raises(NotBookable, match=f"booked for {other.given_name} {other.family_name}. Nothing was changed"):
        do(group, "move_session", session=session, start=later(100))
    TimeClaimFactory(resource=group.resource, blocked=span(later(300), 60))
    with pytest.raises(TimeTaken) as taken:
        do(group, "move_session", session=session, start=later(300))
    assert taken.value.alternatives
    assert [visit.during for visit in standing(session)] == [span(NINE)] * 2
    assert {claim.blocked for claim in claims() if claim.session_id} == {span(later(-10), 50)}


# == The day ==
def test_who_came_to_one_session_may_be_in_one_room(group):
    session, nurse = plan(group), staff("nurse", group.site)
    visits = [seat(group, session, patient) for patient in others(group, 2)]
    alone = AppointmentFactory(
        patient=group.patient, provider=bookable_provider(group.site), site=group.site, start=NINE
    )
    for visit in (*visits, alone):
        do(group, "check_in", appointment=visit, now=NINE)
    for visit in visits:
        assert do(group, "room_patient", by=nurse, appointment=visit, room="Gym", now=NINE).room == "Gym"
    with pytest.raises(NotBookable, match="Somebody else is in Gym"):
        do(group, "room_patient", by=nurse, appointment=alone, room="Gym", now=NINE)


def test_who_did_not_come_gives_the_seat_and_has_one_again_where_one_is_left(group):
    session, three = plan(group, seats=2), others(group, 3)
    first, _second = (seat(group, session, patient) for patient in three[:2])
    do(group, "miss_appointment", appointment=first, now=later(5))
    at_once()
    assert do(group, "undo_miss", appointment=first, now=later(6)).seat == 1
    do(group, "miss_appointment", appointment=first, now=later(7))
    late = seat(group, session, three[2], now=later(8))
    assert late.seat == 1
    with pytest.raises(NotBookable, match="given to somebody else"):
        do(group, "undo_miss", appointment=first, now=later(9))
    do(group, "miss_appointment", appointment=_second, now=later(10))
    assert do(group, "undo_miss", appointment=first, now=later(11)).seat == 2
    at_once()


def test_a_block_names_everybody_in_the_sessions_that_lie_in_it(group, announced):
    session = plan(group)
    visits = [seat(group, session, patient) for patient in others(group, 2)]
    with acting_as(group.desk):
        inside = visits_within(group.desk, group.provider, span(later(-60), 180), NOW)
        assert [visit.pk for visit in inside.visits] == [visit.pk for visit in visits]
        actions.block_time(by=group.desk, provider=group.provider, during=span(NINE), reason="Ill", now=NOW)
    assert announced(TimeBlocked)[0].appointment_ids == tuple(visit.pk for visit in visits)


def test_lists_of_sessions(group):
    session, later_one = plan(group), plan(group, start=later(120))
    elsewhere = GroupSessionFactory(start=later(30), visit_type=group.visit_type)
    off = GroupSessionFactory(start=later(30), visit_type=VisitTypeFactory(seats=2, portal_mode="off"))
    for patient in others(group, 3):
        seat(group, session, patient)
    with acting_as(group.desk):
        assert [(one.session, one.free) for one in sessions_ahead([group.site], NOW)] == [(session, 0), (later_one, 3)]
        assert sessions_ahead([group.site], later(200)) == []
    with acting_as(group.rosa):
        assert [one.session for one in sessions_to_join(NOW)] == [elsewhere, later_one]
        assert [one.session for one in sessions_to_join(NOW, kind=off.visit_type)] == []
        with pytest.raises(SessionFull) as full:
            seat(group, session, by=group.rosa)
        assert [one.session for one in full.value.instead] == [later_one, elsewhere], "at the same site first"
