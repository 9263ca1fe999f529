"""The verbs of an order: prepared, placed, its specimen taken, put off, revoked, failed."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as some

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.orders import can_answer, can_decide, can_order
from records.actions import orders as verbs
from records.actions.entries import void_entry
from records.actions.results import enter_result
from records.actions.writing import NotCurrent, NotRecorded
from records.events import EntryVoided, OrderExtended, OrderFailed, OrderPlaced, OrderRevoked, SpecimenCollected
from records.models import FavouriteOrder, ServiceRequest
from records.models.orders import ORDER_MOVES
from records.rules import orders as rules
from records.rules.laboratory import TESTS, Measured
from records.subscribers import await_answer
from tests.factories import EncounterFactory, EntryFactory, ProviderFactory, ServiceRequestFactory, staff
from tests.records.ordering import A1C, BASIC, CHEST, DAY, HCG, LIPIDS, NOW, one_order, order, order_now_is
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


# == The catalogue ==
def test_every_panel_is_made_of_tests_that_can_be_entered() -> None:
    assert {code for one in rules.CATALOGUE.values() for code in one.tests} <= TESTS.keys()
    assert {one.category for one in rules.CATALOGUE.values()} == {"laboratory", "imaging"}


@pytest.mark.parametrize(
    ("typed", "first"),
    [("bmp", BASIC), ("chol", LIPIDS), ("lung x-ray", CHEST), ("24321", BASIC), ("METAB basic", BASIC)],
)
def test_it_is_found_by_what_a_doctor_types(typed: str, first: str) -> None:
    assert rules.find_orderables(typed)[0].code == first
    assert rules.find_orderables("no such thing") == []


def test_favourites_come_first() -> None:
    assert rules.find_orderables("", [CHEST])[0].code == CHEST
    assert len(rules.find_orderables("")) == len(rules.CATALOGUE)


@over(some.text(max_size=30))
def test_whatever_is_typed_finds_a_part_of_the_catalogue(typed: str) -> None:
    found = rules.find_orderables(typed)
    assert set(found) <= set(rules.CATALOGUE.values())
    assert len(found) == len(set(found))


@over(some.text(max_size=8), some.text(max_size=8), some.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_an_answer_is_always_expected_on_a_later_day(category: str, priority: str, day: date) -> None:
    assert day < rules.expected_day(category, priority, day) <= day + rules.LATEST
    assert rules.expected_day("imaging", "stat", day) <= rules.expected_day("imaging", "routine", day)


@over(some.sampled_from(sorted(ORDER_MOVES)), some.dates(), some.dates())
def test_overdue_is_what_waits_past_its_day(status: str, expected: date, today: date) -> None:
    assert rules.is_overdue(status, expected, today) == (status in rules.WAITING and expected < today)
    assert not rules.is_overdue(status, None, today)


# == Order ==
def test_several_are_ordered_at_once_and_each_is_said(rosa, doctor, announced) -> None:
    encounter = EncounterFactory(patient=rosa)
    basic, chest = order(doctor, rosa, BASIC, CHEST, reason="Swollen legs", note="Fasting", encounter=encounter)
    assert (basic.category, chest.category, basic.status) == ("laboratory", "imaging", "active")
    assert (basic.ordered_by, basic.ordered_at, basic.written_by, basic.encounter) == (doctor, NOW, doctor, encounter)
    assert (basic.display, basic.reason) == ("Basic metabolic 2000 panel - Serum or Plasma", "Swollen legs")
    assert [(row.expected_by - NOW.date()).days for row in (basic, chest)] == [7, 21]
    assert announced(OrderPlaced) == [
        OrderPlaced(basic.pk, rosa.pk, "laboratory"),
        OrderPlaced(chest.pk, rosa.pk, "imaging"),
    ]
    with as_the_system():
        assert AuditEvent.objects.filter(action="records.order_services", target_id=basic.pk).count() == 1


def test_what_shows_more_than_its_name_is_marked_by_itself(rosa, doctor) -> None:
    request = one_order(doctor, rosa, HCG)
    assert request.sensitivity == "reproductive"
    colleague = staff("doctor", rosa.site)
    with acting_as(colleague):
        assert not ServiceRequest.objects.visible_to(colleague).exists()
    assert one_order(doctor, rosa, sensitivity="adolescent").sensitivity == "adolescent"


@pytest.mark.parametrize(
    ("codes", "given", "sentence"),
    [
        (("no-such",), {}, "not in the catalogue"),
        ((BASIC, BASIC), {}, "twice"),
        ((BASIC,), {"priority": "soon"}, "no priority"),
        ((BASIC,), {"expected_by": NOW.date() - 2 * DAY}, "past"),
        ((BASIC,), {"expected_by": NOW.date() + timedelta(days=400)}, "more than a year"),
    ],
)
def test_what_cannot_be_ordered(codes: Any, given: Any, sentence: str, rosa, doctor) -> None:
    with pytest.raises(NotRecorded, match=sentence):
        order(doctor, rosa, *codes, **given)
    with as_the_system():
        assert not ServiceRequest.objects.exists()


def test_nothing_is_no_order(rosa, doctor) -> None:
    provider = ProviderFactory(user=doctor)
    with acting_as(doctor), pytest.raises(NotRecorded, match="Choose"):
        verbs.order_services(by=doctor, patient=rosa, wanted=[], provider=provider, now=NOW)


def test_the_same_twice_takes_a_reason(rosa, doctor) -> None:
    first = one_order(doctor, rosa)
    with pytest.raises(verbs.OrderedAlready, match="awaited by"):
        order(doctor, rosa, LIPIDS, BASIC)
    assert one_order(doctor, rosa, again="The first was hemolyzed") != first
    ends(doctor, first)
    with as_the_system():
        assert ServiceRequest.objects.count() == 2


def ends(doctor, request) -> ServiceRequest:
    with acting_as(doctor):
        return verbs.revoke_order(by=doctor, request=request, reason=" Done elsewhere ", now=NOW)


def test_a_nurse_prepares_and_a_doctor_places(rosa, doctor, nurse, announced) -> None:
    provider = ProviderFactory(user=doctor)
    draft = one_order(nurse, rosa, prepared=True, provider=provider)
    assert (draft.status, draft.ordered_by, draft.expected_by) == ("draft", None, None)
    assert announced() == []
    with acting_as(nurse), pytest.raises(NotAllowed):
        verbs.place_order(by=nurse, request=draft, now=NOW)
    with acting_as(doctor):
        placed = verbs.place_order(by=doctor, request=draft, now=NOW)
        with pytest.raises(NotCurrent, match="Ordered"):
            verbs.place_order(by=doctor, request=draft, now=NOW)
    assert (placed.status, placed.ordered_by, placed.written_by) == ("active", doctor, nurse)
    assert placed.expected_by == NOW.date() + 7 * DAY
    assert len(announced(OrderPlaced)) == 1


# == What becomes of it ==
def test_the_specimen_is_taken(rosa, doctor, nurse, announced) -> None:
    request = one_order(doctor, rosa)
    with acting_as(nurse):
        with pytest.raises(NotRecorded, match="future"):
            verbs.collect_specimen(by=nurse, request=request, now=NOW, collected_at=NOW + DAY)
        row = verbs.collect_specimen(by=nurse, request=request, now=NOW)
        with pytest.raises(NotCurrent, match="Specimen taken"):
            verbs.collect_specimen(by=nurse, request=request, now=NOW)
    assert (row.status, row.collected_by, row.collected_at) == ("specimen_collected", nurse, NOW)
    assert announced(SpecimenCollected) == [SpecimenCollected(request.pk, rosa.pk)]
    chest = one_order(doctor, rosa, CHEST)
    with acting_as(nurse), pytest.raises(NotRecorded, match="no specimen"):
        verbs.collect_specimen(by=nurse, request=chest, now=NOW)


def test_it_is_revoked_with_a_reason(rosa, doctor, announced) -> None:
    request = one_order(doctor, rosa)
    with acting_as(doctor), pytest.raises(NotRecorded, match="Say why"):
        verbs.revoke_order(by=doctor, request=request, reason=" ", now=NOW)
    row = ends(doctor, request)
    assert (row.status, row.end_reason, row.ended_by, row.ended_at) == ("revoked", "Done elsewhere", doctor, NOW)
    assert announced(OrderRevoked) == [OrderRevoked(request.pk, rosa.pk)]
    with pytest.raises(NotCurrent, match="Revoked"):
        ends(doctor, request)


def test_nothing_more_comes(rosa, doctor, nurse, announced) -> None:
    request = one_order(doctor, rosa)
    with acting_as(nurse):
        row = verbs.fail_order(by=nurse, request=request, reason="Hemolyzed", now=NOW)
    assert (row.status, row.end_reason) == ("failed", "Hemolyzed")
    assert announced(OrderFailed) == [OrderFailed(request.pk, rosa.pk, request.provider_id)]


def test_one_waits_longer(rosa, doctor, announced) -> None:
    request = one_order(doctor, rosa)
    with acting_as(doctor):
        for day, sentence in ((NOW.date() - DAY, "past"), (NOW.date() + 400 * DAY, "more than a year")):
            with pytest.raises(NotRecorded, match=sentence):
                verbs.extend_order(by=doctor, request=request, expected_by=day, now=NOW)
        row = verbs.extend_order(by=doctor, request=request, expected_by=NOW.date() + 30 * DAY, now=NOW)
    assert row.expected_by == NOW.date() + 30 * DAY
    assert announced(OrderExtended) == [OrderExtended(request.pk, rosa.pk)]
    ends(doctor, request)
    with acting_as(doctor), pytest.raises(NotRecorded, match="No answer is awaited"):
        verbs.extend_order(by=doctor, request=request, expected_by=NOW.date() + 30 * DAY, now=NOW)


# == An answer that was wrong ==
def test_an_order_waits_again_when_its_answer_was_wrong(rosa, doctor, nurse) -> None:
    request = one_order(doctor, rosa, A1C)
    with acting_as(nurse):
        verbs.collect_specimen(by=nurse, request=request, now=NOW)
        measured = Measured(code=A1C, value=Decimal("5.2"))
        entry = enter_result(
            by=nurse, patient=rosa, measured=measured, effective_at=NOW, now=NOW, request=order_now_is(request)
        )
    assert order_now_is(request).status == "final"
    with acting_as(doctor):
        void_entry(by=doctor, entry=entry, reason="Wrong patient", now=NOW)
    assert order_now_is(request).status == "specimen_collected"
    with acting_as(nurse):
        enter_result(
            by=nurse, patient=rosa, measured=measured, effective_at=NOW, now=NOW, request=order_now_is(request)
        )
    assert order_now_is(request).status == "final"
    with as_the_system():
        line = AuditEvent.objects.get(action="records.await_answer")
    assert (line.target_id, line.detail) == (request.pk, {"status": "specimen_collected"})


def test_told_twice_it_waits_again_once_and_of_anything_else_nothing(rosa, doctor) -> None:
    request = ServiceRequestFactory(patient=rosa, status="final")
    voided = {"record_status": "entered_in_error", "voided_at": NOW, "voided_by": doctor, "void_reason": "Wrong"}
    entry = EntryFactory(patient=rosa, request=request, **voided)
    left = EntryFactory(patient=rosa, request=request, code="2345-7")
    fact = EntryVoided(entry.pk, rosa.pk, "laboratory_result")
    assert deliver_twice(await_answer, fact, lambda: ServiceRequest.objects.get().status) == "preliminary"
    with as_the_system():
        await_answer(EntryVoided(EntryFactory(patient=rosa).pk, rosa.pk, "laboratory_result"))
        assert ServiceRequest.objects.get().status == "preliminary"
        assert left.request == request


@over(some.booleans(), some.dictionaries(some.sampled_from("abc"), some.sampled_from(["preliminary", "final"])))
def test_where_it_stands_by_what_is_left(collected, given) -> None:
    status = rules.waits_again("abc", given, collected=collected)
    if not given:
        assert status == ("specimen_collected" if collected else "active")
    else:
        assert (status == "final") == (given == dict.fromkeys("abc", "final"))


def test_favourites_are_ones_own(rosa, doctor, nurse) -> None:
    other = staff("doctor", rosa.site)
    with acting_as(doctor):
        for _again in range(2):
            verbs.keep_favourite(by=doctor, code=CHEST, kept=True)
        assert FavouriteOrder.objects.count() == 1
        with pytest.raises(NotRecorded):
            verbs.keep_favourite(by=doctor, code="no-such", kept=True)
    with acting_as(other):
        assert not FavouriteOrder.objects.exists()
        verbs.keep_favourite(by=other, code=CHEST, kept=False)
    with acting_as(doctor):
        verbs.keep_favourite(by=doctor, code=CHEST, kept=False)
        assert not FavouriteOrder.objects.exists()
    with acting_as(nurse), pytest.raises(NotAllowed):
        verbs.keep_favourite(by=nurse, code=CHEST, kept=True)


# == Who may ==
def test_who_may(rosa, doctor, nurse) -> None:
    request = one_order(doctor, rosa)
    stranger, desk = staff("doctor"), staff("front_desk", rosa.site)
    for user, expected in (
        (doctor, (True, True, True)),
        (nurse, (False, True, False)),
        (desk, (False,) * 3),
        (stranger, (False,) * 3),
    ):
        with acting_as(user):
            assert (can_order(user, rosa), can_answer(user, request), can_decide(user, request)) == expected
    with pytest.raises(NotInScope):
        order(stranger, rosa)
    with pytest.raises(NotInScope):
        order(staff("nurse"), rosa, prepared=True, provider=request.provider)
    with acting_as(stranger), pytest.raises(NotInScope):
        verbs.revoke_order(by=stranger, request=request, reason="x", now=NOW)


def test_what_was_ordered_elsewhere_is_ended_there(rosa, doctor) -> None:
    told = ServiceRequestFactory(patient=rosa, source="other:lab", written_by=None, ordered_by=None, provider=None)
    with acting_as(doctor):
        assert not can_decide(doctor, told)
        with pytest.raises(NotAllowed, match="elsewhere"):
            verbs.fail_order(by=doctor, request=told, reason="x", now=NOW)
    assert order_now_is(told).status == "active"
