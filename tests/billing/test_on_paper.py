"""Bills on the full chart on paper: for who may see bills, as they stand, and closed with them."""

from decimal import Decimal

import pytest
from django.utils import timezone

from billing.panels import paper_section, seen_among
from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as
from tests.factories import (
    EncounterFactory,
    InvoiceFactory,
    InvoiceLineFactory,
    LedgerEntryFactory,
    PatientFactory,
    portal_user,
    proxy_of,
    staff,
)
from tests.records.papering import asks, opens, printed

pytestmark = pytest.mark.django_db


def section(user, patient, encounter=None):
    with acting_as(user, read_only=True):
        return paper_section(patient, user, timezone.now(), encounter)


@pytest.mark.pango
def test_the_patients_own_chart_says_what_was_billed_and_paid(bill, rosa) -> None:
    InvoiceLineFactory(invoice=bill)
    LedgerEntryFactory(invoice=bill)
    InvoiceFactory(patient=rosa, status="settled", total=Decimal("60.00"))
    other = InvoiceFactory(total=Decimal("77.00"))
    own = portal_user(rosa)
    paper = asks(own, rosa)
    text = " ".join(printed(paper).split())
    for part in (
        bill.number,
        "Office visit, 30 minutes",
        "School form",
        "132.00",
        "left to pay, by",
        "Paid",
        "Owed in all",
    ):
        assert part in text, part
    assert other.number not in text
    assert opens(own, paper) is not None


def test_bills_are_there_for_who_may_see_them(bill, rosa, clerk) -> None:
    for user in (portal_user(rosa), proxy_of(rosa), clerk):
        found = section(user, rosa)
        assert [one.invoice.pk for one in found.context["bills"]] == [bill.pk]
        assert found.context["balance"] == Decimal("142.00")
        assert found.holds == {"billing.invoice": [bill.pk]}


def test_and_for_nobody_else(bill, rosa) -> None:
    less = proxy_of(rosa, scopes=[one for one in Scope if one != Scope.BILLING])
    for user in (staff("doctor", rosa.site), less, portal_user(PatientFactory()), staff("billing")):
        assert section(user, rosa) is None


def test_neither_on_the_paper_of_a_visit_nor_where_there_are_none(bill, rosa) -> None:
    assert section(portal_user(rosa), rosa, EncounterFactory(patient=rosa)) is None
    alone = PatientFactory()
    assert section(portal_user(alone), alone) is None


def test_whose_eyes_see_which_bill(bill, rosa) -> None:
    other = InvoiceFactory()
    for user, seen in ((portal_user(rosa), {bill.pk}), (staff("billing"), set())):
        with acting_as(user, read_only=True):
            assert seen_among(user, rosa.pk, {bill.pk, other.pk}) == seen
