"""A provider is away: the time is kept free, a colleague stands in, and visits in it wait to be moved."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Cover
from healthcare.db.context import acting_as
from patients.actions.covers import CoverRefused
from scheduling import actions
from scheduling.access import can_go_away
from scheduling.actions import NotBookable, TimeTaken
from scheduling.models import TimeClaim
from tests.accounts.conftest import audited as events_of
from tests.factories import MembershipFactory, ProviderFactory, staff
from tests.scheduling.conftest import NINE, NOW, later
from tests.scheduling.pages import at, text, visit_at

pytestmark = pytest.mark.django_db
AWAY = "/scheduling/away"


def go(clinic: Any, *, by: Any = None, **changes: Any) -> Cover | None:
    doctor = by or clinic.provider.user
    span = TimestamptzRange(NINE, NINE + timedelta(days=7))
    asked = {"provider": clinic.provider, "during": span, "colleague": None, "reason": "Leave", "now": NOW} | changes
    with acting_as(doctor):
        return actions.go_away(by=doctor, **asked)


def blocks(clinic: Any) -> list[tuple[Any, Any, str]]:
    rows = TimeClaim.objects.filter(resource=clinic.resource, kind="block").order_by("blocked")
    return [(row.blocked.lower, row.blocked.upper, row.reason) for row in rows]


# == The verb ==
def test_the_time_is_blocked_and_somebody_stands_in(clinic) -> None:
    other = staff("doctor", clinic.site, full_name="Dr. Aaron Feld")
    named = go(clinic, colleague=other)
    assert named is not None
    assert (named.absent, named.cover, named.role) == (clinic.provider.user, other, "doctor")
    assert (named.validity.lower, named.validity.upper) == (NINE, NINE + timedelta(days=7))
    assert blocks(clinic) == [(NINE, NINE + timedelta(days=7), "Leave. Dr. Aaron Feld stands in")]
    with pytest.raises(TimeTaken):
        clinic.book()
    assert events_of("scheduling.go_away")[0].detail == {"colleague": str(other.pk)}


def test_what_is_blocked_already_is_left_as_it_is(clinic) -> None:
    with acting_as(clinic.provider.user):
        span = TimestamptzRange(later(60), later(120))
        actions.block_time(by=clinic.provider.user, provider=clinic.provider, during=span, reason="Dentist", now=NOW)
    assert go(clinic) is None
    assert [(begins, ends) for begins, ends, _why in blocks(clinic)] == [
        (NINE, later(60)),
        (later(60), later(120)),
        (later(120), NINE + timedelta(days=7)),
    ]
    with pytest.raises(NotBookable, match="blocked already"):
        go(clinic)
    assert go(clinic, colleague=staff("doctor", clinic.site)) is not None


def test_a_visit_in_it_stays_and_waits(clinic) -> None:
    visit = clinic.book()
    go(clinic)
    assert TimeClaim.objects.filter(appointment_id=visit.pk).exists()


def test_nothing_is_blocked_where_the_cover_is_refused(clinic) -> None:
    with pytest.raises(CoverRefused):
        go(clinic, colleague=staff("nurse", clinic.site))
    assert blocks(clinic) == []


@pytest.mark.parametrize(
    "during",
    [
        TimestamptzRange(NOW - timedelta(days=2), NOW),
        TimestamptzRange(NINE, None),
        TimestamptzRange(None, NINE),
        TimestamptzRange(empty=True),
    ],
)
def test_days_that_are_over_or_without_an_end_are_refused(clinic, during) -> None:
    with pytest.raises(NotBookable, match="not over yet"):
        go(clinic, during=during)


def test_nobody_sends_another_away(clinic) -> None:
    other = staff("doctor", clinic.site)
    for somebody in (other, clinic.desk, staff("administrator")):
        with pytest.raises(NotAllowed):
            go(clinic, by=somebody)
    with acting_as(other):
        assert not can_go_away(other, clinic.provider)
    with acting_as(clinic.provider.user):
        assert can_go_away(clinic.provider.user, clinic.provider)


# == The page ==
def typed(**changes: Any) -> dict[str, Any]:
    days = {"first": f"{at(0, days=10):%Y-%m-%d}", "last": f"{at(0, days=12):%Y-%m-%d}"}
    return {**days, "colleague": "", "reason": "Leave", "seen": "", **changes}


def test_days_away_with_a_colleague(browser, clinic) -> None:
    other = staff("doctor", clinic.site, full_name="Dr. Aaron Feld")
    elsewhere = staff("doctor", full_name="Dr. Far Away")
    doctor = browser(clinic.provider.user)
    page = text(doctor.get(AWAY))
    assert "Dr. Aaron Feld" in page
    assert elsewhere.full_name not in page
    done = doctor.post(AWAY, typed(colleague=str(other.pk)), follow=True)
    assert "Your days are kept free." in text(done)
    assert blocks(clinic)[0][:2] == (at(0, days=10), at(0, days=13))
    assert Cover.objects.get().cover == other


def test_visits_in_it_are_shown_before(browser, clinic) -> None:
    visit_at(clinic, at(9, days=11))
    doctor = browser(clinic.provider.user)
    asked = text(doctor.post(AWAY, typed()), 422)
    assert "1 visit lies in this time." in asked
    assert blocks(clinic) == []
    seen = asked.split('name="seen" value="')[1].split('"')[0]
    done = text(doctor.post(AWAY, typed(seen=seen), follow=True))
    assert "1 visit in it waits to be moved." in done
    assert len(blocks(clinic)) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"last": "2020-01-01"}, "The last day comes after the first"),
        ({"first": "2020-01-01", "last": "2020-01-02"}, "This day is over"),
        ({"last": "2099-01-01"}, "within a year"),
        ({"reason": ""}, "error"),
        ({"first": "soon"}, "error"),
        ({"colleague": "somebody"}, "Choose one of the list"),
    ],
)
def test_a_refusal_is_beside_the_field_and_nothing_is_lost(browser, clinic, changes, said) -> None:
    page = text(browser(clinic.provider.user).post(AWAY, typed(**changes)), 422)
    assert said in page
    assert blocks(clinic) == []


def test_what_the_verb_refuses_is_said(browser, clinic) -> None:
    doctor = browser(clinic.provider.user)
    doctor.post(AWAY, typed())
    assert "blocked already" in text(doctor.post(AWAY, typed()), 422)


def test_who_treats_nobody_has_no_days_to_keep_free(browser, clinic) -> None:
    nobody = browser(staff("doctor", clinic.site)).get(AWAY)
    assert (nobody.status_code, "Nobody is booked with you" in nobody.content.decode()) == (404, True)
    assert browser(clinic.desk).get(AWAY).status_code == 403


def test_without_a_schedule_the_verb_says_so(browser, clinic) -> None:
    doctor = staff("doctor", clinic.site)
    ProviderFactory(user=doctor)
    MembershipFactory(user=doctor, role="nurse", site=clinic.site)
    assert "has no hours yet" in text(browser(doctor).post(AWAY, typed()), 422)
