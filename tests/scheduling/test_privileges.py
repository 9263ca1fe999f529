"""A kind of visit may ask for a privilege: without it on that day nothing is booked, and nothing offered."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.range import Range

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotBookable
from scheduling.queries import free_times, nearest_providers
from scheduling.rules import common
from tests.factories import QualificationFactory, VisitTypeFactory
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db
DAY = date(2030, 5, 7)  # of NINE, at the site


@pytest.fixture
def asking(clinic):
    clinic.visit_type = VisitTypeFactory(privilege="Colonoscopy")
    return clinic


def hold(clinic: Any, first: date, last: date | None = None, **fields: Any) -> Any:
    days = Range(first, last and last + timedelta(days=1))
    given = {"kind": "privilege", "name": "Colonoscopy", "identifier": "", "issuer": "", "validity": days}
    return QualificationFactory(provider=clinic.provider, **given | fields)


def offered(clinic: Any) -> list[Any]:
    with acting_as(clinic.rosa):
        between = (later(-24 * 60), later(48 * 60))
        asked = {"providers": [clinic.provider], "visit_type": clinic.visit_type, "between": between}
        return free_times(**asked, now=NOW, by_patient=True, site=clinic.site)


def test_without_it_nothing_is_booked_and_the_desk_reads_why(asking):
    with pytest.raises(NotBookable, match=r"asks for the privilege “Colonoscopy”, which .* does not hold"):
        asking.book(by=asking.desk)
    with pytest.raises(NotBookable, match="does not offer this kind of visit on that day"):
        asking.book()


def test_on_the_days_it_is_held_it_is_booked(asking):
    hold(asking, DAY, DAY, name="colonoscopy")
    asking.book()
    asking.book(start=later(14 * 60))  # the last hour of that day on the clock of the site
    for minutes in (24 * 60, 14 * 60 + 30):  # the next day, and a visit that ends on it
        with pytest.raises(NotBookable, match="privilege"):
            asking.book(by=asking.desk, start=later(minutes))


@pytest.mark.parametrize("fields", [{"kind": "certification"}, {"name": "Gastroscopy"}, {"withdrawn_at": NOW}])
def test_what_does_not_count_is_no_privilege(asking, fields):
    hold(asking, DAY, **fields | ({"withdraw_reason": "Wrong"} if "withdrawn_at" in fields else {}))
    with pytest.raises(NotBookable, match="privilege"):
        asking.book(by=asking.desk)


def test_no_other_times_are_offered(asking):
    assert offered(asking) == []
    hold(asking, DAY, DAY)
    found = offered(asking)
    assert (found[0].start, found[-1].end) == (later(-9 * 60), later(15 * 60))


def test_the_nearest_has_no_free_time_without_it(asking):
    def first() -> Any:
        with acting_as(asking.rosa):
            found = nearest_providers(near=None, visit_type=asking.visit_type, now=NOW, by_patient=True)
            return found.found[0].next_free

    assert first() is None
    hold(asking, DAY)
    assert first().start == later(-9 * 60)


def test_a_visit_is_moved_and_agreed_to_within_it_alone(asking):
    hold(asking, DAY, DAY)
    visit = asking.book()
    with acting_as(asking.desk), pytest.raises(NotBookable, match="privilege"):
        actions.move_appointment(by=asking.desk, appointment=visit, start=NINE + timedelta(days=1), now=NOW)


SPANS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 50)).map(lambda s: (later(s[0]), later(s[0] + s[1]))), max_size=6
)


@given(SPANS, SPANS)
def test_what_is_common_lies_in_both(ours, theirs):
    def minutes(spans: Any) -> set[int]:
        return {m for m in range(300) if any(a <= later(m) < b for a, b in spans)}

    assert minutes(common(ours, theirs)) == minutes(ours) & minutes(theirs)
