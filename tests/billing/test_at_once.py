"""Several at the same moment, in real transactions: no number twice or skipped, no bill twice, no dollar too much."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connections, transaction

from billing.actions import PaymentRefused, issue_invoice, take_payment
from billing.models import Invoice, LedgerEntry, NumberSeries
from healthcare.db.context import acting_as
from tests.factories import EncounterFactory, FeeFactory, InvoiceFactory, PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 6, 15, 0, tzinfo=UTC)


class Changed(Exception):
    """Somebody's transaction fails after its number was taken."""


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned, or the exception it raised; all begin together, each on a connection of its own."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return call()
        except Exception as problem:
            return problem
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def finished(patient: Any) -> Any:
    return EncounterFactory(patient=patient, site=patient.site, status="finished", started_at=NOW, finished_at=NOW)


def issue(encounter: Any, *, fails: bool = False) -> Any:
    with transaction.atomic(), as_the_system():
        invoice = issue_invoice(by=None, encounter_id=encounter.pk, now=NOW)
        if fails:
            raise Changed
        return invoice.number


def sequences() -> list[int]:
    with as_the_system():
        return list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True))


def test_numbers_have_no_gap_and_no_double_though_some_transactions_fail() -> None:
    FeeFactory(code="visit")
    patient = PatientFactory()
    encounters = [finished(patient) for _each in range(12)]
    answers = at_once(*(lambda e=e, n=n: issue(e, fails=n % 3 == 0) for n, e in enumerate(encounters)))
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    assert {type(answer) for answer in failed} == {Changed}, failed
    assert len(failed) == 4
    assert sequences() == list(range(1, 9))
    with as_the_system():
        assert NumberSeries.objects.get().last == 8
    at_once(*(lambda e=e: issue(e) for e in encounters))
    assert sequences() == list(range(1, 13))


def test_one_encounter_asked_for_by_many_is_billed_once() -> None:
    FeeFactory(code="visit")
    encounter = finished(PatientFactory())
    answers = at_once(*(lambda: issue(encounter) for _each in range(6)))
    assert set(answers) == {"2026-000001"}
    assert sequences() == [1]


def test_two_desks_take_no_more_than_is_owed() -> None:
    bill = InvoiceFactory(total=Decimal("100.00"))
    desks = [staff("front_desk", bill.site) for _each in range(5)]

    def pay(desk: Any) -> Any:
        with acting_as(desk):
            return take_payment(
                by=desk,
                invoice=bill,
                amount=Decimal("60.00"),
                method=LedgerEntry.Method.CASH,
                idempotency_key="k",
                now=NOW,
            ).pk

    answers = at_once(*(lambda d=d: pay(d) for d in desks))
    assert sum(isinstance(answer, PaymentRefused) for answer in answers) == 4, answers
    with as_the_system():
        assert LedgerEntry.objects.filter(invoice=bill).get_balance() == Decimal("40.00")


def test_one_form_pressed_many_times_takes_the_money_once() -> None:
    bill = InvoiceFactory(total=Decimal("100.00"))
    desk = staff("front_desk", bill.site)

    def pay() -> Any:
        with acting_as(desk):
            return take_payment(
                by=desk,
                invoice=bill,
                amount=Decimal("10.00"),
                method=LedgerEntry.Method.CARD,
                idempotency_key="one",
                now=NOW,
            ).pk

    answers = at_once(*(pay for _each in range(6)))
    assert len(set(answers)) == 1, answers
