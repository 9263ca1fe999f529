"""The verbs of billing. Money is Decimal, in US dollars with two places; `now` is aware."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from billing import queries, rules
from billing.access import check_can_take_payment
from billing.events import InvoiceIssued, InvoiceSettled, PaymentReversed, PaymentTaken
from billing.models import Fee, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from billing.printing import document_of
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from healthcare.ops.printing import pango_present, render_pdf
from healthcare.storage.objects import put
from healthcare.ui.money import amount_text
from records.models import Encounter


class PaymentRefused(Exception):
    """This payment cannot be taken, or taken back. The message is a sentence for the person at the desk."""


class FeeRefused(Exception):
    """This price cannot begin on that day. The message is a sentence."""


# == Bills ==
@transaction.atomic
def issue_invoice(*, by: User | None, encounter_id: UUID, now: datetime) -> Invoice | None:
    """Bill a finished encounter, once: the bill there is already comes back. For the system, in a worker.

    Lines are copies of the fees in force on the day of the visit, at its site. None where the encounter is unknown or
    not finished, or where there is no fee for it yet; an hourly job tries those again.
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
    invoice = _write(encounter, lines, visit_date, now)
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


# == Money ==
@transaction.atomic
def take_payment(
    *, by: User, invoice: Invoice, amount: Decimal, method: LedgerEntry.Method, idempotency_key: str, now: datetime
) -> LedgerEntry:
    """Note `amount` US dollars paid towards this bill; when nothing is left to pay, the bill is settled.

    The same person with the same key gets the payment there is already. Raises NotAllowed, NotInScope, and
    PaymentRefused for more than is owed, for parts of a cent, and for a key that stands for another payment.
    """
    check_can_take_payment(by, invoice)
    invoice = Invoice.objects.visible_to(by).select_for_update(of=("self",)).get(pk=invoice.pk)
    known = LedgerEntry.objects.visible_to(by).filter(entered_by=by, idempotency_key=idempotency_key).first()
    if known is not None:
        return _same(known, invoice, amount, method)
    _refuse(amount, invoice.entries.visible_to(by).get_balance())
    entry = LedgerEntry(
        patient_id=invoice.patient_id,
        kind=LedgerEntry.Kind.PAYMENT,
        amount=-amount,
        invoice=invoice,
        entered_at=now,
        entered_by=by,
        method=method,
        idempotency_key=idempotency_key,
    )
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as problem:  # the key stands in a bill that this person may not see any more
        raise _other_payment() from problem
    record("billing.take_payment", by=by, patient_id=entry.patient_id, target=entry, detail={"method": method})
    publish(PaymentTaken(entry_id=entry.pk, invoice_id=invoice.pk, patient_id=entry.patient_id))
    if _bring_status(invoice, by, now):
        publish(InvoiceSettled(invoice_id=invoice.pk, patient_id=invoice.patient_id))
    return entry


@transaction.atomic
def reverse_payment(*, by: User, entry: LedgerEntry, reason: LedgerEntry.Reason, now: datetime) -> LedgerEntry:
    """Take a whole payment back by a second entry; the bill is open again. Done already: that entry comes back.

    Raises NotAllowed, NotInScope, and PaymentRefused for an entry that is no payment of a bill.
    """
    if entry.kind != LedgerEntry.Kind.PAYMENT or entry.invoice is None:
        raise PaymentRefused(_("Only a payment can be taken back."))
    check_can_take_payment(by, entry.invoice)
    invoice = Invoice.objects.visible_to(by).select_for_update(of=("self",)).get(pk=entry.invoice_id)
    done = LedgerEntry.objects.visible_to(by).filter(reverses=entry).first()
    if done is not None:
        return done
    back = LedgerEntry(
        patient_id=entry.patient_id,
        kind=LedgerEntry.Kind.REVERSAL,
        amount=-entry.amount,
        invoice=invoice,
        entered_at=now,
        entered_by=by,
        reverses=entry,
        reason=reason,
    )
    back.save(force_insert=True)
    record("billing.reverse_payment", by=by, patient_id=back.patient_id, target=back, detail={"reason": reason})
    publish(PaymentReversed(entry_id=back.pk, invoice_id=invoice.pk, patient_id=back.patient_id))
    _bring_status(invoice, by, now)
    return back


# == Prices ==
@transaction.atomic
def set_fee(*, by: User | None, code: str, description: str, amount: Decimal, from_date: date) -> Fee:
    """Let something cost `amount` US dollars from this day on; the price before ends there. Bills keep their copies.

    Raises NotAllowed, and FeeRefused where a price begins on that day or later already.
    """
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    fees = Fee.objects.filter(code=code).select_for_update(of=("self",))
    if fees.filter(validity__startswith__gte=from_date).exists():
        raise FeeRefused(_("A price of this code begins on that day or later. Choose a later day."))
    before = fees.filter(validity__contains=from_date).first()
    if before is not None:
        before.validity = DateRange(before.validity.lower, from_date)
        before.save(update_fields=["validity", "updated_at"])
    fee = Fee(code=code, description=description, amount=rules.cents(amount), validity=DateRange(from_date, None))
    fee.save(force_insert=True)
    record("billing.set_fee", by=by, target=fee, detail={"code": code})
    return fee


# == Reads that are written down ==
def list_invoices(*, by: User, filters: queries.Filters, today: date, after: UUID | None = None) -> queries.Page:
    """A page of the bills in the actor's care. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.READ_BILLING)
    record_now("billing.list", by=by, detail={"filters": filters.names()})
    return queries.page_of_invoices(by, filters, today=today, after=after)


# == Parts of the verbs ==
def _finished(encounter_id: UUID) -> Encounter | None:
    """The encounter, held against a second worker that bills it at the same moment."""
    found = Encounter.objects.filter(pk=encounter_id, status=Encounter.Status.FINISHED)
    return found.select_related("site", "provider", "appointment__visit_type").select_for_update(of=("self",)).first()


def _on_the_calendar(encounter: Encounter, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(encounter.site.time_zone)).date()


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


def _bring_status(invoice: Invoice, by: User, now: datetime) -> bool:
    """Let the status say what the ledger says; whether the bill is settled now."""
    settled = invoice.entries.visible_to(by).get_balance() == 0
    status = Invoice.Status.SETTLED if settled else Invoice.Status.ISSUED
    if status != invoice.status:
        invoice.status, invoice.settled_at = status, now if settled else None
        invoice.save(update_fields=["status", "settled_at", "updated_at"])
    return settled


def _same(known: LedgerEntry, invoice: Invoice, amount: Decimal, method: str) -> LedgerEntry:
    if (known.invoice_id, known.amount, known.method) != (invoice.pk, -amount, method):
        raise _other_payment()
    return known


def _other_payment() -> PaymentRefused:
    return PaymentRefused(_("This form was used for another payment already. Open the bill again, then take this one."))


def _refuse(amount: Decimal, balance: Decimal) -> None:
    refusal = rules.payment_refusal(amount, balance)
    if refusal is None:
        return
    left = amount_text(balance, sign="$")
    raise PaymentRefused(
        {
            rules.Refusal.NOT_POSITIVE: _("A payment is more than nothing."),
            rules.Refusal.PARTS_OF_A_CENT: _("A payment has no parts of a cent."),
            rules.Refusal.NOTHING_OWED: _("Nothing is left to pay on this bill."),
            rules.Refusal.TOO_MUCH: _("Only %(left)s is left to pay. Take that, or less.") % {"left": left},
        }[refusal]
    )
