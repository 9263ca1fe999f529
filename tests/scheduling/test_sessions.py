"""Several people at one time of a provider: planned, given seats in, moved and called off, and never over-full."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from scheduling import actions
from scheduling.access import can_plan
from scheduling.actions import NotBookable, NotOpen, SessionFull, TimeTaken
from scheduling.events import AppointmentBooked, AppointmentCancelled, AppointmentMoved, TimeBlocked, TimeFreed
from scheduling.models import Appointment, GroupSession, PatientClaim, Resource, TimeClaim
from scheduling.queries.caps import visits_on
from scheduling.queries.groups import counted, sessions_ahead, sessions_to_join, visits_in_session
from scheduling.queries.pages import visits_within
from tests.factories import (
    AppointmentFactory,
    GroupSessionFactory,
    PatientFactory,
    ResourceFactory,
    RestrictionFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    bookable_provider,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(clinic):
    """The clinic, whose kind of visit has three seats."""
    clinic.visit_type = VisitTypeFactory(name="Diabetes group", seats=3, buffer_before=10)
    return clinic


def plan(clinic, *, by=None, start=NINE, **changes):
    by = by or clinic.desk
    asked = {"provider": clinic.provider, "site": clinic.site, "visit_type": clinic.visit_type, "now": NOW}
    with acting_as(by):
        return actions.plan_session(by=by, start=start, **asked | changes)


def seat(clinic, session, patient=None, *, by=None, now=NOW, **more):
    by = by or clinic.desk
    with acting_as(by):
        return actions.give_seat(by=by, patient=patient or clinic.patient, session=session, now=now, **more)


def do(clinic, verb, *, by=None, now=NOW, **more):
    by = by or clinic.desk
    with acting_as(by):
        return getattr(actions, verb)(by=by, now=now, **more)


def others(clinic, count):
    return [PatientFactory(site=clinic.site) for _each in range(count)]


def claims():
    with as_the_system():
        return list(TimeClaim.objects.order_by("blocked", "pk"))


def standing(session):
    with as_the_system():
        return list(Appointment.objects.standing().filter(session=session).order_by("seat"))


def at_once():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def audited(action):
    with as_the_system():
        return AuditEvent.objects.filter(action=action).count()


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


# == What the database holds, whoever writes ==
def refused(match):
    return pytest.raises(IntegrityError, match=match)


def seated(session, patient=None, number=1, **fields):
    with transaction.atomic():
        visit = AppointmentFactory(
            patient=patient or PatientFactory(),
            session=session,
            seat=number,
            **{name: getattr(session, name) for name in ("provider", "site", "visit_type", "during")} | fields,
        )
        at_once()
        return visit


def test_no_seat_is_given_twice_and_none_that_is_not_there():
    session = GroupSessionFactory(seats=2)
    seated(session)
    with refused("appointment_one_a_seat"):
        seated(session)
    with refused("a seat is one of a session"):
        seated(session, number=3)
    with refused("appointment_seat_in_a_session"):
        seated(session, number=None)
    with refused("appointment_seat_in_a_session"):
        seated(session, number=2, overbook_reason="Because")
    seated(session, number=2)


def test_nobody_has_two_seats_of_one_session():
    session, patient = GroupSessionFactory(), PatientFactory()
    seated(session, patient)
    with refused("patient_claim_no_overlap"):
        seated(session, patient, number=2)


@pytest.mark.parametrize("wrong", ["during", "provider", "site", "visit_type"])
def test_a_seat_is_where_and_when_its_session_is(wrong):
    session = GroupSessionFactory()
    other = {"during": span(session.starts_at + timedelta(minutes=5)), "provider": GroupSessionFactory().provider}
    other |= {"site": SiteFactory(), "visit_type": VisitTypeFactory()}
    with refused("a seat is one of a session"):
        seated(session, **{wrong: other[wrong]})


def test_a_session_cannot_leave_who_has_a_seat():
    session = GroupSessionFactory()
    visit = seated(session)
    for fields in ({"during": span(session.starts_at, 30)}, {"visit_type": VisitTypeFactory()}):
        with refused("a seat is one of a session"), transaction.atomic(), as_the_system():
            GroupSession.objects.filter(pk=session.pk).update(**fields)
            at_once()
    with refused("a seat is one of a session"), transaction.atomic(), as_the_system():
        connection.cursor().execute("SELECT app.release_claims('{}', NULL, NULL, NULL, %s)", [session.pk])
        GroupSession.objects.filter(pk=session.pk).update(cancelled_at=NINE, cancel_reason="Ill")
        at_once()
    assert standing(session) == [visit]


def test_a_session_stands_with_its_claim_and_only_then():
    session = GroupSessionFactory()
    at_once()
    release = "SELECT app.release_claims('{}', NULL, NULL, NULL, %s)"
    with refused("stands with its claims"), transaction.atomic(), as_the_system():
        connection.cursor().execute(release, [session.pk])
        at_once()
    with refused("stands with its claims"), transaction.atomic(), as_the_system():
        GroupSession.objects.filter(pk=session.pk).update(cancelled_at=NINE, cancel_reason="Ill")
        at_once()
    with refused("stands with its claims"), transaction.atomic():
        TimeClaimFactory(resource=ResourceFactory(), kind="visit", session=session, blocked=span(session.starts_at, 20))
        at_once()
    with refused("claim_of_a_visit_says_which"), transaction.atomic():
        TimeClaimFactory(resource=ResourceFactory(), session=session, blocked=session.during)
    with refused("claim_no_overlap"), transaction.atomic():
        AppointmentFactory(provider=session.provider, start=session.starts_at)


def test_a_seat_takes_no_time_of_the_provider_for_itself():
    visit = seated(GroupSessionFactory())
    with refused("no time of the provider to itself"), transaction.atomic():
        TimeClaimFactory(resource=ResourceFactory(), kind="visit", appointment_id=visit.pk, blocked=visit.during)
        at_once()


def test_nobody_releases_a_session_of_another_site(group):
    session = plan(group)
    for who in (group.rosa, staff("front_desk", SiteFactory()), staff("administrator", group.site)):
        with pytest.raises(Exception, match="not yours to move"), transaction.atomic(), acting_as(who):
            connection.cursor().execute("SELECT app.release_claims('{}', NULL, NULL, NULL, %s)", [session.pk])


def test_the_web_login_cannot_change_how_many_seats_there_are(group):
    session = plan(group)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic(), acting_as(group.desk):
        GroupSession.objects.filter(pk=session.pk).update(seats=1)


def test_a_patient_plans_nothing(group):
    with pytest.raises(Exception, match="row-level security"), transaction.atomic(), acting_as(group.rosa):
        GroupSession(
            provider=group.provider,
            site=group.site,
            visit_type=group.visit_type,
            during=span(NINE),
            wall_start="2030-05-07T09:00",
            time_zone="America/New_York",
            seats=3,
            planned_by=group.rosa,
        ).save(force_insert=True)
