"""Kinds of visits, rooms, hours and days that differ: by administrators alone, written down, and counting at once."""

from datetime import date, time
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotSetUp
from scheduling.events import FreeTimeChanged
from scheduling.models import Resource, VisitType, WorkException, WorkRule
from scheduling.queries.setting_up import visits_after, visits_during
from scheduling.rules import hours_meet
from tests.accounts.conftest import audited as events_of
from tests.factories import (
    ProviderFactory,
    ResourceFactory,
    SiteFactory,
    VisitTypeFactory,
    WorkExceptionFactory,
    WorkRuleFactory,
    staff,
)
from tests.factories.scheduling import span, tomorrow_at
from tests.scheduling.conftest import NINE, later

pytestmark = pytest.mark.django_db
TIMES = st.tuples(st.times(), st.times())
MONDAY = date(2030, 5, 6)


@pytest.fixture
def boss() -> Any:
    return staff("administrator")


def do(boss: Any, verb: Any, **given: Any) -> Any:
    with acting_as(boss):
        return verb(by=boss, **given)


# == Kinds of visits ==
def test_a_kind_of_visit_is_added_and_changed(boss: Any) -> None:
    made = do(boss, actions.add_visit_type, slug="wound", values={"name": "Wound check", "minutes": 15, "id": "x"})
    assert (made.name, made.minutes, made.slug) == ("Wound check", 15, "wound")
    do(boss, actions.change_visit_type, visit_type=made, values={"minutes": 20, "name": "Wound check", "slug": "other"})
    assert VisitType.objects.values_list("minutes", "slug").get(pk=made.pk) == (20, "wound")
    assert events_of("scheduling.add_visit_type", target_id=made.pk)
    assert events_of("scheduling.change_visit_type")[0].detail == {"fields": ["minutes"]}


def test_a_visit_keeps_the_length_it_was_booked_with(boss: Any, clinic: Any) -> None:
    visit = clinic.book()
    do(boss, actions.change_visit_type, visit_type=clinic.visit_type, values={"minutes": 90, "active": False})
    with acting_as(clinic.rosa):
        visit.refresh_from_db()
    assert visit.during.upper - visit.during.lower == later(40) - NINE


# == Rooms and schedules ==
def test_a_room_is_at_a_site_and_has_a_name(boss: Any) -> None:
    site = SiteFactory(time_zone="America/Chicago")
    room = do(boss, actions.add_resource, kind="room", site=site, name="Room 7")
    assert (room.name, room.site, room.time_zone) == ("Room 7", site, "America/Chicago")
    do(boss, actions.change_resource, resource=room, name="Treatment room", category="Procedure  room")
    assert Resource.objects.values_list("name", "category").get(pk=room.pk) == ("Treatment room", "Procedure room")
    assert events_of("scheduling.change_resource", target_id=room.pk)
    other = do(boss, actions.add_resource, kind="room", site=site, name="Room 8", category="procedure room")
    assert other.category == "Procedure room"
    with pytest.raises(NotSetUp, match="has a name"):
        do(boss, actions.add_resource, kind="room", site=site)


def test_a_provider_has_one_schedule_by_their_own_name(boss: Any) -> None:
    provider, site = ProviderFactory(), SiteFactory()
    made = do(boss, actions.add_resource, kind="provider", site=site, provider=provider)
    assert (made.name, made.provider, made.site) == (provider.name, provider, None)
    for again in (provider, None):
        with pytest.raises(NotSetUp, match="no schedule yet"):
            do(boss, actions.add_resource, kind="provider", site=site, provider=again)
    with pytest.raises(NotSetUp):
        do(boss, actions.add_resource, kind="device", site=site, name="ECG", provider=provider)
    with pytest.raises(NotSetUp, match="not a room"):
        do(boss, actions.change_resource, resource=made, name="X", category="Procedure room")


