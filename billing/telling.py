"""Insurance cards and bills as FHIR R4 writes them: Coverage and Invoice."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing import queries
from billing.models import Coverage, InvoiceLine, LedgerEntry
from billing.models.coverage import Relationship
from healthcare.accounts.models import User
from patients.models import Patient
from records.telling.elements import TERMINOLOGY, code_of, filled, local, meta_of, moment_text, reference

RELATIONSHIPS = "subscriber-relationship"
STATUSES = {"issued": "issued", "settled": "balanced", "void": "cancelled"}


def cards_of(patient: Patient, user: User, now: datetime) -> Iterator[dict[str, Any]]:
    """For `records.FhirResources`: the cards that stand, also those of days past and to come."""
    cards = Coverage.objects.visible_to(user).standing().filter(patient_id=patient.pk)
    yield from map(_coverage, cards.select_related("plan__payer").order_by("pk"))


def _coverage(card: Coverage) -> dict[str, Any]:
    whose = reference("Patient", card.patient_id)
    days = {"start": card.first_day, "end": card.last_day}
    classes = [("plan", card.plan.name, card.plan.name), ("group", card.group_number, "")]
    return {
        "resourceType": "Coverage",
        "id": str(card.pk),
        "meta": meta_of(card, "", card.source),
        "status": "active",
        "beneficiary": whose,
        "payor": [{"display": card.plan.payer.name}],
        "relationship": code_of(card.relationship, RELATIONSHIPS),
        "order": card.priority,
    } | filled(
        subscriber=whose if card.relationship == Relationship.SELF else filled(display=card.subscriber_name),
        identifier=[{"type": code_of("MB", f"{TERMINOLOGY}/v2-0203"), "value": card.member_id}],
        subscriberId=card.member_id,
        period=filled(**{name: day.isoformat() for name, day in days.items() if day}),
        **{"class": [_class(*one) for one in classes if one[1]]},
    )


def _class(kind: str, value: str, name: str) -> dict[str, Any]:
    return {"type": code_of(kind, "coverage-class"), "value": value} | filled(name=name)


# == Bills ==
def bills_of(patient: Patient, user: User, now: datetime) -> Iterator[dict[str, Any]]:
    """For `records.FhirResources`: each bill with its lines. What was paid stands as a note with its moment: R4 tells
    of payments in the words of banks and payers, and here the desk took them.
    """
    yield from map(_invoice, queries.bills_of(user, patient))


def _invoice(bill: queries.Bill) -> dict[str, Any]:
    invoice = bill.invoice
    return {
        "resourceType": "Invoice",
        "id": str(invoice.pk),
        "meta": meta_of(invoice, "", ""),
        "identifier": [{"value": invoice.number}],
        "status": STATUSES[invoice.status],
        "subject": reference("Patient", invoice.patient_id),
        "date": moment_text(invoice.issued_at),
        "participant": [{"actor": {"display": invoice.provider.name}}],
        "issuer": {"display": invoice.site.name},
        "totalNet": _dollars(invoice.total),
        "totalGross": _dollars(invoice.total),
        "paymentTerms": _("To be paid by %(day)s.") % {"day": invoice.due_date.isoformat()},
    } | filled(
        lineItem=[_line(line) for line in bill.lines],
        note=[_movement(entry) for entry in bill.entries if entry.kind != LedgerEntry.Kind.CHARGE],
    )


def _line(line: InvoiceLine) -> dict[str, Any]:
    base = {"type": "base", "factor": Decimal(line.quantity), "amount": _dollars(line.amount)}
    return {
        "sequence": line.place,
        "chargeItemCodeableConcept": local(line.code, line.description),
        "priceComponent": [base],
    }


def _movement(entry: LedgerEntry) -> dict[str, Any]:
    how = entry.get_method_display() or entry.get_reason_display()
    what = entry.get_kind_display()
    words = f"{what}, {how}: {entry.amount} USD" if how else f"{what}: {entry.amount} USD"
    return {"time": moment_text(entry.entered_at), "text": words}


def _dollars(amount: Decimal) -> dict[str, Any]:
    return {"value": amount, "currency": "USD"}
