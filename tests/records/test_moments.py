"""What was said of a day, in the reader's own writing, and never more than was said."""

import pytest

from records.queries.moments import said_day


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("2026-12-01", "Dec 1, 2026"),
        ("2026-12", "Dec 2026"),
        ("2014", "2014"),
        ("about forty", "about forty"),
        ("2026-13-01", "2026-13-01"),
        ("2026-02-30", "2026-02-30"),
        ("", ""),
    ],
)
def test_a_day_is_shown_as_it_was_said(said, shown) -> None:
    assert said_day(said) == shown