def test_a_visit_needs_what_there_is_alone(boss: Any) -> None:
    do(boss, actions.add_resource, kind="device", site=SiteFactory(), name="Sono", category="Ultrasound")
    made = do(
        boss, actions.add_visit_type, slug="scan", values={"name": "Scan", "minutes": 15, "needs": ["Ultrasound"]}
    )
    assert made.needs == ["Ultrasound"]
    for verb, given_ in ((actions.change_visit_type, {"visit_type": made}), (actions.add_visit_type, {"slug": "x"})):
        with pytest.raises(NotSetUp, match="There is no “Laser” anywhere"):
            do(boss, verb, **given_, values={"needs": ["Laser"]})


# == Hours ==
def test_hours_open_time_that_can_be_booked_and_the_cache_hears_of_it(boss: Any, announced: Any) -> None:
    resource, site = ResourceFactory(), SiteFactory()
    rule = do(
        boss,
        actions.set_hours,
        resource=resource,
        site=site,
        isodow=1,
        starts=time(9),
        ends=time(12),
        from_date=MONDAY,
        until=date(2030, 5, 27),
    )
    assert (rule.validity.lower, rule.validity.upper) == (MONDAY, date(2030, 5, 28))
    assert announced(FreeTimeChanged) == [FreeTimeChanged(resource_ids=(resource.pk,))]
    assert events_of("scheduling.set_hours")[0].detail == {"resource": str(resource.pk)}


@pytest.mark.parametrize(("starts", "ends", "fits"), [(12, 15, True), (11, 13, False), (8, 9, True), (22, 2, True)])
def test_hours_of_one_weekday_do_not_meet(boss: Any, starts: int, ends: int, fits: bool) -> None:
    rule = WorkRuleFactory(starts=time(9), ends=time(12))
    hours = {"resource": rule.resource, "site": rule.site, "isodow": 1, "from_date": MONDAY}
    if fits:
        do(boss, actions.set_hours, **hours, starts=time(starts), ends=time(ends))
    else:
        with pytest.raises(NotSetUp, match="End those first"):
            do(boss, actions.set_hours, **hours, starts=time(starts), ends=time(ends))


def test_hours_that_end_before_they_begin_are_refused(boss: Any) -> None:
    rule = WorkRuleFactory.build(resource=ResourceFactory(), site=SiteFactory())
    hours = {"resource": rule.resource, "site": rule.site, "isodow": 2, "starts": time(9), "ends": time(12)}
    with pytest.raises(NotSetUp, match="before the first"):
        do(boss, actions.set_hours, **hours, from_date=MONDAY, until=date(2030, 5, 5))


