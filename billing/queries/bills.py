"""One bill, a patient's account, and lists of bills."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from billing.models import Invoice, InvoiceLine, LedgerEntry
from billing.rules import ZERO, sum_of
from healthcare.accounts.models import Site, User
from healthcare.db.prepared import Whole, prepared
from patients.models import Patient

PAGE = 25
STATEMENT = 200


# == One bill ==
@dataclass(frozen=True)
class Bill:
    """An invoice with its lines as printed and its ledger in order; `balance` in US dollars is the ledger's sum."""

    invoice: Invoice
    lines: Sequence[InvoiceLine]
    entries: Sequence[LedgerEntry]
    balance: Decimal

    @property
    def payments(self) -> list[LedgerEntry]:
        """Payments and what was taken back."""
        return [entry for entry in self.entries if entry.kind in ("payment", "reversal")]

    @property
    def standing(self) -> frozenset[UUID]:
        """The payments that nobody took back."""
        taken_back = {entry.reverses_id for entry in self.entries}
        return frozenset(entry.pk for entry in self.entries if entry.kind == "payment") - taken_back


def bill_of(user: User, patient: Patient, invoice_id: UUID) -> Bill | None:
    """The patient's bill with this id, if this user may see it."""
    invoices = Invoice.objects.visible_to(user).filter(patient=patient, pk=invoice_id)
    invoice = invoices.select_related("site", "provider").first()
    if invoice is None:
        return None
    lines = list(InvoiceLine.objects.visible_to(user).filter(invoice=invoice).order_by("place"))
    ledger = LedgerEntry.objects.visible_to(user).filter(invoice=invoice)
    entries = list(ledger.select_related("entered_by").order_by("entered_at", "id"))
    return Bill(invoice, lines, entries, sum_of(entry.amount for entry in entries))


def bills_of(user: User, patient: Patient) -> list[Bill]:
    """Each bill of this patient that this user may see, the oldest first, void ones too; three queries for all."""
    invoices = Invoice.objects.visible_to(user).filter(patient=patient).select_related("site", "provider")
    found = list(invoices.order_by("visit_date", "pk"))
    of_these = {"patient": patient, "invoice__in": [invoice.pk for invoice in found]}
    lines, entries = defaultdict(list), defaultdict(list)
    for line in InvoiceLine.objects.visible_to(user).filter(**of_these).order_by("place", "pk"):
        lines[line.invoice_id].append(line)
    for entry in LedgerEntry.objects.visible_to(user).filter(**of_these).order_by("entered_at", "pk"):
        entries[entry.invoice_id].append(entry)
    return [Bill(one, lines[one.pk], entries[one.pk], sum_of(e.amount for e in entries[one.pk])) for one in found]


# == A patient's account ==
@dataclass(frozen=True)
class Movement:
    """A line of the statement: the entry, and what was owed after it."""

    entry: LedgerEntry
    balance: Decimal


@dataclass(frozen=True)
class Account:
    """What a patient owes in US dollars, by the whole ledger; bills newest first, the newest movements first."""

    balance: Decimal
    invoices: Sequence[Invoice]
    movements: Sequence[Movement]

    @property
    def open(self) -> list[Invoice]:
        """What is still to pay, the oldest first."""
        return sorted((bill for bill in self.invoices if bill.status == "issued"), key=lambda bill: bill.due_date)


def balance_of(user: User, patient: Patient) -> Decimal:
    """What the patient owes in US dollars, as far as this user may see."""
    return next(iter(_sum_of_all(user, patient)), None) or ZERO


@prepared
def _sum_of_all(user: User, patient: Patient) -> "QuerySet[LedgerEntry, Decimal | None]":
    ledger = LedgerEntry.objects.visible_to(user).filter(patient=patient)
    return ledger.values_list(Whole(Sum("amount")), flat=True)


def account_of(user: User, patient: Patient, *, statement: bool = True) -> Account:
    """The account, as far as this user may see it; without the movements where they are not asked for."""
    balance = balance_of(user, patient)
    invoices = _invoices_of_patient(user, patient, STATEMENT)
    return Account(balance, invoices, _movements(user, patient, balance) if statement else [])


@prepared
def _invoices_of_patient(user: User, patient: Patient, at_most: int) -> "QuerySet[Invoice]":
    return invoices_of(user).filter(patient=patient).order_by("-id")[:at_most]


def _movements(user: User, patient: Patient, balance: Decimal) -> list[Movement]:
    ledger = LedgerEntry.objects.visible_to(user).filter(patient=patient).select_related("invoice", "reverses")
    movements = []
    for entry in ledger.order_by("-entered_at", "-id")[:STATEMENT]:
        movements.append(Movement(entry, balance))
        balance -= entry.amount
    return movements


# == Lists ==
@dataclass(frozen=True)
class Filters:
    """What the list of bills is narrowed to; `which` is open, overdue, doubted, paid or all."""

    which: str = "open"
    site: Site | None = None
    number: str = ""

    def names(self) -> list[str]:
        return [self.which, *(name for name in ("site", "number") if getattr(self, name))]


@dataclass(frozen=True)
class Page:
    """Up to 25 bills with `balance`; `after` is the id from which the next page goes on, None on the last."""

    invoices: Sequence[Invoice]
    after: UUID | None


def invoices_of(user: User) -> QuerySet[Invoice]:
    """With patient, provider, site and `balance`."""
    return Invoice.objects.visible_to(user).with_balance().select_related("patient", "provider", "site")


def page_of_invoices(user: User, filters: Filters, *, today: date, after: UUID | None = None) -> Page:
    """Visible bills from the bill `after` on: what is owed by the day it is due, others newest first; keyset.

    An `after` that is not visible begins anew.
    """
    by_due = filters.which in ("open", "overdue", "doubted")
    invoices = _narrowed(invoices_of(user), filters, today)
    last = Invoice.objects.visible_to(user).filter(pk=after).first() if after else None
    if last:
        behind = Q(due_date__gt=last.due_date) | Q(due_date=last.due_date, pk__gt=last.pk)
        invoices = invoices.filter(behind if by_due else Q(pk__lt=last.pk))
    rows = list(invoices.order_by(*(("due_date", "id") if by_due else ("-id",)))[: PAGE + 1])
    return Page(rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None)


def _narrowed(invoices: QuerySet[Invoice], filters: Filters, today: date) -> QuerySet[Invoice]:
    wanted = {
        "open": Q(status="issued"),
        "overdue": Q(status="issued", due_date__lt=today),
        "doubted": Q(status="issued", doubted_at__isnull=False),
        "paid": Q(status="settled"),
        "all": Q(),
    }[filters.which]
    if filters.site:
        wanted &= Q(site=filters.site)
    if filters.number:
        wanted &= Q(number__startswith=filters.number)
    return invoices.filter(wanted)
