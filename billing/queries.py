"""Page-shaped reads over bills and the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Sum, When

from billing.models import Fee, Invoice, InvoiceLine, LedgerEntry
from billing.rules import CHARGED_ENTRIES, VISIT, ZERO, Price, sum_of
from healthcare.accounts.models import Site, User
from patients.models import Patient
from records.models import Encounter, Entry
from scheduling.models import Appointment

PAGE = 25
MOST_COUNTED = 1000  # a home page counts so far and then says "over"
STATEMENT = 200


# == What to charge ==
def prices_on(day: date, codes: Sequence[str]) -> dict[str, Price]:
    """The fees in force on this day, by code; the general one of a visit too."""
    fees = Fee.objects.on(day).filter(code__in=[*codes, VISIT]).order_by("code")
    return {fee.code: Price(fee.code, fee.description, fee.amount) for fee in fees}


def charged_entries(encounter: Encounter) -> Mapping[str, int]:
    """How many entries of each kind that costs something were made in this encounter; panels count once."""
    made = Entry.objects.filter(patient_id=encounter.patient_id, encounter=encounter, kind__in=CHARGED_ENTRIES)
    return Counter(made.current().top().order_by("id").values_list("kind", flat=True))


def unbilled_encounters(since: datetime, at_most: int) -> list[UUID]:
    """Encounters finished since then that have no bill, oldest first. For the system."""
    billed = Invoice.objects.filter(encounter=OuterRef("pk"))
    found = Encounter.objects.filter(status="finished", finished_at__gte=since).exclude(Exists(billed))
    return list(found.order_by("finished_at", "id").values_list("pk", flat=True)[:at_most])


def unprinted_invoices(at_most: int) -> list[UUID]:
    """Bills without a document, newest first. For the system."""
    return list(Invoice.objects.filter(document=None).order_by("-id").values_list("pk", flat=True)[:at_most])


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
    return LedgerEntry.objects.visible_to(user).filter(patient=patient).get_balance()


def account_of(user: User, patient: Patient, *, statement: bool = True) -> Account:
    """The account, as far as this user may see it; without the movements where they are not asked for."""
    balance = balance_of(user, patient)
    invoices = invoices_of(user).filter(patient=patient).order_by("-id")[:STATEMENT]
    return Account(balance, list(invoices), _movements(user, patient, balance) if statement else [])


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
    """What the list of bills is narrowed to; `which` is open, overdue, paid or all."""

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
    by_due = filters.which in ("open", "overdue")
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
        "paid": Q(status="settled"),
        "all": Q(),
    }[filters.which]
    if filters.site:
        wanted &= Q(site=filters.site)
    if filters.number:
        wanted &= Q(number__startswith=filters.number)
    return invoices.filter(wanted)


# == The home page ==
@dataclass(frozen=True)
class OpenFigures:
    """Bills with something owed, counted up to a thousand; `owed` in US dollars of those counted."""

    count: int
    overdue: int
    owed: Decimal

    @property
    def more(self) -> bool:
        return self.count >= MOST_COUNTED


def open_figures(user: User, today: date) -> OpenFigures:
    """Of the bills this user may see, the longest due first."""
    bills = invoices_of(user).open().order_by("due_date", "id")[:MOST_COUNTED]  # type: ignore[attr-defined]
    rows = list(bills.values_list("due_date", "balance"))
    return OpenFigures(len(rows), sum(due < today for due, _balance in rows), sum_of(owed for _due, owed in rows))


def unbilled_visits(user: User, since: datetime) -> int:
    """Finished visits since then without a bill: for want of a fee, or waiting for the worker."""
    billed = Invoice.objects.filter(appointment=OuterRef("pk"))
    visits = Appointment.objects.visible_to(user).filter(status="checked_out", finished_at__gte=since)
    return visits.exclude(Exists(billed)).count()


@dataclass(frozen=True)
class Taken:
    """Money taken on a day, less what was taken back; US dollars by method."""

    by_method: Sequence[tuple[str, Decimal]]
    payments: int

    @property
    def total(self) -> Decimal:
        return sum_of(amount for _method, amount in self.by_method)


def taken_on(user: User, day: date, zone: ZoneInfo) -> Taken:
    """What this user may see of the payments between two midnights of this zone."""
    start = datetime.combine(day, datetime.min.time(), zone)
    end = datetime.combine(date.fromordinal(day.toordinal() + 1), datetime.min.time(), zone)
    how = Case(When(kind="reversal", then=F("reverses__method")), default=F("method"), output_field=CharField())
    ledger = LedgerEntry.objects.visible_to(user).payments().filter(entered_at__gte=start, entered_at__lt=end)
    sums = ledger.order_by().values(how=how).annotate(sum=Sum("amount"), number=Count("id", filter=Q(kind="payment")))
    found = {row["how"]: (-row["sum"], row["number"]) for row in sums}
    methods = [(str(method.label), found.get(method.value, (ZERO, 0))[0]) for method in LedgerEntry.Method]
    return Taken(methods, sum(number for _sum, number in found.values()))
