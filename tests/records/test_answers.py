"""Results answer orders: numbers of a panel, reports in words, and what a correction tells."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as some

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions import orders as orders
from records.actions.results import (
    acknowledge_result,
    correct_report,
    correct_result,
    enter_result,
    list_unread_results,
    release_result,
    report_result,
)
from records.actions.writing import NotCurrent, NotRecorded
from records.events import ResultCorrected, ResultEntered
from records.models import Entry, ServiceRequest
from records.queries.orders import answers_to
from records.rules.laboratory import Measured
from records.rules.orders import answered
from tests.factories import ProviderFactory, staff
from tests.records.ordering import A1C, CHEST, DAY, HCG, LIPIDS, NOW, one_order, order_now_is

pytestmark = pytest.mark.django_db
CHOLESTEROL, FATS, LDL, HDL = "2093-3", "2571-8", "18262-6", "2085-9"


def enters(by: User, request: ServiceRequest, code: str, value: str = "100", **given: Any) -> Entry:
    with acting_as(by):
        return enter_result(
            by=by,
            patient=request.patient,
            measured=Measured(code=code, value=Decimal(value)),
            effective_at=NOW,
            now=NOW,
            request=request,
            **given,
        )


def reports(by: User, request: ServiceRequest, text: str = "Clear lungs.", **given: Any) -> Entry:
    with acting_as(by):
        said = {"conclusion": "No pneumonia.", "effective_at": NOW, "now": NOW} | given
        return report_result(by=by, request=request, text=text, **said)


# == Where an order stands ==
@over(some.lists(some.text(max_size=3), unique=True), some.dictionaries(some.text(max_size=3), some.text(max_size=3)))
def test_final_is_what_has_every_answer_and_each_of_them_final(tests: list[str], given: dict[str, str]) -> None:
    wanted = tests or list(given)
    whole = bool(wanted) and all(given.get(code) not in (None, "", "preliminary") for code in wanted)
    assert (answered(tests, given) == "final") == whole
    assert answered(["a"], {"a": "preliminary"}) == answered([], {}) == "preliminary"


def test_a_panel_is_final_when_all_of_it_came(rosa, doctor, nurse, announced) -> None:
    request = one_order(doctor, rosa, LIPIDS)
    first = enters(nurse, request, CHOLESTEROL, preliminary=True, provider=ProviderFactory())
    assert (first.request, first.provider, order_now_is(request).status) == (request, request.provider, "preliminary")
    for code in (FATS, LDL, HDL):
        enters(nurse, request, code)
    assert order_now_is(request).status == "preliminary"
    again = enters(nurse, request, CHOLESTEROL, "180")
    assert (again.supersedes_id, again.record_status) == (first.pk, "final")
    assert order_now_is(request).status == "final"
    with acting_as(doctor):
        assert {row.code for row in answers_to(doctor, request)} == {CHOLESTEROL, FATS, LDL, HDL}
    assert {fact.provider_id for fact in announced(ResultEntered)} == {request.provider_id}
    with pytest.raises(NotCurrent, match="No answer is awaited"):
        enters(nurse, request, HDL)


def test_a_preliminary_answer_that_is_corrected_ends_the_waiting(rosa, doctor, nurse) -> None:
    request = one_order(doctor, rosa, A1C)
    entry = enters(nurse, request, A1C, "5.2", preliminary=True)
    with acting_as(nurse):
        later = correct_result(by=nurse, entry=entry, measured=Measured(A1C, Decimal("5.3")), now=NOW)
    assert (later.request, order_now_is(request).status) == (request, "final")


def test_what_was_not_ordered_or_came_already_answers_nothing(rosa, doctor, nurse) -> None:
    request = one_order(doctor, rosa, LIPIDS)
    with pytest.raises(NotRecorded, match="not ordered"):
        enters(nurse, request, A1C, "5.2")
    enters(nurse, request, HDL)
    with pytest.raises(NotRecorded, match="there already"):
        enters(nurse, request, HDL)
    with pytest.raises(NotRecorded, match="answered by numbers"):
        reports(nurse, request)
    desk = staff("front_desk", rosa.site)
    with pytest.raises(NotAllowed):
        enters(desk, request, LDL)


def test_a_panel_that_failed_says_so_and_keeps_what_came(rosa, doctor, nurse) -> None:
    request = one_order(doctor, rosa, LIPIDS)
    came = enters(nurse, request, HDL)
    with acting_as(nurse):
        orders.fail_order(by=nurse, request=request, reason="Clotted", now=NOW)
    with acting_as(doctor):
        assert answers_to(doctor, request) == [came]
        assert list_unread_results(by=doctor) == [came]
    with pytest.raises(NotCurrent, match="Nothing more comes"):
        enters(nurse, request, LDL)


# == In words ==
def test_an_image_is_answered_in_words(rosa, doctor, nurse) -> None:
    request = one_order(doctor, rosa, CHEST)
    with pytest.raises(NotRecorded, match="Write what the report says"):
        reports(nurse, request, " ")
    early = reports(nurse, request, "Shadow?", preliminary=True)
    assert order_now_is(request).status == "preliminary"
    final = reports(nurse, request, laboratory="Bay Imaging")
    assert (final.kind, final.display, final.supersedes_id) == ("diagnostic_report", "XR Chest 2 Views", early.pk)
    assert final.data == {
        "text": "Clear lungs.",
        "conclusion": "No pneumonia.",
        "category": "imaging",
        "by": "Bay Imaging",
    }
    assert order_now_is(request).status == "final"
    with acting_as(doctor):
        assert list_unread_results(by=doctor) == [final]
        assert release_result(by=doctor, entry=final, comment="All well.", now=NOW).acknowledged_by == doctor


def test_a_report_is_corrected(rosa, doctor, nurse) -> None:
    request = one_order(doctor, rosa, CHEST)
    wrong = reports(nurse, request)
    with acting_as(nurse):
        right = correct_report(by=nurse, entry=wrong, text="Nodule, 8 mm.", conclusion="", now=NOW)
        with pytest.raises(NotRecorded):
            correct_report(by=nurse, entry=right, text="", conclusion="", now=NOW)
    assert (right.record_status, right.data["text"], right.data["conclusion"]) == ("corrected", "Nodule, 8 mm.", "")
    assert (right.request, right.provider) == (request, request.provider)


def test_an_answer_is_marked_as_its_order(rosa, doctor, nurse) -> None:
    request = one_order(doctor, rosa, HCG)
    with acting_as(doctor):
        pass
    answer = reports(doctor, request, "Positive.")
    assert answer.sensitivity == "reproductive"
    colleague = staff("doctor", rosa.site)
    with acting_as(colleague):
        assert not Entry.objects.visible_to(colleague).filter(pk=answer.pk, patient_id=rosa.pk).exists()


# == A correction tells again ==
def test_who_read_what_was_wrong_is_told(rosa: Patient, doctor, nurse, announced) -> None:
    request = one_order(doctor, rosa, A1C)
    wrong, reader = enters(nurse, request, A1C, "5.2"), staff("doctor", rosa.site)
    with acting_as(reader):
        acknowledge_result(by=reader, entry=wrong, now=NOW)
        wrong = Entry.objects.visible_to(reader).get(pk=wrong.pk, patient_id=rosa.pk)
    with acting_as(nurse):
        right = correct_result(by=nurse, entry=wrong, measured=Measured(A1C, Decimal("9.1")), now=NOW + DAY)
        third = correct_result(by=nurse, entry=right, measured=Measured(A1C, Decimal("9.2")), now=NOW + DAY)
    assert announced(ResultCorrected) == [ResultCorrected(right.pk, rosa.pk, reader.pk)]
    assert third.request == request