def test_two_administrators_at_once_set_the_same_hours_once(boss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second saw none of the first's; the constraint did."""
    rule = WorkRuleFactory(starts=time(9), ends=time(12))
    monkeypatch.setattr("scheduling.rules.hours_meet", lambda one, other: False)
    hours = {"isodow": 1, "starts": time(9), "ends": time(11), "from_date": MONDAY}
    with pytest.raises(NotSetUp, match="Somebody has just"):
        do(boss, actions.set_hours, resource=rule.resource, site=rule.site, **hours)


def test_hours_end_with_a_last_day(boss: Any, announced: Any) -> None:
    rule = WorkRuleFactory()
    do(boss, actions.end_hours, rule=rule, until=MONDAY)
    rule.refresh_from_db()
    assert rule.validity.upper == date(2030, 5, 7)
    assert announced(FreeTimeChanged)
    assert events_of("scheduling.end_hours", target_id=rule.pk)
    with pytest.raises(NotSetUp, match="begin later"):
        do(boss, actions.end_hours, rule=rule, until=date(1999, 1, 1))


def test_hours_are_not_prolonged_into_others(boss: Any) -> None:
    rule = WorkRuleFactory()
    do(boss, actions.end_hours, rule=rule, until=MONDAY)
    given = {"resource": rule.resource, "site": rule.site, "isodow": 1, "starts": time(9), "ends": time(17)}
    do(boss, actions.set_hours, **given, from_date=date(2030, 5, 13))
    rule.refresh_from_db()
    with pytest.raises(NotSetUp, match="Other hours"):
        do(boss, actions.end_hours, rule=rule, until=date(2030, 6, 3))


@given(one=TIMES, other=TIMES)
def test_meeting_is_mutual_and_hours_meet_themselves(one: Any, other: Any) -> None:
    assert hours_meet(one, other) == hours_meet(other, one)
    assert hours_meet(one, one) or one[0].replace(second=0, microsecond=0) == one[1].replace(second=0, microsecond=0)


# == Days that differ ==
def test_extra_hours_say_where_and_closed_ones_need_not(boss: Any, announced: Any) -> None:
    resource, during = ResourceFactory(), span(tomorrow_at(12), 60)
    with pytest.raises(NotSetUp, match="at which site"):
        do(boss, actions.add_exception, resource=resource, kind="extra", during=during)
    made = do(boss, actions.add_exception, resource=resource, kind="closed", during=during, reason="Training")
    assert (made.made_by, made.reason) == (boss, "Training")
    do(boss, actions.withdraw_exception, exception=made)
    do(boss, actions.withdraw_exception, exception=made)
    assert not WorkException.objects.exists()
    assert len(announced(FreeTimeChanged)) == 2
    assert len(events_of("scheduling.withdraw_exception")) == 1


def test_a_span_without_length_is_refused(boss: Any) -> None:
    with pytest.raises(NotSetUp, match="after the start"):
        do(boss, actions.add_exception, resource=ResourceFactory(), kind="closed", during=span(tomorrow_at(12), 0))


def test_closing_hours_loses_no_visit(boss: Any, clinic: Any) -> None:
    visit = clinic.book()
    do(boss, actions.add_exception, resource=clinic.resource, kind="closed", during=visit.during)
    with acting_as(clinic.rosa):
        visit.refresh_from_db()
    assert visit.status == "booked"


# == How many visits it concerns ==
def test_visits_are_counted_by_the_time_they_take(boss: Any, clinic: Any) -> None:
    """An administrator sees no visit, and how many a change concerns."""
    visit = clinic.book()
    with acting_as(boss):
        assert visits_during(clinic.resource, visit.during) == 1
        assert visits_during(clinic.resource, span(later(600), 60)) == 0
        day = visit.during.lower.date()
        rule = WorkRuleFactory.build(resource=clinic.resource, site=clinic.site, isodow=day.isoweekday())
        assert visits_after(rule, date(2030, 5, 1)) == 1
        assert visits_after(rule, day) == 0
        rule.isodow = rule.isodow % 7 + 1
        assert visits_after(rule, date(2030, 5, 1)) == 0


# == Who may ==
@pytest.mark.parametrize("role", ["front_desk", "doctor", "nurse", "privacy_officer"])
def test_nobody_else_sets_the_clinic_up(role: str) -> None:
    rule, exception, kind = WorkRuleFactory(), WorkExceptionFactory(), VisitTypeFactory()
    somebody, room = staff(role), {"kind": "room", "site": rule.site, "name": "X"}
    hours = {"resource": rule.resource, "site": rule.site, "isodow": 3, "starts": time(9), "ends": time(10)}
    for verb, given_ in (
        (actions.add_visit_type, {"slug": "x", "values": {}}),
        (actions.change_visit_type, {"visit_type": kind, "values": {}}),
        (actions.add_resource, room),
        (actions.change_resource, {"resource": rule.resource, "name": "X"}),
        (actions.set_hours, {**hours, "from_date": MONDAY}),
        (actions.end_hours, {"rule": rule, "until": MONDAY}),
        (actions.add_exception, {"resource": rule.resource, "kind": "closed", "during": exception.during}),
        (actions.withdraw_exception, {"exception": exception}),
    ):
        with pytest.raises(NotAllowed):
            do(somebody, verb, **given_)
    for row in (WorkRule(resource=rule.resource, site=rule.site, isodow=4, starts=time(9), ends=time(10)), kind):
        with acting_as(somebody), pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)
