"""Two records of one person become one: cards go along, and those that would hold one place are settled first."""

from datetime import date

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from billing.actions.coverage import withdraw_coverage
from billing.models import Coverage
from billing.panels import clashing_cards, to_know
from healthcare.db.context import acting_as
from tests.factories import CoverageFactory, InvoiceFactory, PatientFactory, staff
from tests.patients.merging import merge, undo
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = None


@pytest.fixture
def desk(rosa):
    return staff("front_desk", rosa.site)


@pytest.fixture
def gone(rosa):
    return PatientFactory(site=rosa.site)


def notes(desk, rosa, gone):
    with acting_as(desk):
        return clashing_cards(rosa, gone, user=desk, now=NOW)


def test_two_cards_in_one_place_on_the_same_days_stop_it_and_say_which(desk, rosa, gone) -> None:
    CoverageFactory(patient=rosa)
    CoverageFactory(patient=gone, plan__name="Gold PPO")
    found = notes(desk, rosa, gone)
    assert [(note.stops, note.url) for note in found] == [(True, f"/billing/{gone.pk}/coverage/")]
    assert "Gold PPO, from Jan 1, 2026 on" in found[0].text


def test_the_same_card_on_both_is_withdrawn_from_the_one_that_goes(desk, rosa, gone) -> None:
    card = CoverageFactory(patient=rosa, member_id="HAR204511873")
    twin = CoverageFactory(patient=gone, plan=card.plan, member_id="HAR204511873")
    [note] = notes(desk, rosa, gone)
    assert "the same card" in note.text
    assert note.stops
    with acting_as(desk):
        withdraw_coverage(by=desk, coverage=twin, reason="Entered on the second record", now=timezone.now())
    assert notes(desk, rosa, gone) == []
    assert merge(desk, rosa, gone)


def test_another_number_of_the_same_plan_is_another_card(desk, rosa, gone) -> None:
    card = CoverageFactory(patient=rosa, member_id="HAR204511873")
    CoverageFactory(patient=gone, plan=card.plan, member_id="HAR204511874")
    assert "in the same place" in notes(desk, rosa, gone)[0].text


def test_other_days_other_places_and_mistakes_stop_nothing(desk, rosa, gone) -> None:
    CoverageFactory(patient=rosa)
    CoverageFactory(patient=gone, priority=2)
    CoverageFactory(patient=gone, validity=DateRange(date(2025, 1, 1), date(2026, 1, 1)))
    CoverageFactory(patient=gone, status="entered-in-error", ended_at="2026-11-03T12:00Z")
    assert notes(desk, rosa, gone) == []


def test_who_sees_no_bills_is_told_nothing_of_cards(rosa, gone) -> None:
    CoverageFactory(patient=rosa)
    CoverageFactory(patient=gone)
    assert notes(staff("nurse", rosa.site), rosa, gone) == []


def test_what_is_owed_is_said_beside_it(desk, rosa, gone) -> None:
    CoverageFactory(patient=rosa)
    CoverageFactory(patient=gone)
    InvoiceFactory(patient=gone)
    with acting_as(desk):
        found = to_know(rosa, gone, user=desk, now=NOW)
    assert [note.stops for note in found] == [True, False]


def test_cards_go_along_and_come_back(desk, rosa, gone) -> None:
    card = CoverageFactory(patient=gone)

    def owner():
        with as_the_system():
            return Coverage.objects.get(pk=card.pk).patient_id

    done = merge(desk, rosa, gone)
    assert owner() == rosa.pk
    undo(desk, done)
    assert owner() == gone.pk
