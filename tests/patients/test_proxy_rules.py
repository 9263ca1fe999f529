"""From which birthday on who acts for a child sees less, and who can agree."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.rules import NOT_FOR_PARENTS, age_in_years, birthday, may_agree, proxy_spans
from tests.patients.proxies import SCOPES, TODAY


# == Rules ==
@given(st.dates(date(1930, 1, 1), date(2026, 1, 1)), st.integers(0, 100))
def test_a_birthday_is_the_first_day_of_the_new_age(born, years) -> None:
    day = birthday(born, years)
    assert age_in_years(born, day) == years
    assert age_in_years(born, day - timedelta(days=1)) == years - 1


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sets(st.sampled_from(SCOPES), min_size=1),
    st.dates(date(1990, 1, 1), date(2026, 1, 1)),
    st.dates(date(2010, 1, 1), date(2040, 1, 1)),
    st.none() | st.dates(date(2010, 1, 1), date(2060, 1, 1)),
    st.integers(0, 18),
)
def test_nobody_acts_past_a_birthday_that_ends_it(scopes, born, begun, until, step_down) -> None:
    spans = proxy_spans(scopes, birth_date=born, begun=begun, until=until, step_down=step_down, end=18)
    assert {scope for span in spans for scope in span.scopes} <= scopes
    for span in spans:
        assert span.until is None or span.until > begun
        assert until is None or span.until <= until
        if age_in_years(born, begun) < 18:
            assert span.until <= birthday(born, 18)
            assert not NOT_FOR_PARENTS & set(span.scopes) or span.until <= birthday(born, step_down)


def test_somebody_grown_up_is_under_no_birthday() -> None:
    spans = proxy_spans(SCOPES, birth_date=date(1968, 3, 12), begun=TODAY, until=None, step_down=13, end=18)
    assert [(span.scopes, span.until) for span in spans] == [(tuple(SCOPES), None)]


def test_for_a_child_the_health_parts_end_first() -> None:
    spans = proxy_spans(SCOPES, birth_date=date(2017, 5, 9), begun=TODAY, until=None, step_down=13, end=18)
    assert [(set(span.scopes), span.until) for span in spans] == [
        ({"identity", "schedule", "billing"}, date(2035, 5, 9)),
        ({"clinical", "medication", "message"}, date(2030, 5, 9)),
    ]
    teenager = proxy_spans(SCOPES, birth_date=date(2010, 4, 21), begun=TODAY, until=None, step_down=13, end=18)
    assert [set(span.scopes) for span in teenager] == [{"identity", "schedule", "billing"}]


@pytest.mark.parametrize(
    ("agreed_by", "age", "right"),
    [
        ("patient", 40, True),
        ("patient", 18, True),
        ("patient", 17, False),
        ("parent", 17, True),
        ("parent", 18, False),
        ("court", 3, True),
        ("court", 80, True),
    ],
)
def test_who_can_agree(agreed_by, age, right) -> None:
    assert may_agree(agreed_by, age=age, end=18) == right
