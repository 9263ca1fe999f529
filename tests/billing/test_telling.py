"""Insurance cards and bills as they leave in a download."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from billing.telling import bills_of, cards_of
from healthcare.db.context import acting_as
from tests.factories import (
    CoverageFactory,
    InvoiceFactory,
    InvoiceLineFactory,
    LedgerEntryFactory,
    PatientFactory,
    portal_user,
)
from tests.records.r4 import problems_of

pytestmark = pytest.mark.django_db


def test_a_card_says_who_pays_and_when() -> None:
    own = CoverageFactory(group_number="G7", validity=DateRange(date(2026, 1, 1), date(2027, 1, 1)))
    theirs = CoverageFactory(
        patient=own.patient, priority=2, relationship="child", subscriber_name="Ana Delgado", member_id="B2"
    )
    CoverageFactory(patient=own.patient, priority=3, status="replaced", ended_at=timezone.now())
    user = portal_user(own.patient)
    with acting_as(user, read_only=True):
        found = list(cards_of(own.patient, user, timezone.now()))
    assert [problem for one in found for problem in problems_of(one)] == []
    first, second = found
    assert (first["order"], second["order"]) == (1, 2)
    assert first["period"] == {"start": "2026-01-01", "end": own.last_day.isoformat()}
    assert [one["value"] for one in first["class"]] == [own.plan.name, "G7"]
    assert first["subscriber"] == {"reference": f"Patient/{own.patient_id}"}
    assert second["subscriber"] == {"display": "Ana Delgado"}
    assert second["subscriberId"] == theirs.member_id


def test_a_bill_says_what_it_is_for_and_what_was_paid() -> None:
    owed = InvoiceFactory()
    InvoiceLineFactory(invoice=owed)
    LedgerEntryFactory(invoice=owed, method="card")
    paid = InvoiceFactory(patient=owed.patient, status="settled")
    InvoiceFactory()
    user = portal_user(owed.patient)
    with acting_as(user, read_only=True):
        found = list(bills_of(owed.patient, user, timezone.now()))
    assert [problem for one in found for problem in problems_of(one)] == []
    assert [(one["identifier"][0]["value"], one["status"]) for one in found] == [
        (owed.number, "issued"),
        (paid.number, "balanced"),
    ]
    first = found[0]
    assert first["totalGross"] == {"value": Decimal("142.00"), "currency": "USD"}
    assert [line["chargeItemCodeableConcept"]["text"] for line in first["lineItem"]] == [
        "Office visit, 30 minutes",
        "School form",
    ]
    assert [note["text"] for note in first["note"]] == ["Payment, Card at the desk: -10.00 USD"]
    assert first["paymentTerms"] == "To be paid by 2026-12-06."
    assert "Payment, Cash: -142.00 USD" in found[1]["note"][0]["text"]


def test_nobody_elses_and_nothing_for_whoever_sees_no_bills() -> None:
    bill = InvoiceFactory()
    stranger = portal_user(PatientFactory())
    with acting_as(stranger, read_only=True):
        assert list(bills_of(bill.patient, stranger, timezone.now())) == []


def test_a_movement_without_a_manner_is_said_too() -> None:
    bill = InvoiceFactory()
    LedgerEntryFactory(invoice=bill, kind="adjustment", method="")
    user = portal_user(bill.patient)
    with acting_as(user, read_only=True):
        (found,) = bills_of(bill.patient, user, timezone.now())
    assert found["note"][0]["text"] == "Adjustment: -10.00 USD"
