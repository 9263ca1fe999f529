"""Cards are entered, changed and withdrawn by verbs; what is said of a card is never lost."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError
from psycopg.types.range import DateRange

from billing.access import can_record_coverage
from billing.actions import CardOverlaps, CoverageRefused, change_coverage, record_coverage, withdraw_coverage
from billing.events import CoverageChanged
from billing.models import Coverage
from billing.queries import card_in
from billing.rules.coverage import Card
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from tests.factories import CoverageFactory, PatientFactory, PlanFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def plan() -> Any:
    return PlanFactory(name="Gold PPO", payer__name="Hartwell Mutual")


@pytest.fixture
def card(plan) -> Card:
    return Card(plan_id=plan.pk, priority=1, member_id="XQH 884 201 557", first_day=date(2026, 1, 1))


@pytest.fixture
def kept(clerk, rosa, card) -> Any:
    """Somebody enters a card; returns how, so that a test may enter others."""

    def keep(by: Any = clerk, patient: Any = rosa, **said: Any) -> Coverage:
        ends = said.pop("end_earlier", False)
        with acting_as(by):
            return record_coverage(by=by, patient=patient, card=replace(card, **said), end_earlier=ends, now=NOW)

    return keep


def standing(patient: Any) -> list[tuple[int, date | None, date | None]]:
    with as_the_system():
        rows = Coverage.objects.standing().filter(patient=patient).order_by("priority", "validity")
        return [(row.priority, row.first_day, row.last_day) for row in rows]


# == Enter ==
def test_a_card_says_whose_and_who_entered_it(kept, rosa, clerk, plan) -> None:
    made = kept(group_number="0071", last_day=date(2026, 12, 31))
    assert (made.patient_id, made.plan_id, made.entered_by, made.status) == (rosa.pk, plan.pk, clerk, "active")
    assert (made.first_day, made.last_day) == (date(2026, 1, 1), date(2026, 12, 31))
    assert made.member_id == "XQH 884 201 557"


def test_the_member_s_number_is_not_in_the_database_as_it_is(kept) -> None:
    made = kept()
    with as_the_system():
        raw = Coverage.objects.filter(pk=made.pk).values_list("member_id", flat=True).get()
    assert raw.startswith("v1.")
    assert "XQH 884 201 557" not in raw


def test_it_is_announced(kept, announced) -> None:
    made = kept()
    assert [fact.coverage_id for fact in announced(CoverageChanged)] == [made.pk]


def test_who_keeps_no_cards_may_not_and_who_does_not_see_the_patient_neither(kept, rosa, bill) -> None:
    doctor, stranger = staff("doctor", rosa.site), staff("front_desk")
    with pytest.raises(NotAllowed):
        kept(by=doctor)
    with pytest.raises(NotInScope):
        kept(by=stranger)
    with acting_as(doctor):
        assert not can_record_coverage(doctor, rosa.pk)
    with acting_as(stranger):
        assert not can_record_coverage(stranger, rosa.pk)
    assert standing(rosa) == []


def test_the_desk_may(kept, rosa) -> None:
    desk = staff("front_desk", rosa.site)
    assert kept(by=desk).entered_by == desk
    with acting_as(desk):
        assert can_record_coverage(desk, rosa.pk)


@pytest.mark.parametrize(
    ("said", "field"),
    [({"last_day": date(2025, 12, 31)}, "last_day"), ({"plan_id": "01937a5e-8c00-7000-8000-0000000000c1"}, "plan")],
)
def test_days_and_plans_that_are_none_are_refused(kept, rosa, said, field) -> None:
    with pytest.raises(CoverageRefused) as refusal:
        kept(**said)
    assert refusal.value.field == field
    assert standing(rosa) == []


# == One card a place and day ==
def test_another_card_for_the_same_place_and_days_is_refused_by_name(kept, rosa) -> None:
    kept()
    with pytest.raises(CardOverlaps, match="Gold PPO of Hartwell Mutual is asked at this place from Jan 1, 2026 on"):
        kept(first_day=date(2026, 11, 1))
    assert len(standing(rosa)) == 1


def test_another_place_or_the_day_after_the_last_is_free(kept, rosa) -> None:
    kept(last_day=date(2026, 6, 30))
    kept(first_day=date(2026, 7, 1))
    kept(priority=2)
    assert standing(rosa) == [
        (1, date(2026, 1, 1), date(2026, 6, 30)),
        (1, date(2026, 7, 1), None),
        (2, date(2026, 1, 1), None),
    ]


def test_the_last_day_itself_is_not(kept) -> None:
    kept(last_day=date(2026, 6, 30))
    with pytest.raises(CardOverlaps, match="to Jun 30, 2026"):
        kept(first_day=date(2026, 6, 30))


def test_the_earlier_one_may_end_on_the_day_before(kept, rosa) -> None:
    first = kept()
    with pytest.raises(CardOverlaps) as refusal:
        kept(first_day=date(2027, 1, 1))
    assert refusal.value.earlier
    kept(first_day=date(2027, 1, 1), end_earlier=True)
    assert standing(rosa) == [(1, date(2026, 1, 1), date(2026, 12, 31)), (1, date(2027, 1, 1), None)]
    with as_the_system():
        assert Coverage.objects.get(supersedes=first).last_day == date(2026, 12, 31)


def test_one_that_begins_later_or_on_the_same_day_is_not_ended_for_it(kept, rosa) -> None:
    kept(first_day=date(2026, 6, 1))
    for day in (date(2026, 1, 1), date(2026, 6, 1)):
        with pytest.raises(CardOverlaps) as refusal:
            kept(first_day=day, end_earlier=True)
        assert not refusal.value.earlier
    assert standing(rosa) == [(1, date(2026, 6, 1), None)]


def test_where_there_is_none_to_end_nothing_ends(kept, rosa) -> None:
    kept(end_earlier=True)
    assert standing(rosa) == [(1, date(2026, 1, 1), None)]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [(None, date(2026, 12, 31), "until Dec 31, 2026"), (None, None, "on every day")],
)
def test_days_that_are_not_known_are_named_too(kept, rosa, first, last, words) -> None:
    CoverageFactory(patient=rosa, validity=DateRange(first, date(2027, 1, 1) if last else None))
    with pytest.raises(CardOverlaps, match=words):
        kept()


def test_the_database_keeps_cards_apart_whoever_writes(rosa) -> None:
    CoverageFactory(patient=rosa)
    with pytest.raises(IntegrityError, match="coverage_one_a_priority_and_day"):
        CoverageFactory(patient=rosa, validity=DateRange(date(2030, 1, 1), date(2030, 1, 2)))


def test_two_desks_at_the_same_moment_get_a_sentence(kept, rosa, monkeypatch) -> None:
    CoverageFactory(patient=rosa)
    monkeypatch.setattr("billing.queries.overlapping", lambda *_asked: [])
    with pytest.raises(CardOverlaps, match="just now"):
        kept()


# == Change ==
def test_a_change_is_a_new_version_beside_the_old(kept, rosa, clerk) -> None:
    first = kept()
    with acting_as(clerk):
        card = replace(card_in(first), member_id="XQH 000", last_day=date(2026, 12, 31))
        second = change_coverage(by=clerk, coverage=first, card=card, now=NOW)
    with as_the_system():
        first.refresh_from_db()
    assert (second.supersedes_id, second.member_id) == (first.pk, "XQH 000")
    assert (first.status, first.ended_by, first.ended_at) == ("replaced", clerk, NOW)
    assert first.member_id == "XQH 884 201 557"
    assert standing(rosa) == [(1, date(2026, 1, 1), date(2026, 12, 31))]


def test_nothing_different_changes_nothing(kept, clerk) -> None:
    first = kept()
    with acting_as(clerk):
        assert change_coverage(by=clerk, coverage=first, card=card_in(first), now=NOW).pk == first.pk


def test_who_comes_second_is_told_and_overwrites_nothing(kept, clerk) -> None:
    first = kept()
    for number in ("XQH 1", "XQH 2"):
        card = replace(card_in(first), member_id=number)
        with acting_as(clerk):
            if number == "XQH 1":
                change_coverage(by=clerk, coverage=first, card=card, now=NOW)
                continue
            with pytest.raises(CoverageRefused, match="Somebody changed this card"):
                change_coverage(by=clerk, coverage=first, card=card, now=NOW)
    with as_the_system():
        assert Coverage.objects.standing().get().member_id == "XQH 1"


def test_a_change_into_a_taken_place_changes_nothing(kept, rosa, clerk) -> None:
    kept()
    second = kept(priority=2)
    with acting_as(clerk), pytest.raises(CardOverlaps):
        change_coverage(by=clerk, coverage=second, card=replace(card_in(second), priority=1), now=NOW)
    assert [place for place, _first, _last in standing(rosa)] == [1, 2]


# == Withdraw ==
def test_a_mistake_never_counted_and_stays_readable(kept, rosa, clerk) -> None:
    made = kept()
    with acting_as(clerk):
        withdraw_coverage(by=clerk, coverage=made, reason="The card of her sister", now=NOW)
        with pytest.raises(CoverageRefused):
            withdraw_coverage(by=clerk, coverage=made, reason="Again", now=NOW)
    with as_the_system():
        made.refresh_from_db()
    assert (made.status, made.end_reason, made.ended_by) == ("entered-in-error", "The card of her sister", clerk)
    assert standing(rosa) == []
    kept()


def test_nobody_withdraws_what_they_do_not_see(kept, clerk) -> None:
    made = kept()
    stranger = staff("front_desk")
    with acting_as(stranger), pytest.raises(NotInScope):
        withdraw_coverage(by=stranger, coverage=made, reason="No", now=NOW)
    other = CoverageFactory(patient=PatientFactory())
    with acting_as(clerk), pytest.raises(NotInScope):
        change_coverage(by=clerk, coverage=other, card=card_in(other), now=NOW)
