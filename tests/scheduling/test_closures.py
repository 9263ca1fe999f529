"""A site that is closed: nothing is booked there but in extra hours, and what is booked already is moved, not lost."""

from datetime import date, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotBookable, NotSetUp
from scheduling.events import FreeTimeChanged, SiteClosed, SiteReopened, TimeFreed
from scheduling.holidays import holidays_of
from scheduling.models import SiteClosure
from scheduling.queries import free_times
from scheduling.queries.closures import visits_in
from scheduling.queries.settling import to_settle
from tests.accounts.conftest import audited as events_of
from tests.factories import (
    PatientFactory,
    SiteClosureFactory,
    SiteFactory,
    VisitTypeFactory,
    WorkExceptionFactory,
    bookable_provider,
    span,
    staff,
)
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import NINE, NOW, later
from tests.scheduling.pages import at, text, visit_at
from tests.scheduling.test_admin import SAVED, place, previewed_then_saved, url
from tests.scheduling.waiting import join, offer

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
A_DAY = 24 * 60


@pytest.fixture
def boss(clinic) -> Any:
    return staff("administrator", clinic.site)


def whole_day(days: int = 0) -> TimestamptzRange:
    """The day of NINE on the clock of the site, or so many days after it."""
    return span(later(-9 * 60 + days * A_DAY), A_DAY)


def close(clinic: Any, boss: Any, during: Any = None, **changes: Any) -> SiteClosure:
    asked = {"site": clinic.site, "during": during or whole_day(), "reason": "Training", "now": NOW} | changes
    with acting_as(boss):
        return actions.add_closure(by=boss, **asked)


def offered(clinic: Any, days: int = 2) -> list[Any]:
    asked: dict[str, Any] = {"providers": [clinic.provider], "visit_type": clinic.visit_type}
    with acting_as(clinic.rosa):
        between = (later(-9 * 60), later(-9 * 60 + days * A_DAY))
        return [time.start for time in free_times(**asked, between=between, now=NOW, by_patient=True)]


def open_up(clinic: Any, during: Any) -> None:
    WorkExceptionFactory(resource=clinic.resource, site=clinic.site, kind="extra", during=during)


def test_nothing_is_booked_there_and_it_is_said_why(clinic, boss):
    close(clinic, boss)
    for who in ({}, {"by": clinic.desk}):
        with pytest.raises(NotBookable, match=f"{clinic.site.name} is closed at that time: Training"):
            clinic.book(**who)
    assert offered(clinic)[0] == later(15 * 60)  # midnight of the day after
    clinic.book(start=later(A_DAY))


def test_a_colleague_at_another_site_works(clinic, boss):
    other = SiteFactory()
    provider = bookable_provider(other)
    close(clinic, boss)
    with as_the_system():
        asked = {"patient": PatientFactory(site=other), "provider": provider, "site": other, "start": NINE}
        actions.book_appointment(by=None, visit_type=clinic.visit_type, now=NOW, **asked)


def test_extra_hours_are_the_exception(clinic, boss):
    close(clinic, boss)
    open_up(clinic, span(NINE, 120))
    assert [start for start in offered(clinic) if start < later(15 * 60)] == [later(n) for n in range(0, 85, 5)]
    clinic.book(start=later(80))
    with pytest.raises(NotBookable, match="is closed"):
        clinic.book(start=later(85), by=clinic.desk, patient=PatientFactory(site=clinic.site))


def test_a_part_of_a_day(clinic, boss):
    close(clinic, boss, span(later(180), 12 * 60))
    clinic.book(start=later(140))
    with pytest.raises(NotBookable, match="is closed"):
        clinic.book(start=later(145), by=clinic.desk, patient=PatientFactory(site=clinic.site))


def test_visits_in_it_stand_are_named_and_wait_at_the_desk(clinic, boss, announced):
    inside = clinic.book()
    beyond = clinic.book(start=later(A_DAY))
    closure = close(clinic, boss)
    assert announced(SiteClosed) == [SiteClosed(closure.pk, clinic.site.pk, (inside.pk,))]
    assert clinic.resource.pk in announced(FreeTimeChanged)[-1].resource_ids
    assert events_of("scheduling.add_closure", target_id=closure.pk)[0].detail["visits"] == 1
    with acting_as(clinic.desk):
        assert [visit.pk for visit in to_settle(clinic.desk, NOW).to_move] == [inside.pk]
        moved = actions.move_appointment(by=clinic.desk, appointment=inside, start=later(2 * A_DAY), now=NOW)
        assert to_settle(clinic.desk, NOW).to_move == []
    assert moved.status == "booked"
    with acting_as(clinic.rosa):
        beyond.refresh_from_db()
    assert beyond.starts_at == later(A_DAY)


