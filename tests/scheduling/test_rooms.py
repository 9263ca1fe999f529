"""A visit that needs a room or a device has one with its provider, or is not booked; none is in two visits at once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotBookable, TimeTaken
from scheduling.models import Appointment, Resource, TimeClaim
from scheduling.queries import free_times, nearest_providers
from scheduling.queries.rooms import rooms_kept
from scheduling.rules import Length, lies_in, merged, startable
from tests.bearer import Program, token_for
from tests.factories import (
    PatientFactory,
    ResourceFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    WorkExceptionFactory,
    bookable_provider,
    portal_user,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling import waiting
from tests.scheduling.conftest import NINE, NOW, later
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
PROCEDURE, ULTRASOUND = "Procedure room", "Ultrasound"
WHY = "In pain since the night, cannot wait"


def place(site: Any, name: str, category: str = PROCEDURE, kind: str = "room") -> Resource:
    with as_the_system():
        return ResourceFactory(kind=kind, provider=None, site=site, name=name, category=category)


@pytest.fixture
def one(clinic) -> Resource:
    """The clinic's one procedure room; what is booked needs it."""
    clinic.visit_type = VisitTypeFactory(needs=[PROCEDURE], buffer_after=5)
    return place(clinic.site, "Procedure 1")


def colleague(clinic: Any) -> dict[str, Any]:
    """Another patient, and a provider who is free all day."""
    patient = PatientFactory(site=clinic.site)
    return {"patient": patient, "by": portal_user(patient), "provider": bookable_provider(clinic.site)}


