"""Several people at one time of a provider: planned, and seats given in it and taken back."""

import pytest

from healthcare.accounts.access import NotAllowed
from patients.access import NotInScope
from scheduling.access import can_plan
from scheduling.actions import NotBookable, NotOpen, SessionFull, TimeTaken
from scheduling.events import AppointmentBooked, TimeFreed
from scheduling.queries.caps import visits_on
from tests.factories import (
    GroupSessionFactory,
    PatientFactory,
    ResourceFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    bookable_provider,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, later
from tests.scheduling.groups import at_once, audited, claims, do, others, plan, seat, standing

pytestmark = pytest.mark.django_db


# == Planning ==
def test_a_session_takes_one_time_of_the_provider_with_its_buffers(group):
    session = plan(group)
    (claim,) = claims()
    assert (claim.session, claim.appointment_id, claim.blocked) == (session, None, span(later(-10), 50))
    assert (session.seats, session.during, session.wall_start) == (3, span(NINE), "2030-05-07T09:00")
    assert plan(group, start=later(60), seats=12).seats == 12
    assert audited("scheduling.plan_session") == 2
    at_once()


def test_the_time_is_asked_for_as_that_of_any_visit(group):
    plan(group)
    with pytest.raises(TimeTaken, match="Somebody else has just taken this time") as taken:
        plan(group, start=later(15))
    assert len(taken.value.alternatives) == 3
    single = VisitTypeFactory()
    with pytest.raises(TimeTaken):
        group.book(by=group.desk, start=later(15), visit_type=single)
    with pytest.raises(NotBookable, match="begin at that minute"):
        plan(group, start=later(63))
    TimeClaimFactory(resource=group.resource, blocked=span(later(600), 60))
    with pytest.raises(TimeTaken, match="is away"):
        plan(group, start=later(600))


def test_a_group_takes_the_room_its_kind_needs(group):
    group.visit_type = VisitTypeFactory(seats=3, needs=["Gym"])
    with pytest.raises(NotBookable, match="needs “Gym”"):
        plan(group)
    gym = ResourceFactory(kind="room", provider=None, site=group.site, name="Gym 1", category="Gym")
    plan(group)
    assert {claim.resource_id for claim in claims()} == {gym.pk, group.resource.pk}
    colleague = bookable_provider(group.site)
    with pytest.raises(TimeTaken, match="No “Gym” is free"):
        plan(group, provider=colleague)


def test_what_is_held_in_groups_is_not_booked_alone_and_the_other_way_round(group):
    with pytest.raises(NotBookable, match="Several come to this kind of visit"):
        group.book(by=group.desk)
    with pytest.raises(NotBookable, match="one at a time"):
        plan(group, visit_type=VisitTypeFactory())
    for wrong in (0, 201):
        with pytest.raises(NotBookable, match="from 1 to 200 seats"):
            plan(group, seats=wrong)


def test_sessions_are_planned_by_who_books_there(group):
    elsewhere = staff("front_desk", SiteFactory())
    assert (can_plan(group.desk, group.site), can_plan(elsewhere, group.site)) == (True, False)
    for who in (elsewhere, group.rosa, staff("billing", group.site)):
        with pytest.raises(NotAllowed):
            plan(group, by=who)
    session = plan(group)
    for verb, more in (("move_session", {"start": later(60)}), ("cancel_session", {"reason": "Ill"})):
        with pytest.raises(NotAllowed):
            do(group, verb, by=elsewhere, session=session, **more)


def test_a_cap_counts_sessions_and_not_seats(group):
    group.visit_type.most_per_day = 2
    with as_the_system():
        group.visit_type.save()
    first = plan(group)
    for patient in others(group, 3):
        seat(group, first, patient)
    plan(group, start=later(60))
    with pytest.raises(TimeTaken, match="no room for another visit of this kind"):
        plan(group, start=later(120))
    assert do(group, "move_session", session=first, start=later(180)).starts_at == later(180)
    with as_the_system():
        day = NINE.date()
        assert visits_on(day, [group.provider.pk]) == {group.provider.pk: 2}


# == Seats ==
def test_who_takes_a_seat_has_a_visit_of_their_own(group, announced):
    session = plan(group)
    visit = seat(group, session, reason="Feet")
    assert (visit.seat, visit.session, visit.during, visit.provider) == (1, session, session.during, group.provider)
    assert (visit.reason, visit.status, visit.wall_start) == ("Feet", "booked", session.wall_start)
    assert [claim.session_id for claim in claims()] == [session.pk], "one time of the provider, however many come"
    assert announced(AppointmentBooked) == [AppointmentBooked(visit.pk, group.patient.pk, 0)]
    assert audited("scheduling.book") == 1
    at_once()


def test_there_is_one_seat_for_each_and_no_more_than_there_are(group):
    session, three = plan(group), others(group, 3)
    taken = [seat(group, session, patient) for patient in three]
    assert [visit.seat for visit in taken] == [1, 2, 3]
    with pytest.raises(NotBookable, match="already"):
        seat(group, session, three[0])
    beyond = plan(group, start=later(120))
    gone = plan(group, start=later(240))
    do(group, "cancel_session", session=gone, reason="Ill")
    with pytest.raises(SessionFull, match="Each seat") as full:
        seat(group, session)
    assert [one.session for one in full.value.instead] == [beyond]
    assert [one.free for one in full.value.instead] == [3]


def test_the_same_key_gives_one_seat(group):
    session = plan(group)
    first = seat(group, session, idempotency_key="k")
    assert seat(group, session, idempotency_key="k") == first
    with pytest.raises(NotBookable, match="somebody else"):
        seat(group, session, others(group, 1)[0], idempotency_key="k")


def test_a_seat_that_is_given_back_is_free_and_frees_no_time_of_the_provider(group, announced):
    session, three = plan(group), others(group, 3)
    visits = [seat(group, session, patient) for patient in three]
    do(group, "cancel_appointment", appointment=visits[1], reason="Cannot come")
    assert announced(TimeFreed) == []
    assert [claim.session_id for claim in claims()] == [session.pk]
    assert seat(group, session).seat == 2
    at_once()


def test_a_patient_is_in_one_place_at_a_time(group):
    session = plan(group)
    single = VisitTypeFactory()
    colleague = bookable_provider(group.site)
    group.book(by=group.desk, provider=colleague, visit_type=single, start=later(10))
    with pytest.raises(NotBookable, match="another visit at this time"):
        seat(group, session)
    assert standing(session) == []
    seated = others(group, 1)[0]
    seat(group, session, seated)
    with pytest.raises(TimeTaken, match="another visit"):
        group.book(by=group.desk, patient=seated, provider=colleague, visit_type=single, start=later(-30))


def test_seats_are_given_until_the_session_is_over_and_never_to_who_has_died(group):
    session = plan(group)
    assert seat(group, session, now=later(39)).seat == 1
    one, other = others(group, 2)
    with pytest.raises(NotOpen, match="is over"):
        seat(group, session, one, now=later(40))
    with as_the_system():
        other.deceased = True
        other.save()
    with pytest.raises(NotBookable, match="has died"):
        seat(group, session, other)


def test_a_seat_is_for_whom_one_reaches(group):
    session, stranger = plan(group), PatientFactory()
    with pytest.raises(NotInScope):
        seat(group, session, stranger)
    with pytest.raises(NotAllowed):
        seat(group, session, by=staff("billing", group.site))


def test_patients_take_a_seat_where_visits_of_the_kind_are_booked_directly(group):
    session = plan(group)
    assert seat(group, session, by=group.rosa).booked_by == group.rosa
    kind = group.visit_type
    for changes, refusal in (
        ({"portal_mode": "off"}, "Please call"),
        ({"portal_mode": "request"}, "The clinic books this kind"),
        ({"notice_minutes": 60 * 48}, "minutes ahead"),
        ({"horizon_days": 0}, "days ahead"),
        ({"active": False}, "no longer offered"),
    ):
        kind = VisitTypeFactory(**{"seats": 2, "portal_mode": "direct"} | changes)
        closed = GroupSessionFactory(
            provider=bookable_provider(group.site), site=group.site, visit_type=kind, start=later(100)
        )
        with pytest.raises(NotBookable, match=refusal):
            seat(group, closed, by=group.rosa)
        if kind.active:
            assert seat(group, closed).seat == 1
            do(group, "cancel_appointment", appointment=standing(closed)[0], reason="Again")


def test_a_seat_is_not_moved_by_itself(group):
    session = plan(group)
    visit = seat(group, session)
    for who in (group.desk, group.rosa):
        with pytest.raises(NotBookable, match="seat in a group"):
            do(group, "move_appointment", by=who, appointment=visit, start=later(120))
