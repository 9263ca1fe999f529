"""Money that is taken for a bill, and taken back. Decimal, in US dollars with two places; `now` is aware."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing import rules
from billing.access import check_can_take_payment
from billing.events import InvoiceSettled, PaymentReversed, PaymentTaken
from billing.models import Invoice, LedgerEntry
from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from healthcare.ui.money import amount_text


class PaymentRefused(Exception):
    """This payment cannot be taken, or taken back. The message is a sentence for the person at the desk."""


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


# == Parts of the verbs ==
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