def offered(clinic: Any, minutes: int = 240, **changes: Any) -> list[int]:
    """Minutes after nine at which a visit is offered."""
    asked: dict[str, Any] = {"providers": [clinic.provider], "visit_type": clinic.visit_type, "site": clinic.site}
    with acting_as(clinic.rosa):
        found = free_times(**asked | changes, between=(NINE, later(minutes)), now=NOW, by_patient=True)
    return [int((time.start - NINE).total_seconds() // 60) for time in found]


def names(visit: Appointment) -> list[str]:
    return [room.name for room in rooms_kept(visit.pk)]


# == Booking ==
def test_the_room_is_claimed_with_the_provider_buffers_included(clinic, one):
    visit = clinic.book()
    claims = TimeClaim.objects.filter(appointment_id=visit.pk)
    assert {claim.resource_id: claim.blocked for claim in claims} == {
        clinic.resource.pk: span(NINE, 45),
        one.pk: span(NINE, 45),
    }
    assert names(visit) == ["Procedure 1"]


def test_of_two_rooms_the_second_is_taken_when_the_first_is_not_free_and_then_none_is(clinic, one):
    place(clinic.site, "Procedure 2")
    assert names(clinic.book()) == ["Procedure 1"]
    assert names(clinic.book(start=later(20), **colleague(clinic))) == ["Procedure 2"]
    with pytest.raises(TimeTaken, match="No “Procedure room” is free") as none:
        clinic.book(start=later(20), **colleague(clinic))
    assert [time.start for time in none.value.alternatives] == [later(45), later(50), later(55)]


def test_one_of_each_that_is_needed(clinic, one):
    clinic.visit_type = VisitTypeFactory(needs=[PROCEDURE, ULTRASOUND])
    with pytest.raises(NotBookable, match=rf"needs “Ultrasound”, and {clinic.site.name} has none"):
        clinic.book()
    place(SiteFactory(), "Elsewhere", ULTRASOUND, "device")
    with pytest.raises(NotBookable, match="has none"):
        clinic.book()
    device = place(clinic.site, "Sono", ULTRASOUND, "device")
    assert names(clinic.book()) == ["Procedure 1", "Sono"]
    WorkExceptionFactory(resource=device, during=span(later(120), 30))
    with pytest.raises(TimeTaken, match="No “Ultrasound” is free"):
        clinic.book(start=later(100), **colleague(clinic))


def test_a_visit_that_needs_nothing_has_no_room_and_nobody_is_asked_for_one(clinic, one, monkeypatch):
    monkeypatch.setattr("scheduling.queries.rooms.TAKEN", "no SQL")
    clinic.visit_type = VisitTypeFactory()
    assert offered(clinic)
    assert names(clinic.book()) == []


def test_a_room_is_free_again_when_the_visit_ends_otherwise(clinic, one):
    visit = clinic.book()
    other = colleague(clinic)
    with acting_as(clinic.rosa):
        actions.cancel_appointment(by=clinic.rosa, appointment=visit, reason="", now=NOW)
    visit = clinic.book(**other)
    with acting_as(clinic.desk):
        actions.miss_appointment(by=clinic.desk, appointment=visit, now=later(20))
    assert names(clinic.book(now=NOW)) == ["Procedure 1"]


# == Moving ==
def test_a_visit_moves_onto_itself_and_keeps_its_room(clinic, one):
    two = place(clinic.site, "Procedure 0")  # by name the first
    with as_the_system():
        TimeClaimFactory(resource=two, kind="hold", hold_until=NOW + timedelta(days=9000), blocked=span(NINE, 5))
    visit = clinic.book()
    assert names(visit) == ["Procedure 1"]
    with acting_as(clinic.rosa):
        moved = actions.move_appointment(by=clinic.rosa, appointment=visit, start=later(15), now=NOW)
    assert names(moved) == ["Procedure 1"]
    assert {claim.blocked for claim in TimeClaim.objects.filter(appointment_id=visit.pk)} == {span(later(15), 45)}


def test_where_no_room_is_free_the_old_time_and_room_stay(clinic, one):
    clinic.book(start=later(120), **colleague(clinic))
    visit = clinic.book()
    with acting_as(clinic.rosa), pytest.raises(TimeTaken, match="No “Procedure room”"):
        actions.move_appointment(by=clinic.rosa, appointment=visit, start=later(100), now=NOW)
    assert {claim.blocked for claim in TimeClaim.objects.filter(appointment_id=visit.pk)} == {span(NINE, 45)}
    assert names(visit) == ["Procedure 1"]


def test_at_another_site_it_has_a_room_of_that_site(clinic, one):
    visit = clinic.book()
    other = SiteFactory()
    place(other, "Far 1")
    provider = bookable_provider(other)
    with as_the_system():
        moved = actions.move_appointment(by=None, appointment=visit, start=NINE, provider=provider, site=other, now=NOW)
    assert names(moved) == ["Far 1"]


# == Asked for, held, on top ==
def test_a_request_has_its_room_and_keeps_it_when_it_is_agreed_to(clinic, one):
    clinic.visit_type = VisitTypeFactory(needs=[PROCEDURE], portal_mode="request")
    visit = clinic.book()
    with pytest.raises(TimeTaken, match="No “Procedure room”"):
        clinic.book(start=later(10), **colleague(clinic))
    with acting_as(clinic.desk):
        agreed = actions.accept_request(by=clinic.desk, appointment=visit, now=NOW)
    assert names(agreed) == ["Procedure 1"]


def hold(clinic: Any, **changes: Any) -> Any:
    asked = {"by": clinic.rosa, "patient": clinic.patient, "provider": clinic.provider, "start": NINE} | changes
    with acting_as(asked["by"]):
        return actions.hold_time(**asked, site=clinic.site, visit_type=clinic.visit_type, now=NOW)


def test_a_hold_keeps_the_room_too_and_the_booking_takes_both(clinic, one):
    hold(clinic)
    assert set(TimeClaim.objects.values_list("kind", "resource")) == {("hold", clinic.resource.pk), ("hold", one.pk)}
    with pytest.raises(TimeTaken, match="No “Procedure room”"):
        clinic.book(start=later(20), **colleague(clinic))
    visit = clinic.book()
    assert set(TimeClaim.objects.values_list("kind", "appointment_id")) == {("visit", visit.pk)}


def test_the_next_hold_takes_the_place_of_the_one_before_with_its_room(clinic, one):
    hold(clinic)
    hold(clinic, start=later(60))
    assert {claim.blocked for claim in TimeClaim.objects.all()} == {span(later(60), 45)}
    clinic.book(**colleague(clinic))


def test_a_room_that_is_held_for_a_patient_is_theirs_with_another_provider(clinic, one):
    hold(clinic)
    visit = clinic.book(provider=bookable_provider(clinic.site), start=later(10))
    assert names(visit) == ["Procedure 1"]
    assert TimeClaim.objects.filter(kind="hold").count() == 0


def test_on_top_of_another_visit_it_still_needs_a_room_of_its_own(clinic, one):
    clinic.book()
    given = {"by": clinic.desk, "patient": PatientFactory(site=clinic.site), "overbook": WHY}
    with pytest.raises(TimeTaken, match="No “Procedure room”"):
        clinic.book(**given)
    two = place(clinic.site, "Procedure 2")
    visit = clinic.book(**given)
    claims = TimeClaim.objects.filter(appointment_id=visit.pk)
    assert {claim.resource_id: claim.lane for claim in claims} == {clinic.resource.pk: 1, two.pk: 0}


@transaction.atomic
def claimed(room: Resource, visit: Appointment, minutes: int, lane: int = 0) -> None:
    """As somebody would who passes by the verbs."""
    with as_the_system():
        TimeClaimFactory(resource=room, lane=lane, kind="visit", appointment_id=visit.pk, blocked=span(NINE, minutes))
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_database_lets_no_visit_lie_on_top_in_a_room(clinic, one):
    clinic.book()
    two = place(clinic.site, "Procedure 2")
    visit = clinic.book(by=clinic.desk, patient=PatientFactory(site=clinic.site), overbook=WHY)
    with pytest.raises(IntegrityError, match="shares no room"):
        claimed(two, visit, 60, lane=1)


def test_every_claim_of_a_visit_holds_all_of_it(clinic, one):
    visit = clinic.book()
    two = place(clinic.site, "Procedure 2")
    with pytest.raises(IntegrityError, match="stands with its claims"):
        claimed(two, visit, 10)


def test_what_a_schedule_of_a_provider_is_has_no_category(clinic):
    with pytest.raises(IntegrityError, match="resource_category_of_rooms"), transaction.atomic():
        ResourceFactory(category=PROCEDURE)


def test_a_time_that_is_offered_from_the_waitlist_keeps_the_room_too_and_taken_has_it(clinic, one):
    waiting.join(clinic)
    offered_ = waiting.offer(clinic, minutes=45)
    assert set(TimeClaim.objects.values_list("kind", "resource")) == {("hold", clinic.resource.pk), ("hold", one.pk)}
    with pytest.raises(TimeTaken, match="No “Procedure room”"):
        clinic.book(start=later(20), **colleague(clinic))
    with acting_as(clinic.rosa):
        booked = actions.accept_offer(by=clinic.rosa, offer=offered_, now=NOW)
    assert booked.state == "booked"
    assert names(booked.appointment) == ["Procedure 1"]


def test_a_time_without_a_room_is_offered_to_nobody_who_needs_one(clinic, one):
    with as_the_system():
        TimeClaimFactory(resource=one, blocked=span(NINE, 45))
    waiting.join(clinic)
    assert waiting.offer(clinic, minutes=45) is None


def test_a_miss_that_was_a_mistake_has_its_room_again_or_stands(clinic, one):
    visit = clinic.book()
    with acting_as(clinic.desk):
        given = {"by": clinic.desk, "appointment": visit}
        actions.miss_appointment(**given, now=later(20))
        assert names(actions.undo_miss(**given, now=later(21))) == ["Procedure 1"]
        actions.miss_appointment(**given, now=later(22))
        with as_the_system():
            TimeClaimFactory(resource=one, blocked=span(NINE, 45))
        with pytest.raises(NotBookable, match="given to somebody else"):
            actions.undo_miss(**given, now=later(23))


def test_each_visit_of_a_series_has_its_room(clinic, one):
    with as_the_system():
        TimeClaimFactory(resource=one, blocked=span(later(7 * 24 * 60), 45))
    starts = [NINE + timedelta(days=7 * n) for n in range(3)]
    asked = {"by": clinic.desk, "patient": clinic.patient, "provider": clinic.provider, "site": clinic.site}
    asked |= {"visit_type": clinic.visit_type, "now": NOW}
    with acting_as(clinic.desk):
        dates = actions.check_series(starts=starts, **asked)
        assert [bool(date.problem) for date in dates] == [False, True, False]
        visits = actions.book_series(starts=[starts[0], starts[2]], series_id=uuid4(), **asked)
    assert [names(visit) for visit in visits] == [["Procedure 1"]] * 2


# == What is offered ==
def test_no_time_is_offered_when_no_room_is_free(clinic, one):
    clinic.book(start=later(60), **colleague(clinic))
    assert [n for n in offered(clinic, 110) if n > 10] == [15, 105]
    place(clinic.site, "Procedure 2")
    assert offered(clinic, 60) == list(range(0, 60, 5))


def test_half_of_one_room_and_half_of_another_are_no_room(clinic, one):
    two = place(clinic.site, "Procedure 2")
    with as_the_system():
        TimeClaimFactory(resource=one, blocked=span(NINE, 30))
        TimeClaimFactory(resource=two, blocked=span(later(30), 60))
    assert offered(clinic, 30) == []
    assert offered(clinic, 40) == [30, 35]


def test_rooms_of_both_kinds_have_to_be_free_at_one_time(clinic, one):
    clinic.visit_type = VisitTypeFactory(needs=[PROCEDURE, ULTRASOUND])
    assert offered(clinic) == []
    device = place(clinic.site, "Sono", ULTRASOUND, "device")
    WorkExceptionFactory(resource=device, during=span(later(-600), 630))
    with as_the_system():
        TimeClaimFactory(resource=one, blocked=span(later(80), 600))
    assert offered(clinic) == [30, 35, 40]


def test_every_start_that_is_offered_can_be_booked(clinic, one):
    clinic.book(start=later(60), **colleague(clinic))
    place(clinic.site, "Procedure 0", ULTRASOUND, "device")
    for minutes in offered(clinic)[::7]:
        with transaction.atomic():
            clinic.book(start=later(minutes))
            transaction.set_rollback(True)


def test_the_nearest_provider_is_free_when_a_room_is(clinic, one):
    def first() -> Any:
        with acting_as(clinic.rosa):
            near = nearest_providers(near=None, visit_type=clinic.visit_type, now=NOW, by_patient=True)
        return near.found[0].next_free

    assert first().start == NOW
    with as_the_system():
        TimeClaimFactory(resource=one, blocked=span(NOW - timedelta(hours=1), 120))
    assert first().start == NOW + timedelta(hours=1)
    with as_the_system():
        one.category = ""
        one.save()
    assert first() is None


def test_a_search_asks_once_for_all_providers_and_rooms(clinic, one, django_assert_num_queries):
    providers = [clinic.provider]
    asked = {"visit_type": clinic.visit_type, "between": (NINE, later(90)), "now": NOW, "by_patient": True}
    for _each in range(2):
        with acting_as(clinic.rosa), django_assert_num_queries(4):
            free_times(providers=providers, **asked)
        providers += [bookable_provider(clinic.site) for _n in range(5)]
        for number in range(5):
            place(clinic.site, f"Procedure {number + 2}{_each}")


MINUTES = st.integers(0, 300)
FREE = st.lists(st.tuples(MINUTES, st.integers(1, 120)).map(lambda s: (later(s[0]), later(s[0] + s[1]))), max_size=6)


@given(FREE, st.integers(1, 60), st.integers(0, 20), st.integers(0, 20))
def test_a_visit_can_begin_where_all_of_it_is_free(free, minutes, before, after):
    length = Length(minutes, before, after)
    free = merged(free)
    starts = merged(startable(free, length))
    for minute in range(-5, 430):
        blocked = length.blocked(later(minute))
        fits = any(begins <= blocked[0] and blocked[1] <= ends for begins, ends in free)
        assert lies_in(later(minute), starts) is fits


# == Pages and programs ==
def test_the_visit_and_the_day_name_the_room(browser, clinic, one):
    visit = visit_at(clinic, at(9))
    with as_the_system():
        TimeClaimFactory(resource=one, kind="visit", appointment_id=visit.pk, blocked=visit.during)
    desk = browser(clinic.desk)
    page = text(desk.get(f"/scheduling/patients/{clinic.patient.pk}/visits/{visit.pk}"))
    assert "Kept for it" in page
    assert "Procedure 1" in page
    day = text(desk.get("/scheduling/", {"day": at(9).date().isoformat()}))
    assert f"{clinic.visit_type.name}, Procedure 1" in day
    nurse = browser(staff("nurse", clinic.site))
    nurse.post(f"/scheduling/patients/{clinic.patient.pk}/visits/{visit.pk}/check-in")
    page = text(nurse.get(f"/scheduling/patients/{clinic.patient.pk}/visits/{visit.pk}"))
    assert '<option value="Procedure 1" selected>' in page


def test_a_program_hears_that_no_room_is_free(clinic, one):
    start = at(9)
    other = colleague(clinic)
    with as_the_system():
        TimeClaimFactory(resource=one, blocked=span(start, 60))
    body = {"provider": str(other["provider"].pk), "visit_type": clinic.visit_type.slug, "start": start.isoformat()}
    answer = Program(token_for(clinic.rosa)).write("/appointments", body)
    assert answer.status_code == 409
    assert "No “Procedure room” is free" in answer.json()["detail"]
    assert answer.json()["alternatives"]
