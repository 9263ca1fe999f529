"""Whose card does not count on the day of a visit of the coming week: as a line, as a page, and for whom."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from billing import panels
from billing.actions import list_cards_to_ask
from billing.queries import cards_to_ask
from billing.queries import quality as queries
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.models import Patient
from tests.factories import AppointmentFactory, CoverageFactory, PatientFactory, staff

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def coming(patient: Any, after: timedelta = DAY, **fields: Any) -> Any:
    return AppointmentFactory(patient=patient, start=timezone.now() + after, **fields)


def card(patient: Any, until: date | None, **fields: Any) -> Any:
    """To this last day; None for one without an end."""
    return CoverageFactory(patient=patient, validity=DateRange(date(2020, 1, 1), until and until + DAY), **fields)


def named(user: Any) -> list[Patient]:
    with acting_as(user):
        return [visit.patient for visit in cards_to_ask(user, timezone.now()).visits]


def test_whose_cards_are_over_on_the_day_of_the_visit(rosa, clerk) -> None:
    day = date.fromisoformat(coming(rosa, 3 * DAY).wall_start[:10])
    card(rosa, day - DAY)
    assert named(clerk) == [rosa]


def test_the_last_day_still_counts(rosa, clerk) -> None:
    card(rosa, date.fromisoformat(coming(rosa, 3 * DAY).wall_start[:10]))
    assert named(clerk) == []


def test_who_has_another_none_or_one_without_an_end_is_not_asked(rosa, clerk) -> None:
    never = PatientFactory(site=rosa.site)
    for patient in (rosa, never):
        coming(patient)
    card(rosa, date(2024, 12, 31))
    card(rosa, None, priority=2)
    assert named(clerk) == []


def test_one_that_begins_later_does_not_count_yet_and_a_mistake_never(rosa, clerk) -> None:
    coming(rosa)
    CoverageFactory(patient=rosa, validity=DateRange(timezone.localdate() + 30 * DAY, None))
    card(rosa, None, priority=2, status="entered-in-error", ended_at=timezone.now())
    assert named(clerk) == [rosa]


def test_of_each_the_soonest_visit_of_the_week_where_one_works(rosa, clerk) -> None:
    card(rosa, date(2024, 12, 31))
    coming(rosa, 2 * DAY)
    first = coming(rosa)
    for patient, after in ((PatientFactory(site=rosa.site), 9 * DAY), (PatientFactory(), DAY)):
        card(patient, date(2024, 12, 31))
        coming(patient, after)
    coming(rosa, 5 * DAY, status="cancelled", cancelled_at=timezone.now())
    with acting_as(clerk):
        assert [visit.pk for visit in cards_to_ask(clerk, timezone.now()).visits] == [first.pk]
    assert named(staff("billing")) == []


def test_a_page_and_a_line_for_who_keeps_cards_alone(rosa, clerk, browser, audited) -> None:
    assert "is covered by it" in browser(clerk).get("/billing/cards-to-ask").content.decode()
    card(rosa, date(2024, 12, 31))
    coming(rosa)
    client = browser(staff("front_desk", rosa.site))
    text = client.get("/billing/cards-to-ask").content.decode()
    assert "Delgado-Ferreira" in text
    assert f"/billing/{rosa.pk}/coverage/" in text
    browser(clerk).get("/billing/cards-to-ask")
    assert ("billing.list_cards_to_ask", "ok") in audited(clerk)
    nurse = staff("nurse", rosa.site)
    assert browser(nurse).get("/billing/cards-to-ask").status_code == 403
    with acting_as(nurse), pytest.raises(NotAllowed):
        list_cards_to_ask(by=nurse, now=timezone.now())


def test_not_all_of_a_full_week_is_looked_at_and_it_says_so(rosa, clerk, browser, monkeypatch) -> None:
    card(rosa, date(2024, 12, 31))
    coming(rosa)
    coming(rosa, 2 * DAY)
    with acting_as(clerk):
        line = panels.quality_lines(clerk, timezone.now())[0]
    assert (line.count, line.more, line.url) == (1, False, "/billing/cards-to-ask")
    monkeypatch.setattr(queries, "LOOKED_AT", 1)
    with acting_as(clerk):
        assert panels.quality_lines(clerk, timezone.now())[0].more
    assert "the soonest were" in browser(clerk).get("/billing/cards-to-ask").content.decode()


def test_it_costs_the_same_for_one_and_for_many(rosa, clerk, browser, assert_queries) -> None:
    client = browser(clerk)
    card(rosa, date(2024, 12, 31))
    coming(rosa)
    client.get("/billing/cards-to-ask")
    with assert_queries(at_most=12) as few:
        client.get("/billing/cards-to-ask")
    for hours in range(8):
        other = PatientFactory(site=rosa.site)
        card(other, date(2024, 12, 31))
        coming(other, hours * HOUR)
    with assert_queries(at_most=12) as many:
        client.get("/billing/cards-to-ask")
    assert len(few) == len(many)