def test_a_visit_in_extra_hours_does_not_wait(clinic, boss, announced):
    clinic.book()
    open_up(clinic, span(NINE, 120))
    close(clinic, boss)
    assert announced(SiteClosed)[0].appointment_ids == ()
    with acting_as(clinic.desk):
        assert to_settle(clinic.desk, NOW).to_move == []


def test_the_desk_of_another_site_hears_of_none(clinic, boss):
    clinic.book()
    close(clinic, boss)
    other = staff("front_desk")
    with acting_as(other):
        assert to_settle(other, NOW).to_move == []


def test_a_blocked_and_closed_visit_waits_once(clinic, boss):
    visit = clinic.book()
    close(clinic, boss)
    with acting_as(clinic.desk):
        actions.block_time(by=clinic.desk, provider=clinic.provider, during=span(NINE, 60), reason="Ill", now=NOW)
        assert [one.pk for one in to_settle(clinic.desk, NOW).to_move] == [visit.pk]


def test_a_request_is_not_agreed_to_for_closed_time(clinic, boss):
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    visit = clinic.book()
    close(clinic, boss)
    with acting_as(clinic.desk), pytest.raises(NotBookable, match="is closed at that time"):
        actions.accept_request(by=clinic.desk, appointment=visit, now=NOW)
    open_up(clinic, span(NINE, 60))
    with acting_as(clinic.desk):
        assert actions.accept_request(by=clinic.desk, appointment=visit, now=NOW).status == "booked"


def test_withdrawn_the_hours_count_again(clinic, boss, announced):
    closure = close(clinic, boss)
    for _twice in range(2):
        with acting_as(boss):
            actions.withdraw_closure(by=boss, closure=closure)
    assert announced(SiteReopened) == [SiteReopened(closure.pk, clinic.site.pk)]
    assert len(events_of("scheduling.withdraw_closure", target_id=closure.pk)) == 1
    clinic.book()
    with as_the_system():
        actions.withdraw_closure(by=None, closure=SiteClosureFactory(site=clinic.site))
    assert not SiteClosure.objects.exists()


def test_what_a_withdrawn_closure_gives_back_is_offered_to_who_waits(clinic, boss, announced):
    colleague = bookable_provider(clinic.site)
    wait = join(clinic)
    closure = close(clinic, boss)
    assert offer(clinic) is None, "nobody works then"
    with acting_as(boss):
        actions.withdraw_closure(by=boss, closure=closure)
    begins, ends = whole_day().lower, whole_day().upper
    freed = announced(TimeFreed)
    assert {fact.resource_id for fact in freed} == {clinic.resource.pk, colleague.resource.pk}
    assert {(fact.begins, fact.ends) for fact in freed} == {(begins, ends)}
    made = offer(clinic, start=begins, minutes=A_DAY)
    assert made is not None
    assert (made.wait_id, closure.during.lower <= made.during.lower < closure.during.upper) == (wait.pk, True)


@pytest.mark.parametrize(
    "during",
    [span(NOW, 0), TimestamptzRange(NOW, None), TimestamptzRange(None, NINE), TimestamptzRange(later(-9999), NOW)],
)
def test_a_span_has_an_end_and_is_not_over(clinic, boss, during):
    with pytest.raises(NotSetUp, match="not over yet"):
        close(clinic, boss, during)


def test_nothing_is_closed_twice(clinic, boss):
    close(clinic, boss)
    with pytest.raises(NotSetUp, match=f"{clinic.site.name} is closed for a part of this time already"):
        close(clinic, boss, span(later(60), 4000))
    with pytest.raises(IntegrityError, match="site_closure_once"), transaction.atomic():
        SiteClosureFactory(site=clinic.site, during=whole_day())
    close(clinic, boss, site=SiteFactory())


@pytest.mark.parametrize("role", ["front_desk", "doctor", "nurse"])
def test_administrators_alone_close_and_open(clinic, role):
    somebody, closure = staff(role, clinic.site), SiteClosureFactory(site=clinic.site)
    with acting_as(somebody), pytest.raises(NotAllowed):
        actions.withdraw_closure(by=somebody, closure=closure)
    with pytest.raises(NotAllowed):
        close(clinic, somebody)


def test_nobody_else_is_told_which_visits_lie_at_a_site(clinic, boss):
    visit = clinic.book()
    for who, told in ((boss, [visit.pk]), (clinic.desk, []), (clinic.rosa, [])):
        with acting_as(who):
            assert visits_in(clinic.site, whole_day()) == told


# == Pages ==
def test_the_day_and_the_week_say_it_and_list_what_is_to_be_moved(browser, clinic):
    visit = visit_at(clinic, at(9))
    SiteClosureFactory(site=clinic.site, during=span(at(0), 23 * 60), reason="Burst pipe")
    desk = browser(clinic.desk)
    asked = {"day": at(9).date().isoformat(), "site": clinic.site.pk, "provider": clinic.provider.pk}
    for name in ("scheduling:day", "scheduling:week"):
        page = text(desk.get(reverse(name), asked))
        assert "Burst pipe" in page
        assert "To move: blocked or closed time" in page
        assert reverse("scheduling:move", args=[visit.patient_id, visit.pk]) in page
    open_up(clinic, visit.during)
    assert "To move: blocked" not in text(desk.get(reverse("scheduling:day"), asked))


