"""A finished encounter becomes a bill: once, with frozen lines and the next number."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from billing import tasks
from billing.actions import issue_invoice
from billing.events import InvoiceIssued, InvoiceSettled
from billing.models import Invoice, InvoiceLine, LedgerEntry
from billing.subscribers import bill_visit
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from records.events import EncounterFinished
from tests.accounts.conftest import audited as events_of
from tests.billing.conftest import at_the_commit
from tests.factories import AppointmentFactory, EncounterFactory, EntryFactory, FeeFactory, SiteFactory, staff
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 6, 15, 0, tzinfo=UTC)


def finished(patient, **fields):
    begun = fields.pop("started_at", NOW - timedelta(days=3))
    given = {"site": patient.site, "status": "finished", "started_at": begun, "finished_at": begun} | fields
    return EncounterFactory(patient=patient, **given)


def issue(encounter, now=NOW) -> Invoice | None:
    with as_the_system(), at_the_commit():
        return issue_invoice(by=None, encounter_id=encounter.pk, now=now)


def lines_of(invoice) -> list[tuple[str, int, str]]:
    with as_the_system():
        rows = InvoiceLine.objects.filter(invoice=invoice).order_by("place")
        return [(line.description, line.quantity, str(line.amount)) for line in rows]


def fee(code="visit", amount="90.00", description="Office visit", **fields):
    return FeeFactory(code=code, amount=Decimal(amount), description=description, **fields)


def test_the_bill_says_what_when_whose_and_how_much(rosa, announced, ledger_of) -> None:
    fee()
    encounter = finished(rosa)
    invoice = issue(encounter)
    assert invoice is not None
    assert (invoice.series, invoice.sequence, invoice.number) == ("2026", 1, "2026-000001")
    assert (invoice.patient_id, invoice.encounter_id, invoice.provider_id) == (
        rosa.pk,
        encounter.pk,
        encounter.provider_id,
    )
    assert (invoice.visit_date, invoice.due_date, str(invoice.total)) == (
        date(2026, 11, 3),
        date(2026, 12, 6),
        "90.00",
    )
    assert invoice.status == "issued"
    assert lines_of(invoice) == [("Office visit", 1, "90.00")]
    assert ledger_of(invoice) == [("charge", "90.00")]
    assert announced(InvoiceIssued, InvoiceSettled) == [InvoiceIssued(invoice.pk, rosa.pk)]
    (line,) = events_of("billing.issue_invoice")
    assert (line.patient_id, line.target_id, line.detail) == (rosa.pk, invoice.pk, {})


def test_the_charge_names_where_it_came_from(rosa) -> None:
    fee()
    encounter = finished(rosa)
    issue(encounter)
    with as_the_system():
        assert LedgerEntry.objects.get().source == f"records.encounter:{encounter.pk}"


def test_the_fee_is_that_of_the_kind_of_visit(rosa) -> None:
    appointment = AppointmentFactory(patient=rosa, site=rosa.site)
    fee()
    fee(appointment.visit_type.slug, "60.00", "Follow-up visit, 20 minutes")
    invoice = issue(finished(rosa, appointment=appointment))
    assert lines_of(invoice) == [("Follow-up visit, 20 minutes", 1, "60.00")]
    assert invoice.appointment_id == appointment.pk


def test_tests_and_vaccines_are_counted_and_what_they_were_is_not_told(rosa) -> None:
    fee()
    fee("laboratory", "19.50", "Laboratory test")
    fee("immunization", "25.00", "Vaccine given")
    encounter = finished(rosa)
    for _each in range(2):
        EntryFactory(patient=rosa, encounter=encounter, display="Hemoglobin A1c")
    panel = EntryFactory(patient=rosa, encounter=encounter, kind="laboratory_result")
    EntryFactory(patient=rosa, encounter=encounter, parent=panel)
    EntryFactory(patient=rosa, encounter=encounter, kind="note")
    EntryFactory(patient=rosa)
    EntryFactory(
        patient=rosa, encounter=encounter, record_status="entered_in_error", voided_at=NOW, void_reason="Wrong tube"
    )
    assert lines_of(issue(encounter)) == [("Office visit", 1, "90.00"), ("Laboratory test", 3, "58.50")]


def test_the_price_is_that_of_the_day_of_the_visit_at_its_site(rosa) -> None:
    """Half past eight in the evening of Nov 2 in New York is Nov 3 in UTC."""
    fee(amount="80.00", validity=DateRange(date(2026, 1, 1), date(2026, 11, 3)))
    fee(amount="90.00", validity=DateRange(date(2026, 11, 3), None))
    invoice = issue(finished(rosa, started_at=datetime(2026, 11, 3, 1, 30, tzinfo=UTC)))
    assert (invoice.visit_date, str(invoice.total)) == (date(2026, 11, 2), "80.00")


def test_the_year_of_the_number_is_that_of_the_site(rosa) -> None:
    fee()
    new_year_in_utc = datetime(2027, 1, 1, 2, 0, tzinfo=UTC)
    assert issue(finished(rosa), now=new_year_in_utc).number == "2026-000001"
    tokyo = SiteFactory(time_zone="Asia/Tokyo")
    assert issue(finished(rosa, site=tokyo), now=new_year_in_utc).number == "2027-000001"


def test_a_later_price_changes_no_bill(rosa) -> None:
    old = fee()
    invoice = issue(finished(rosa))
    with taking_role("owner"):
        type(old).objects.filter(pk=old.pk).update(amount=Decimal("999.00"))
    assert lines_of(invoice) == [("Office visit", 1, "90.00")]


def test_a_free_visit_is_settled_as_it_is_issued(rosa, announced, ledger_of) -> None:
    fee(amount="0.00", description="Visit within the follow-up window")
    invoice = issue(finished(rosa))
    assert (invoice.status, invoice.settled_at, ledger_of(invoice)) == ("settled", NOW, [])
    assert announced(InvoiceIssued, InvoiceSettled) == [
        InvoiceIssued(invoice.pk, rosa.pk),
        InvoiceSettled(invoice.pk, rosa.pk),
    ]


def test_asked_again_the_same_bill_comes_back(rosa, announced) -> None:
    fee()
    encounter = finished(rosa)
    assert issue(encounter).pk == issue(encounter).pk
    assert len(announced(InvoiceIssued)) == 1


def test_what_is_not_finished_or_not_there_or_has_no_fee_is_not_billed(rosa) -> None:
    open_one = EncounterFactory(patient=rosa)
    assert issue(finished(rosa)) is None, "no fee yet"
    fee()
    assert issue(open_one) is None
    with as_the_system():
        assert issue_invoice(by=None, encounter_id=uuid7(), now=NOW) is None


def test_no_page_can_issue_a_bill(rosa, clerk) -> None:
    fee()
    encounter = finished(rosa)
    with acting_as(clerk):
        assert issue_invoice(by=clerk, encounter_id=encounter.pk, now=NOW) is None, "a clerk sees no encounter"


def test_bill_visit_delivered_twice_makes_one_bill(rosa) -> None:
    fee()
    encounter = finished(rosa)
    fact = EncounterFinished(encounter_id=encounter.pk, patient_id=rosa.pk, appointment_id=None)
    numbers = deliver_twice(
        bill_visit, fact, lambda: list(Invoice.objects.order_by("id").values_list("number", flat=True))
    )
    assert len(numbers) == 1


# == What had to wait ==
def test_visits_without_a_bill_get_one_as_soon_as_there_is_a_fee(rosa) -> None:
    encounter = finished(rosa, started_at=timezone.now() - timedelta(days=2))
    finished(rosa, started_at=timezone.now() - timedelta(days=400))
    EncounterFactory(patient=rosa)
    with taking_role("worker"):
        tasks.bill_unbilled_visits()
    with as_the_system():
        assert not Invoice.objects.exists()
    fee()
    with taking_role("worker"):
        tasks.bill_unbilled_visits()
        tasks.bill_unbilled_visits()
    with as_the_system():
        assert list(Invoice.objects.order_by("id").values_list("encounter_id", flat=True)) == [encounter.pk]


def test_the_front_desk_reads_the_bill_and_the_nurse_does_not(rosa) -> None:
    fee()
    issue(finished(rosa))
    for role, seen in (("front_desk", 1), ("billing", 1), ("doctor", 1), ("nurse", 0), ("pharmacist", 0)):
        user = staff(role, rosa.site)
        with acting_as(user):
            assert Invoice.objects.visible_to(user).count() == seen, role
