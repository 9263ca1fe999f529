"""Money at the desk: partial, once a key, never too much, settled at zero, and taken back whole."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.access import can_see_bills, can_take_payment
from billing.actions import PaymentRefused, reverse_payment, take_payment
from billing.events import InvoiceSettled, PaymentReversed, PaymentTaken
from billing.models import Invoice, LedgerEntry
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from tests.accounts.conftest import audited as events_of
from tests.billing.conftest import at_the_commit
from tests.factories import CareRelationshipFactory, InvoiceFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)
Method, Reason = LedgerEntry.Method, LedgerEntry.Reason


def pay(by, invoice, amount, key="k1", method=Method.CASH) -> LedgerEntry:
    with acting_as(by), at_the_commit():
        return take_payment(by=by, invoice=invoice, amount=Decimal(amount), method=method, idempotency_key=key, now=NOW)


def take_back(by, entry, reason=Reason.MISTAKE) -> LedgerEntry:
    with acting_as(by), at_the_commit():
        return reverse_payment(by=by, entry=entry, reason=reason, now=NOW)


def state(invoice) -> tuple[str, str]:
    with as_the_system():
        found = Invoice.objects.with_balance().get(pk=invoice.pk)
        return found.status, str(found.balance)


def test_a_part_is_paid_and_the_bill_stays_open(bill, clerk, announced, ledger_of) -> None:
    entry = pay(clerk, bill, "25.00", method=Method.CARD)
    assert (entry.kind, str(entry.amount), entry.method, entry.entered_by_id, entry.entered_at) == (
        "payment",
        "-25.00",
        "card",
        clerk.pk,
        NOW,
    )
    assert state(bill) == ("issued", "117.00")
    assert ledger_of(bill) == [("charge", "142.00"), ("payment", "-25.00")]
    assert announced(PaymentTaken, InvoiceSettled) == [PaymentTaken(entry.pk, bill.pk, bill.patient_id)]
    (line,) = events_of("billing.take_payment")
    assert (line.patient_id, line.target_id, line.detail) == (bill.patient_id, entry.pk, {"method": "card"})


def test_at_zero_the_bill_is_settled(bill, clerk, announced) -> None:
    pay(clerk, bill, "100.00", "k1")
    pay(clerk, bill, "42.00", "k2", Method.CHECK)
    assert state(bill) == ("settled", "0.00")
    assert announced(InvoiceSettled) == [InvoiceSettled(bill.pk, bill.patient_id)]
    with as_the_system():
        assert Invoice.objects.get(pk=bill.pk).settled_at == NOW


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("142.01", "Only $142.00 is left to pay"),
        ("0.00", "more than nothing"),
        ("-5.00", "more than nothing"),
        ("1.005", "no parts of a cent"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence_and_nothing_is_written(
    bill, clerk, ledger_of, amount, sentence
) -> None:
    with pytest.raises(PaymentRefused, match=sentence.replace("$", r"\$")):
        pay(clerk, bill, amount)
    assert ledger_of(bill) == [("charge", "142.00")]
    assert events_of("billing.take_payment") == []


def test_a_settled_bill_takes_no_more(clerk, rosa) -> None:
    with pytest.raises(PaymentRefused, match="Nothing is left to pay"):
        pay(clerk, InvoiceFactory(patient=rosa, status="settled"), "1.00")


# == Once a key ==
def test_the_same_key_takes_the_money_once(bill, clerk, announced, ledger_of) -> None:
    assert pay(clerk, bill, "25.00").pk == pay(clerk, bill, "25.00").pk
    assert ledger_of(bill) == [("charge", "142.00"), ("payment", "-25.00")]
    assert len(announced(PaymentTaken)) == 1


def test_the_same_key_even_after_the_bill_is_settled(bill, clerk) -> None:
    assert pay(clerk, bill, "142.00").pk == pay(clerk, bill, "142.00").pk


def test_a_key_stands_for_one_payment_alone(bill, clerk, rosa) -> None:
    pay(clerk, bill, "25.00")
    for invoice, amount, method in (
        (bill, "26.00", Method.CASH),
        (bill, "25.00", Method.CARD),
        (InvoiceFactory(patient=rosa), "25.00", Method.CASH),
    ):
        with pytest.raises(PaymentRefused, match="used for another payment"):
            pay(clerk, invoice, amount, method=method)


def test_a_key_used_in_a_bill_that_is_out_of_reach_now_is_refused_as_well(bill, clerk) -> None:
    elsewhere = InvoiceFactory()
    with as_the_system():
        LedgerEntry(
            patient_id=elsewhere.patient_id,
            invoice=elsewhere,
            kind="payment",
            amount=Decimal("-1.00"),
            method="cash",
            entered_at=NOW,
            entered_by=clerk,
            idempotency_key="k1",
        ).save(force_insert=True)
    with pytest.raises(PaymentRefused, match="used for another payment"):
        pay(clerk, bill, "25.00")


def test_two_people_may_have_the_same_key(bill, clerk) -> None:
    desk = staff("front_desk", bill.site)
    assert pay(clerk, bill, "25.00").pk != pay(desk, bill, "25.00").pk


# == Who ==
def test_who_may_take_money(bill, clerk) -> None:
    for user, may in (
        (clerk, True),
        (staff("front_desk", bill.site), True),
        (staff("billing"), False),
        (staff("doctor", bill.site), False),
        (staff("nurse", bill.site), False),
        (portal_user(bill.patient), False),
    ):
        with acting_as(user):
            assert can_take_payment(user, bill) is may, user.acting_role


def test_those_who_may_not_are_refused(bill) -> None:
    with pytest.raises(NotAllowed):
        pay(staff("doctor", bill.site), bill, "1.00")
    with pytest.raises(NotAllowed):
        pay(portal_user(bill.patient), bill, "1.00")
    with pytest.raises(NotInScope):
        pay(staff("billing"), bill, "1.00")


def test_who_may_see_bills(rosa, clerk) -> None:
    without_bills = staff("front_desk")
    CareRelationshipFactory(patient=rosa, user=without_bills, role="front_desk", scopes=["identity", "schedule"])
    for user, may in (
        (clerk, True),
        (portal_user(rosa), True),
        (portal_user(PatientFactory()), False),
        (without_bills, False),
        (staff("doctor", rosa.site), False),
    ):
        with acting_as(user):
            assert can_see_bills(user, rosa) is may, user.acting_role


# == Taken back ==
def test_a_payment_is_taken_back_whole_and_the_bill_is_open_again(bill, clerk, announced, ledger_of) -> None:
    paid = pay(clerk, bill, "142.00", method=Method.CHECK)
    back = take_back(clerk, paid, Reason.CHECK_RETURNED)
    assert (back.kind, back.amount, back.reverses_id, back.reason, back.method) == (
        "reversal",
        Decimal("142.00"),
        paid.pk,
        "check_returned",
        "",
    )
    assert state(bill) == ("issued", "142.00")
    assert ledger_of(bill) == [("charge", "142.00"), ("payment", "-142.00"), ("reversal", "142.00")]
    assert announced(PaymentReversed) == [PaymentReversed(back.pk, bill.pk, bill.patient_id)]
    (line,) = events_of("billing.reverse_payment")
    assert line.detail == {"reason": "check_returned"}


def test_twice_taken_back_is_once(bill, clerk, ledger_of) -> None:
    paid = pay(clerk, bill, "10.00")
    assert take_back(clerk, paid).pk == take_back(clerk, paid).pk
    assert len(ledger_of(bill)) == 3


def test_after_that_it_can_be_paid_again(bill, clerk) -> None:
    take_back(clerk, pay(clerk, bill, "142.00"))
    pay(clerk, bill, "142.00", "k2")
    assert state(bill) == ("settled", "0.00")


def test_only_payments_of_a_bill_are_taken_back_and_only_by_those_who_take_them(bill, clerk) -> None:
    paid = pay(clerk, bill, "10.00")
    back = take_back(clerk, paid)
    with pytest.raises(PaymentRefused, match="Only a payment"):
        take_back(clerk, back)
    for user, refusal in ((staff("doctor", bill.site), NotAllowed), (staff("billing"), NotInScope)):
        with pytest.raises(refusal):
            take_back(user, paid)


def test_a_receipt_has_a_number_to_read_aloud(bill, clerk) -> None:
    paid = pay(clerk, bill, "10.00")
    assert paid.receipt == f"R-{paid.pk.hex[-8:].upper()}"