def test_an_administrator_closes_sites_after_a_preview_and_opens_them_again(browser, clinic, boss):
    visit_at(clinic, at(9))
    other, desk = SiteFactory(), browser(boss)
    typed = {"sites": [clinic.site.pk, other.pk], "first_day": f"{at(9):%Y-%m-%d}", "reason": "Training"}
    typed |= {"last_day": "", "begins": "", "ends": ""}
    assert "1 visit is booked then" in previewed_then_saved(desk, place(SiteClosure, "add"), typed)
    made = list(SiteClosure.objects.order_by("pk"))
    assert {closure.site_id for closure in made} == {clinic.site.pk, other.pk}
    assert {closure.during for closure in made} == {TimestamptzRange(at(0), at(0, days=2))}
    assert "Training" in text(desk.get(place(SiteClosure, "change", made[0].pk)))
    assert "already" in text(desk.post(place(SiteClosure, "add"), typed | SAVED, follow=True))
    chosen = {"action": "withdraw", "_selected_action": [closure.pk for closure in made]}
    assert "as the hours say" in text(desk.post(url(SiteClosure), chosen))
    desk.post(url(SiteClosure), chosen | SAVED)
    assert not SiteClosure.objects.exists()


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ({"begins": "1 pm"}, (13, 24)),
        ({"ends": "12:00"}, (0, 12)),
        ({"begins": "12:00", "ends": "9:00"}, None),
        ({"last_day": "2020-01-01"}, None),
    ],
)
def test_a_part_of_a_day_is_on_the_clock_of_the_site(browser, clinic, boss, typed, hours):
    sent = {"sites": [clinic.site.pk], "first_day": f"{at(9):%Y-%m-%d}", "reason": "X", "last_day": ""}
    answer = browser(boss).post(place(SiteClosure, "add"), {**sent, "begins": "", "ends": "", **typed, **SAVED})
    if hours is None:
        assert "The end has to be after the start" in text(answer)
        return
    (closure,) = SiteClosure.objects.all()
    lower, upper = closure.during.lower.astimezone(NEW_YORK), closure.during.upper.astimezone(NEW_YORK)
    assert (lower.hour, upper.hour or 24) == hours


# == Public holidays ==
def test_the_holidays_of_two_years():
    known = {str(name): day for day, name in holidays_of(2027)}
    assert known["Independence Day"] == date(2027, 7, 5)  # the 4th is a Sunday
    assert known["Christmas Day"] == date(2027, 12, 24)  # the 25th is a Saturday
    assert known["Memorial Day"] == date(2027, 5, 31)
    assert known["Thanksgiving Day"] == date(2027, 11, 25)
    assert known["Birthday of Martin Luther King, Jr."] == date(2027, 1, 18)
    assert dict((str(name), day) for day, name in holidays_of(2028))["New Year's Day"] == date(2027, 12, 31)


@given(st.integers(2000, 2200))
def test_every_year_has_eleven_on_weekdays_in_their_order(year):
    days = [day for day, _name in holidays_of(year)]
    assert len(set(days)) == 11
    assert days == sorted(days)
    assert all(day.weekday() < 5 for day in days)
    assert all(abs((day - date(year, 7, 2)).days) <= 184 for day in days)


def run(*args: str) -> str:
    said = StringIO()
    with taking_role("worker"):
        call_command("close_for_holidays", *args, stdout=said)
    return said.getvalue()


def test_a_command_closes_all_sites_for_the_holidays_of_a_year(clinic):
    year = at(9).year + 1
    with as_the_system():
        SiteFactory(slug="birch-lane")
    assert "would close" in run(str(year), "--site", "birch-lane", "--dry-run")
    assert not SiteClosure.objects.exists()
    said = run(str(year), "--site", "birch-lane", "--without", "Columbus Day")
    assert said.count(": closed") == 10
    assert "Columbus Day" not in said
    assert {closure.site.slug for closure in SiteClosure.objects.select_related("site")} == {"birch-lane"}
    again = run(str(year))
    assert again.count("already") == 10
    christmas = SiteClosure.objects.filter(reason="Christmas Day", site=clinic.site).get()
    assert christmas.during.upper - christmas.during.lower == timedelta(days=1)


@pytest.mark.parametrize(
    ("args", "why"),
    [(["1990"], "between"), (["2031", "--site", "x"], "No site"), (["2031", "--without", "x"], "No holiday")],
)
def test_what_the_command_does_not_know_it_says(args, why):
    with pytest.raises(CommandError, match=why):
        run(*args)
