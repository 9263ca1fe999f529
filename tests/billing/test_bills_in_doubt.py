"""A bill whose visit was entered in error: said on it, and put before who settles bills."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from billing import panels
from billing.actions import doubt_bill
from billing.models import Invoice
from billing.subscribers import doubt_bill as hear
from healthcare.db.context import acting_as
from records.events import EncounterVoided
from tests.factories import EncounterFactory, InvoiceFactory
from tests.patients.conftest import sign_in
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)


@pytest.fixture
def bill(rosa) -> Invoice:
    wrong = EncounterFactory(patient=rosa, site=rosa.site, status="entered_in_error")
    return InvoiceFactory(patient=rosa, encounter=wrong)


def doubt(bill: Invoice) -> Invoice | None:
    with as_the_system():
        return doubt_bill(by=None, encounter_id=bill.encounter_id, now=NOW)


def lines(user) -> list[int]:
    with acting_as(user):
        return [line.count for line in panels.lines_in_doubt(user, NOW)]


def test_it_says_so_and_is_owed_as_before(bill) -> None:
    found = doubt(bill)
    assert found is not None
    assert (found.pk, found.doubted_at, found.status, found.total) == (bill.pk, NOW, "issued", bill.total)


def test_a_visit_that_stands_or_has_no_bill_is_not_doubted(rosa) -> None:
    stands = InvoiceFactory(patient=rosa, encounter=EncounterFactory(patient=rosa))
    assert doubt(stands) is None
    assert doubt(InvoiceFactory.build(patient=rosa, encounter=EncounterFactory(patient=rosa))) is None


def test_doubt_bill_delivered_twice_doubts_once(bill) -> None:
    fact = EncounterVoided(encounter_id=bill.encounter_id, patient_id=bill.patient_id, appointment_id=None)
    deliver_twice(hear, fact, lambda: list(Invoice.objects.order_by("id").values_list("doubted_at", flat=True)))


def test_whoever_settles_bills_has_it_on_a_list(bill, clerk) -> None:
    assert lines(clerk) == [0]
    doubt(bill)
    assert lines(clerk) == [1]
    page = sign_in(clerk).get(reverse("billing:list"), {"which": "doubted"}).text
    assert bill.number in page
    assert "Visit entered in error" in page
    one = reverse("billing:invoice", args=[bill.patient_id, bill.pk])
    assert "Visit entered in error" in sign_in(clerk).get(one).text


def test_what_is_paid_waits_for_nobody(rosa, clerk) -> None:
    wrong = EncounterFactory(patient=rosa, site=rosa.site, status="entered_in_error")
    doubt(InvoiceFactory(patient=rosa, encounter=wrong, status="settled"))
    assert lines(clerk) == [0]


@pytest.mark.parametrize(("login", "change"), [("web", "doubted_at = NULL"), ("worker", "doubted_at = now()")])
def test_nobody_takes_the_doubt_back(bill, clerk, login, change) -> None:
    doubt(bill)
    sql = f"UPDATE billing_invoice SET {change} WHERE id = %s"
    with taking_role(login), acting_as(clerk), pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(sql, [bill.pk])
