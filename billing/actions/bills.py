"""Bills come from finished visits, and are printed. For the system, in a worker; and the list of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from billing import queries, rules
from billing.actions.visits import copy_coverage
from billing.events import InvoiceIssued, InvoiceSettled
from billing.models import Invoice, InvoiceLine, LedgerEntry, NumberSeries, UnbilledVisit
from billing.printing import document_of
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from healthcare.ops.printing import pango_present, render_pdf
from healthcare.storage.objects import put
from records.models import Encounter


@transaction.atomic
def issue_invoice(*, by: User | None, encounter_id: UUID, now: datetime) -> Invoice | None:
    """Bill a finished encounter, once: the bill there is already comes back. For the system, in a worker.

    Lines are copies of the fees in force on the day of the visit, at its site. None where the encounter is unknown or
    not finished, or where there is no fee for it yet; an hourly job tries those again. Which cards counted on
    the day is copied before, and frozen with the bill.
    """
    encounter = _finished(encounter_id)
    if encounter is None:
        return None
    issued = Invoice.objects.filter(encounter=encounter).order_by("id").first()
    if issued is not None:
        return issued
    visit_date = _on_the_calendar(encounter, encounter.started_at or now)
    visit_type = encounter.appointment.visit_type.slug if encounter.appointment else ""
    charged = rules.charged_codes(visit_type, queries.charged_entries(encounter))
    lines = rules.lines_of(charged, queries.prices_on(visit_date, [code for code, _number in charged]))
    if not lines:
        return None
    copy_coverage(by=by, now=now, asks=False, **_of_visit(encounter))
    invoice = _write(encounter, lines, visit_date, now)
    UnbilledVisit.objects.filter(appointment=encounter.appointment).delete()
    record("billing.issue_invoice", by=by, patient_id=invoice.patient_id, target=invoice)
    publish(InvoiceIssued(invoice_id=invoice.pk, patient_id=invoice.patient_id))
    if invoice.status == Invoice.Status.SETTLED:
        publish(InvoiceSettled(invoice_id=invoice.pk, patient_id=invoice.patient_id))
    return invoice


@transaction.atomic
def print_invoice(*, by: User | None, invoice_id: UUID) -> UUID | None:
    """Make the bill's PDF and keep it, once; the key of the stored object. For the system, in a worker.

    None where the bill is unknown, or where this machine cannot print: then the page is printed instead, and an hourly
    job tries again. Raises what the storage raises.
    """
    invoices = Invoice.objects.filter(pk=invoice_id).select_related("patient", "site", "provider")
    invoice = invoices.select_for_update(of=("self",)).first()
    if invoice is None or invoice.document or not pango_present():
        return invoice.document if invoice else None
    content = render_pdf(document_of(invoice))
    invoice.document = put(content, content_type="application/pdf", name=f"{invoice.number}.pdf").pk
    invoice.save(update_fields=["document", "updated_at"])
    record("billing.print_invoice", by=by, patient_id=invoice.patient_id, target=invoice)
    return invoice.document


@transaction.atomic
def doubt_bill(*, by: User | None, encounter_id: UUID, now: datetime) -> Invoice | None:
    """Say on the bill of a visit that this was entered in error; what is owed is for somebody to settle.

    For the system, in a worker. None where there is no bill; said already: nothing.
    """
    rows = Invoice.objects.filter(encounter=encounter_id, encounter__status="entered_in_error").exclude(status="void")
    invoice: Invoice | None = rows.select_for_update(of=("self",)).order_by("id").first()
    if invoice is None or invoice.doubted_at is not None:
        return invoice
    invoice.doubted_at = now
    invoice.save(update_fields=["doubted_at", "updated_at"])
    record("billing.doubt_bill", by=by, patient_id=invoice.patient_id, target=invoice)
    return invoice


def list_invoices(*, by: User, filters: queries.Filters, today: date, after: UUID | None = None) -> queries.Page:
    """A page of the bills in the actor's care. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.READ_BILLING)
    record_now("billing.list", by=by, detail={"filters": filters.names()})
    return queries.page_of_invoices(by, filters, today=today, after=after)


# == Parts of the verbs ==
def _finished(encounter_id: UUID) -> Encounter | None:
    """The encounter, held against a second worker that bills it at the same moment."""
    found = Encounter.objects.filter(pk=encounter_id, status=Encounter.Status.FINISHED, source="")
    return found.select_related("site", "provider", "appointment__visit_type").select_for_update(of=("self",)).first()


def _of_visit(encounter: Encounter) -> dict[str, Any]:
    """A visit is its booking, where it has one."""
    if encounter.appointment_id:
        return {"appointment_id": encounter.appointment_id}
    return {"encounter_id": encounter.pk}


def _on_the_calendar(encounter: Encounter, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(encounter.time_zone)).date()


def _write(encounter: Encounter, lines: list[rules.Line], visit_date: date, now: datetime) -> Invoice:
    """The bill, its lines and its charge. The number is taken last, and held from then to the commit."""
    total = rules.sum_of(line.amount for line in lines)
    today = _on_the_calendar(encounter, now)
    series = str(today.year)
    sequence = NumberSeries.objects.take(series)
    invoice = Invoice(
        patient_id=encounter.patient_id,
        series=series,
        sequence=sequence,
        number=rules.invoice_number(series, sequence),
        encounter=encounter,
        appointment=encounter.appointment,
        site=encounter.site,
        provider=encounter.provider,
        visit_date=visit_date,
        issued_at=now,
        due_date=rules.due_date(today),
        total=total,
        status=Invoice.Status.ISSUED if total else Invoice.Status.SETTLED,
        settled_at=None if total else now,
    )
    invoice.save(force_insert=True)
    for place, line in enumerate(lines, start=1):
        InvoiceLine(patient_id=invoice.patient_id, invoice=invoice, place=place, **vars(line)).save(force_insert=True)
    if total:
        LedgerEntry(
            patient_id=invoice.patient_id,
            kind=LedgerEntry.Kind.CHARGE,
            amount=total,
            invoice=invoice,
            entered_at=now,
            source=f"records.encounter:{encounter.pk}",
        ).save(force_insert=True)
    return invoice
