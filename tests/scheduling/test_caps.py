"""So many visits of a kind a day and a week with one provider: no more are booked, and none are offered."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import TimeTaken
from scheduling.models import Appointment, TimeClaim
from scheduling.queries import free_times
from scheduling.rules import Caps, monday_of
from tests.factories import PatientFactory, VisitTypeFactory, bookable_provider, portal_user, staff
from tests.roles import as_the_system
from tests.scheduling.at_once import deadlocks, rounds
from tests.scheduling.conftest import NINE, NOW, later, make_clinic
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
A_DAY = 24 * 60
SUNDAY = 5 * A_DAY  # minutes from NINE, a Tuesday


def another(clinic: Any) -> dict[str, Any]:
    patient = PatientFactory(site=clinic.site)
    return {"by": portal_user(patient), "patient": patient}


def offered(clinic: Any, days: int = 14, besides: Any = None) -> list[date]:
    """The days in New York with a free time."""
    with acting_as(clinic.rosa):
        between = (later(-13 * 60), later(-13 * 60 + days * A_DAY))
        asked: dict[str, Any] = {"providers": [clinic.provider], "visit_type": clinic.visit_type, "between": between}
        found = free_times(**asked, now=NOW, by_patient=True, site=clinic.site, besides=besides)
    return sorted({(time.start - timedelta(hours=4)).date() for time in found})


def test_a_day_that_is_full_takes_no_more_and_others_do(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=2)
    clinic.book()
    clinic.book(start=later(60), **another(clinic))
    with pytest.raises(TimeTaken, match="no room for another visit of this kind") as full:
        clinic.book(start=later(120), **another(clinic))
    assert len(full.value.alternatives) == 3
    assert NINE.date() not in {(time.start - timedelta(hours=4)).date() for time in full.value.alternatives}
    assert NINE.date() not in offered(clinic)
    clinic.book(start=later(A_DAY), **another(clinic))
    clinic.book(start=later(120), visit_type=VisitTypeFactory(), **another(clinic))
    clinic.book(start=later(180), provider=bookable_provider(clinic.site), **another(clinic))


def test_a_week_that_is_full_takes_no_more_until_monday(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_week=1)
    clinic.book()
    with pytest.raises(TimeTaken):
        clinic.book(start=later(SUNDAY), **another(clinic))
    assert not set(offered(clinic)) & {date(2030, 5, day) for day in range(6, 13)}
    clinic.book(start=later(SUNDAY + A_DAY), **another(clinic))


def test_the_desk_is_held_to_it_and_a_cancelled_visit_makes_room(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1)
    visit = clinic.book()
    other = another(clinic) | {"by": clinic.desk}
    with pytest.raises(TimeTaken):
        clinic.book(start=later(60), **other)
    with acting_as(clinic.rosa):
        actions.cancel_appointment(by=clinic.rosa, appointment=visit, reason="", now=NOW)
    clinic.book(start=later(60), **other)


@pytest.mark.parametrize("ended", ["no_show", "left"])
def test_a_visit_that_was_missed_makes_room(clinic, ended):
    clinic.visit_type = VisitTypeFactory(most_per_day=1)
    visit = clinic.book()
    with acting_as(clinic.desk):
        if ended == "left":
            actions.check_in(by=clinic.desk, appointment=visit, now=NINE)
        missed = actions.miss_appointment(by=clinic.desk, appointment=visit, now=later(30))
    assert missed.status == ended
    clinic.book(start=later(60), now=later(30), **another(clinic))


def test_a_visit_does_not_stand_in_its_own_way(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1, most_per_week=1)
    visit = clinic.book()
    assert date(2030, 5, 8) not in offered(clinic)
    assert date(2030, 5, 8) in offered(clinic, besides=visit.pk)
    with acting_as(clinic.rosa):
        for start in (later(15), later(A_DAY)):
            visit = actions.move_appointment(by=clinic.rosa, appointment=visit, start=start, now=NOW)
            assert visit.starts_at == start


def test_a_visit_is_not_moved_to_a_full_day_and_hears_of_times_on_its_own(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1)
    clinic.book()
    other = another(clinic)
    visit = clinic.book(start=later(A_DAY), **other)
    with acting_as(other["by"]), pytest.raises(TimeTaken, match="no room") as full:
        actions.move_appointment(by=other["by"], appointment=visit, start=later(60), now=NOW)
    days = {(time.start - timedelta(hours=4)).date() for time in full.value.alternatives}
    assert days <= {date(2030, 5, 6), date(2030, 5, 8)}
    with acting_as(other["by"]):
        visit.refresh_from_db()
    assert visit.starts_at == later(A_DAY)


# == Past a limit, by permission ==
WHY = "In pain since the night, cannot wait"


def lanes() -> list[int]:
    return sorted(TimeClaim.objects.values_list("lane", flat=True))


def test_who_may_overbook_passes_a_limit_with_a_reason(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1)
    clinic.book()
    visit = clinic.book(start=later(60), by=clinic.desk, patient=another(clinic)["patient"], overbook=WHY)
    assert (visit.overbook_reason, lanes()) == (WHY, [0, 0])  # it lies on top of nothing
    visit = clinic.book(start=later(60), by=clinic.desk, patient=another(clinic)["patient"], overbook=WHY)
    assert (visit.overbook_reason, lanes()) == (WHY, [0, 0, 1])
    for other in (another(clinic), another(clinic) | {"by": staff("nurse", clinic.site)}):
        with pytest.raises(NotAllowed):
            clinic.book(start=later(120), overbook=WHY, **other)


def test_a_visit_past_a_limit_keeps_its_reason_until_it_is_moved_where_there_is_room(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1)
    clinic.book()
    visit = clinic.book(start=later(A_DAY), **another(clinic))
    with acting_as(clinic.desk):
        asked = {"by": clinic.desk, "now": NOW}
        visit = actions.move_appointment(appointment=visit, start=later(60), overbook=WHY, **asked)
        assert visit.overbook_reason == WHY
        visit = actions.move_appointment(appointment=visit, start=later(2 * A_DAY), **asked)
    assert visit.overbook_reason == ""


def test_no_time_is_kept_on_a_full_day(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1)
    clinic.book()
    other = another(clinic)
    given = {"provider": clinic.provider, "site": clinic.site, "visit_type": clinic.visit_type, "start": later(60)}
    with acting_as(other["by"]), pytest.raises(TimeTaken, match="no room") as full:
        actions.hold_time(**other, **given, now=NOW)
    assert full.value.alternatives


def test_a_time_that_is_kept_is_no_visit_and_the_booking_counts(clinic):
    """Two keep a time of a day with room for one: who books first has it."""
    clinic.visit_type = VisitTypeFactory(most_per_day=1)
    one, other = another(clinic), another(clinic)
    given = {"provider": clinic.provider, "site": clinic.site, "visit_type": clinic.visit_type, "now": NOW}
    for place, who in enumerate((one, other)):
        with acting_as(who["by"]):
            actions.hold_time(**who, **given, start=later(60 * place))
    clinic.book(start=later(60), **other)
    with pytest.raises(TimeTaken, match="no room"):
        clinic.book(**one)


def test_a_time_that_is_asked_for_counts_and_is_agreed_to(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1, portal_mode="request")
    visit = clinic.book()
    with pytest.raises(TimeTaken):
        clinic.book(start=later(60), **another(clinic))
    with acting_as(clinic.desk):
        assert actions.accept_request(by=clinic.desk, appointment=visit, now=NOW).status == "booked"
    with pytest.raises(TimeTaken):
        clinic.book(start=later(60), **another(clinic))


def test_no_request_is_agreed_to_twice_over_a_declined_one(clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1, portal_mode="request")
    visit = clinic.book()
    with acting_as(clinic.desk):
        actions.decline_request(by=clinic.desk, appointment=visit, reason="Another day", now=NOW)
    clinic.book(start=later(60), **another(clinic))


def test_the_day_page_says_on_top_only_of_what_lies_on_something(browser, clinic):
    clinic.visit_type = VisitTypeFactory(most_per_day=1)
    visit_at(clinic, at(9))
    added = visit_at(clinic, at(11), patient=PatientFactory(site=clinic.site), overbook_reason=WHY)
    desk = browser(clinic.desk)
    asked = {"day": f"{at(9):%Y-%m-%d}", "site": clinic.site.pk}
    assert ", on top" not in text(desk.get(reverse("scheduling:day"), asked))
    page = desk.get(reverse("scheduling:visit", args=[added.patient_id, added.pk]))
    assert "Booked although full" in text(page)
    assert WHY in text(page)


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_book_at_once_no_more_than_the_cap_get_in():
    """At other times and on one provider: nothing but the cap stands between them."""
    clinic = make_clinic()
    clinic.visit_type = VisitTypeFactory(most_per_day=3, notice_minutes=0)
    people = [another(clinic) for _each in range(8)]

    def client(place: int) -> Callable[[int], str]:
        def ask(number: int) -> str:
            try:
                clinic.book(start=later(number * A_DAY + place * 60), **people[place])
            except TimeTaken as full:
                return "full" if "no room" in str(full) else "taken"
            return "booked"

        return ask

    seen = deadlocks()
    assert rounds(4, [client(place) for place in range(8)]) == {"booked": 12, "full": 20}
    assert deadlocks() == seen
    with as_the_system():
        days = Appointment.objects.values_list("wall_start", flat=True)
        assert set(Counter(start[:10] for start in days).values()) == {3}


def test_without_caps_nothing_is_counted(clinic, monkeypatch):
    monkeypatch.setattr("scheduling.queries.caps.COUNT", "no SQL")
    clinic.book()
    assert offered(clinic)


COUNTS = st.dictionaries(st.dates(date(2030, 1, 1), date(2030, 3, 1)), st.integers(0, 5), max_size=12)
LIMIT = st.none() | st.integers(1, 6)


@given(COUNTS, LIMIT, LIMIT)
def test_a_day_is_full_when_it_or_its_week_is(visits, a_day, a_week):
    caps = Caps(a_day, a_week)
    assert bool(caps) is (a_day is not None or a_week is not None)
    full = caps.full_days(visits)
    weeks = Counter()
    for day, count in visits.items():
        weeks[monday_of(day)] += count
    for day in {date(2029, 12, 20) + timedelta(days=n) for n in range(90)}:
        over = a_day is not None and visits.get(day, 0) >= a_day
        crowded = a_week is not None and weeks[monday_of(day)] >= a_week
        assert (day in full) is (over or crowded)
