"""Words of an emergency, and until when an answer is promised: without database or clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.rules.messages import MOST_HOURS, SATURDAY, UrgentWords, answer_due, urgent_words, working_days

NEW_YORK = "America/New_York"
MOMENTS = st.integers(1_577_836_800, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DANGER = ["chest pain", "can't breathe", "shortness of breath", "my face is drooping", "passed out", "a seizure"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I have CHEST   pain since noon", ("chest pain",)),
        ("There is a pain in my chest.", ("pain in my chest",)),
        ("I can’t breathe", ("can't breathe",)),
        ("I cannot breathe well", ("cannot breathe",)),
        ("My son fainted", ("fainted",)),
        ("Is it a stroke? chest pain. Chest pain!", ("stroke", "chest pain")),
        ("The bleeding won't stop", ("bleeding won't stop",)),
        ("Tengo dolor de pécho", ("dolor de pecho",)),
        ("I had an anaphylactic shock last year", ("anaphylactic",)),
        ("no chest pain", ("chest pain",)),
    ],
)
def test_words_of_an_emergency_are_found(text: str, words: tuple[str, ...]) -> None:
    found = urgent_words(text)
    assert (found.words, found.crisis) == (words, False)


@pytest.mark.parametrize("text", ["I want to die", "I think of suicide", "better off dead", "I could hurt myself"])
def test_who_may_want_to_die_is_heard(text: str) -> None:
    assert urgent_words(text).crisis
    assert urgent_words(text)


@pytest.mark.parametrize(
    "text", ["", "Could I have more lisinopril?", "The breaststroke is my sport", "My chest of drawers", "I am fine"]
)
def test_everyday_words_are_let_pass(text: str) -> None:
    assert not urgent_words(text)
    assert urgent_words(text) == UrgentWords()


@given(st.sampled_from(DANGER), st.text(), st.text())
def test_whatever_stands_around_them(danger: str, before: str, after: str) -> None:
    assert urgent_words(f"{before} {danger} {after}")


@given(st.text())
def test_capitals_and_spaces_change_nothing(text: str) -> None:
    assert urgent_words(f"chest  pain {text}").words[:1] == ("chest pain",)


def test_the_mark_is_of_the_words_alone() -> None:
    one, same = urgent_words("chest pain, and a seizure"), urgent_words("A seizure? Chest pain.")
    assert one.mark == same.mark
    assert one.mark != urgent_words("chest pain").mark


# == The promise ==
def there(year: int, month: int, day: int, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZoneInfo(NEW_YORK))


@pytest.mark.parametrize(
    ("since", "hours", "due"),
    [
        (there(2026, 11, 16), 16, there(2026, 11, 18)),  # Monday
        (there(2026, 11, 19), 16, there(2026, 11, 23)),  # Thursday: over the weekend
        (there(2026, 11, 20), 16, there(2026, 11, 24)),  # Friday
        (there(2026, 11, 21), 16, there(2026, 11, 24, 17)),  # Saturday counts from Monday at nine
        (there(2026, 11, 22, 23), 16, there(2026, 11, 24, 17)),
        (there(2026, 3, 6), 16, there(2026, 3, 10)),  # over the change to summer time the wall clock counts
        (there(2026, 11, 16, 7), 4, there(2026, 11, 16, 13)),  # before the day begins
        (there(2026, 11, 16, 15), 4, there(2026, 11, 17, 11)),  # into the next day
        (there(2026, 11, 16, 17), 1, there(2026, 11, 17, 10)),
        (there(2026, 11, 16, 9), 8, there(2026, 11, 16, 17)),
    ],
)
def test_working_hours_on_the_clock_of_the_site(since: datetime, hours: int, due: datetime) -> None:
    assert answer_due(since, NEW_YORK, hours) == due
    assert answer_due(since.astimezone(UTC), NEW_YORK, hours).tzinfo is UTC


@given(MOMENTS, st.integers(1, MOST_HOURS))
def test_it_falls_into_working_hours_and_never_before_they_are_over(since: datetime, hours: int) -> None:
    due = answer_due(since, NEW_YORK, hours).astimezone(ZoneInfo(NEW_YORK))
    assert due.weekday() < SATURDAY
    assert 9 <= due.hour <= 17
    assert answer_due(since, NEW_YORK, hours) >= since + timedelta(hours=hours) - timedelta(hours=1)
    assert answer_due(since, NEW_YORK, hours) <= since + timedelta(days=2 * working_days(hours) + 4)


@pytest.mark.parametrize(("hours", "days"), [(1, 1), (8, 1), (9, 2), (16, 2), (80, 10)])
def test_begun_working_days_are_said_to_patients(hours: int, days: int) -> None:
    assert working_days(hours) == days
