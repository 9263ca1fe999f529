"""What people read of times and states, and what the forms read of people."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from scheduling import words
from scheduling.forms import ClockField, MomentField
from scheduling.models import MOVES, Appointment
from scheduling.queries import FreeTime

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _new_york():
    with timezone.override("America/New_York"):
        yield


def test_every_state_has_a_role_and_words_for_patients() -> None:
    assert set(words.ROLES) == set(words.OWN_ROLES) == set(words.TO_PATIENTS) == set(MOVES)


@pytest.mark.parametrize(
    ("day", "whole", "short"),
    [
        (23, "Today, Monday, November 23, 2:20 pm EST", "Today, 2:20 pm EST"),
        (24, "Tomorrow, Tuesday, November 24, 2:20 pm EST", "Tomorrow, 2:20 pm EST"),
        (27, "Friday, November 27, 2:20 pm EST", "Fri, Nov 27, 2:20 pm EST"),
    ],
)
def test_when_in_words(day, whole, short) -> None:
    moment = datetime(2026, 11, day, 19, 20, tzinfo=UTC)
    assert words.when_words(moment, NOW) == whole
    assert words.short_when(moment, NOW) == short


@pytest.mark.parametrize(("minutes", "told"), [(20, "20 min"), (60, "1 h"), (140, "2 h 20 min")])
def test_how_long_in_words(minutes, told) -> None:
    assert words.minutes_words(minutes) == told


def test_in_a_room_the_room_is_the_state() -> None:
    assert words.state_of(Appointment(status="roomed", room="Room 3")) == "Room 3"
    assert words.state_of(Appointment(status="roomed")) == "In a room"


def test_free_times_stand_under_their_day_on_the_clock_of_their_site() -> None:
    from uuid import uuid4

    there = [
        FreeTime(uuid4(), uuid4(), datetime(2026, 11, 24, hour, tzinfo=UTC), NOW, "America/Los_Angeles")
        for hour in (5, 17, 18, 19)
    ]
    monday, tuesday = words.days_of(there, NOW, at_most=2)
    assert (monday.label, [slot.text for slot in monday.times]) == ("Today, Monday, November 23", ["9:00 pm"])
    assert [slot.text for slot in tuesday.times] == ["9:00 am", "10:00 am"]
    assert words.choices_of(there[:1], NOW)[0].text == "Today, Monday, November 23, 9:00 pm PST"
    linked = words.days_of(there[:1], NOW, url=lambda found: f"/{found.start.hour}")
    assert linked[0].times[0].url == "/5"


def test_round_a_change_of_the_clocks_each_time_says_which_it_means() -> None:
    from uuid import uuid4

    there = [
        FreeTime(uuid4(), uuid4(), datetime(2026, 11, 1, hour, 30, tzinfo=UTC), NOW, "America/New_York")
        for hour in (5, 6)
    ]
    ((_day, slots),) = [(day.label, day.times) for day in words.days_of(there, NOW)]
    assert [slot.text for slot in slots] == ["1:30 am EDT", "1:30 am EST"]
    with timezone.override("America/New_York"):
        assert words.zones_of(date(2026, 10, 30), date(2026, 11, 5)) == "EDT, EST"
        assert words.zones_of(date(2026, 11, 2), date(2026, 11, 8)) == "EST"


@pytest.mark.parametrize(
    ("typed", "read"),
    [("13:30", time(13, 30)), ("1:30 pm", time(13, 30)), ("1 p.m.", time(13)), ("9", time(9)), ("12:05am", time(0, 5))],
)
def test_a_time_of_day_as_people_write_it(typed, read) -> None:
    assert ClockField().clean(typed) == read


def test_a_moment_is_an_instant_or_nothing() -> None:
    assert MomentField().clean("2026-11-23T10:00:00-05:00") == NOW
    assert MomentField(required=False).clean("") is None
    for wrong in ("2026-11-23T10:00:00", "soon"):
        with pytest.raises(ValidationError):
            MomentField().clean(wrong)
