"""What stays true of bills whoever writes, tried as SQL under the logins themselves."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.models import MOVES, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from healthcare.db.context import acting_as
from tests.billing.conftest import at_the_commit, refused_at_the_commit
from tests.factories import (
    InvoiceFactory,
    InvoiceLineFactory,
    LedgerEntryFactory,
    NumberSeriesFactory,
    PatientFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
TABLES = ("billing_invoice", "billing_invoiceline", "billing_ledgerentry")


def run(statement: str, *parameters: object) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def payment(bill: Invoice, by: object, **fields: object) -> LedgerEntry:
    given = {"kind": "payment", "amount": Decimal("-1.00"), "method": "cash", "entered_at": bill.issued_at}
    given |= {"patient_id": bill.patient_id, "invoice": bill, "entered_by": by}
    return LedgerEntry(**(given | fields))


# == Who sees what ==
@pytest.mark.parametrize("table", TABLES)
def test_a_colleague_elsewhere_a_nurse_and_another_patient_see_no_row(table, bill) -> None:
    for user in (staff("billing"), staff("nurse", bill.site), portal_user(PatientFactory())):
        with acting_as(user):
            assert run(f"SELECT 1 FROM {table}") == 0


@pytest.mark.parametrize("table", TABLES)
def test_the_clerk_the_front_desk_and_the_patient_see_theirs(table, bill, clerk) -> None:
    InvoiceFactory()
    for user in (clerk, staff("front_desk", bill.site), portal_user(bill.patient)):
        with acting_as(user):
            assert run(f"SELECT 1 FROM {table}") == 1


# == The ledger is append-only ==
@pytest.mark.parametrize("login", ["web", "worker"])
@pytest.mark.parametrize("table", ["billing_ledgerentry", "billing_invoiceline"])
def test_no_login_may_change_or_remove_a_line_of_the_ledger(table, login, bill, clerk) -> None:
    with taking_role(login), acting_as(clerk):
        for statement in (f"UPDATE {table} SET amount = 0", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DatabaseError, match="permission denied"):
                run(statement)


@pytest.mark.parametrize("table", ["billing_ledgerentry", "billing_invoiceline"])
def test_not_even_the_owner_changes_it(table, bill) -> None:
    with taking_role("owner"):
        for statement in (f"UPDATE {table} SET amount = 0", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="append-only"):
                run(statement)


def test_a_patient_adds_nothing_to_their_own_ledger(bill) -> None:
    own = portal_user(bill.patient)
    with acting_as(own), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        payment(bill, own).save(force_insert=True)


def test_nobody_pays_in_anothers_name_nor_adds_a_charge(bill, clerk) -> None:
    other = staff("billing", bill.site)
    with acting_as(clerk):
        for entry in (
            payment(bill, other),
            payment(bill, clerk, kind="charge", amount=Decimal("5.00"), method=""),
            payment(bill, clerk, kind="adjustment", method=""),
        ):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                entry.save(force_insert=True)


def test_a_payment_belongs_to_the_patient_of_the_bill(bill, clerk) -> None:
    other = PatientFactory(site=bill.site)
    entry = payment(bill, clerk)
    entry.patient_id = other.pk
    with acting_as(clerk), refused_at_the_commit():
        entry.save(force_insert=True)


# == A bill is frozen ==
def test_pages_may_say_that_a_bill_is_paid_and_nothing_else(bill, clerk) -> None:
    with acting_as(clerk):
        for column in ("total = 0", "number = '2026-000009'", "due_date = '2030-01-01'", "document = NULL"):
            with pytest.raises(DatabaseError, match="permission denied"):
                run(f"UPDATE billing_invoice SET {column}")
        with pytest.raises(DatabaseError, match="permission denied"):
            run("DELETE FROM billing_invoice")


def test_not_even_the_owner_changes_what_was_billed(bill) -> None:
    with taking_role("owner"):
        with pytest.raises(IntegrityError, match="frozen"):
            run("UPDATE billing_invoice SET due_date = '2030-01-01'")
        with pytest.raises(DatabaseError, match="append-only"):
            run("DELETE FROM billing_invoice")


def test_a_patient_cannot_say_that_a_bill_is_paid(bill) -> None:
    with acting_as(portal_user(bill.patient)), pytest.raises(DatabaseError, match="row-level security"):
        run("UPDATE billing_invoice SET status = 'settled', settled_at = now()")


def test_a_bill_is_not_paid_while_its_ledger_says_otherwise(bill, clerk) -> None:
    with acting_as(clerk), refused_at_the_commit("something is owed"):
        run("UPDATE billing_invoice SET status = 'settled', settled_at = now()")


def test_a_bill_that_is_paid_does_not_stay_open(bill, clerk) -> None:
    with acting_as(clerk), refused_at_the_commit("something is owed"):
        payment(bill, clerk, amount=-bill.total).save(force_insert=True)


def test_nobody_pays_more_than_is_owed(bill, clerk) -> None:
    with acting_as(clerk), refused_at_the_commit("something is owed"):
        payment(bill, clerk, amount=-bill.total - 1).save(force_insert=True)


def test_lines_and_charge_make_the_total(bill) -> None:
    of = {"patient_id": bill.patient_id, "invoice": bill}
    price = {"unit_price": Decimal("7.00"), "amount": Decimal("7.00")}
    for row in (
        InvoiceLine(place=2, code="x", description="x", **price, **of),
        LedgerEntry(kind="charge", amount=Decimal("7.00"), entered_at=bill.issued_at, **of),
    ):
        with as_the_system(), refused_at_the_commit("make its total"):
            row.save(force_insert=True)


def test_what_belongs_to_no_bill_is_not_asked_about(bill, clerk) -> None:
    with acting_as(clerk), at_the_commit():
        payment(bill, clerk, invoice=None).save(force_insert=True)


def test_a_reversal_takes_back_one_whole_entry_of_the_same_bill(bill, clerk) -> None:
    paid, other = LedgerEntryFactory(invoice=bill), InvoiceFactory(patient=bill.patient)
    back = {"kind": "reversal", "method": "", "reason": "mistake", "reverses": paid}
    with acting_as(clerk):
        for fields in ({"amount": Decimal("4.00")}, {"amount": Decimal("10.00"), "invoice": other}):
            with pytest.raises(IntegrityError, match="one whole entry"), transaction.atomic():
                payment(bill, clerk, **(back | fields)).save(force_insert=True)
        payment(bill, clerk, amount=Decimal("10.00"), **back).save(force_insert=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            payment(bill, clerk, amount=Decimal("10.00"), **back).save(force_insert=True)


@pytest.mark.parametrize("start", list(MOVES))
@pytest.mark.parametrize("end", list(MOVES))
def test_the_table_of_moves_is_the_databases_own(start, end) -> None:
    assert set(MOVES) == set(Invoice.Status)
    move = "UPDATE billing_invoice SET status = %s, settled_at = CASE WHEN %s THEN now() END"
    InvoiceFactory(status="settled" if start == "settled" else "issued")
    with taking_role("owner"):
        if start == "void":
            run(move, "void", False)
        if end == start or end in MOVES[start]:
            assert run(move, end, end == "settled") == 1
        else:
            with pytest.raises(IntegrityError, match="cannot become"):
                run(move, end, end == "settled")
    connection.set_rollback(True)  # what the ledger says of it is asked at the commit, and is not the question here


# == The number ==
def test_a_number_that_was_taken_is_borne_by_an_invoice() -> None:
    with as_the_system(), refused_at_the_commit("no invoice bears it"):
        NumberSeries.objects.take("2031")


def test_the_series_steps_by_one_and_is_nobodys_to_set(bill, clerk) -> None:
    with as_the_system():
        for statement in (
            "UPDATE billing_numberseries SET last = last + 2",
            "UPDATE billing_numberseries SET last = 1",
            "INSERT INTO billing_numberseries VALUES (uuidv7(), now(), now(), '2032', 7)",
        ):
            with pytest.raises(IntegrityError, match="steps by one"):
                run(statement)
    with acting_as(clerk), pytest.raises(DatabaseError, match="permission denied"):
        run("UPDATE billing_numberseries SET last = last + 1")
    with taking_role("owner"), pytest.raises(DatabaseError, match="append-only"):
        run("DELETE FROM billing_numberseries")


def test_an_invoice_bears_the_number_just_taken(bill) -> None:
    fields = {
        field.attname: getattr(bill, field.attname) for field in Invoice._meta.concrete_fields if field.name != "id"
    }
    with as_the_system(), pytest.raises(IntegrityError, match="just taken"), transaction.atomic():
        Invoice(**(fields | {"sequence": bill.sequence + 5, "number": "2026-000099"})).save(force_insert=True)


def test_the_factories_make_bills_that_add_up() -> None:
    with at_the_commit():
        settled = InvoiceFactory(status="settled")
        InvoiceLineFactory(invoice=settled)
        InvoiceFactory(total=Decimal("0.00"), status="settled")
        series = NumberSeriesFactory(name="2027")
    assert series.last == 1
    assert str(settled).startswith("invoice ")
