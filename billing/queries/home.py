"""What stands on the home page of whoever takes money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from billing.models import Invoice, LedgerEntry, UnbilledVisit
from billing.rules import ZERO, sum_of
from healthcare.accounts.models import User
from healthcare.db.prepared import prepared

MOST_COUNTED = 1000  # a home page counts so far and then says "over"


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
    rows = _owed(user, MOST_COUNTED)
    return OpenFigures(len(rows), sum(due < today for due, _owed in rows), sum_of(owed for _due, owed in rows))


@prepared
def _owed(user: User, at_most: int) -> "QuerySet[Any, tuple[date, Decimal]]":
    """Day to pay, and what is owed. Charges make the total, so the walls are asked of what came after them alone."""
    after = LedgerEntry.objects.filter(invoice=OuterRef("pk")).exclude(kind="charge").order_by().values("invoice")
    paid = Coalesce(Subquery(after.annotate(sum=Sum("amount")).values("sum")), ZERO)
    bills: Any = Invoice.objects.visible_to(user).open().order_by("due_date", "id")
    return bills.annotate(owed=F("total") + paid).values_list("due_date", "owed")[:at_most]


def unbilled_visits(user: User, since: datetime) -> int:
    """Finished visits since then without a bill, for want of a fee or waiting for the worker; counted up to a thousand.

    Each has a row of its own while it lasts, so that no visit is held against the bills here.
    """
    return len(_unbilled(user, since, MOST_COUNTED))


@prepared
def _unbilled(user: User, since: datetime, at_most: int) -> "QuerySet[UnbilledVisit, datetime]":
    rows = UnbilledVisit.objects.visible_to(user).filter(finished_at__gte=since)
    return rows.order_by("finished_at").values_list("finished_at", flat=True)[:at_most]


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
    found = {how: (-amount, number) for how, amount, number in _sums_by_method(user, start, end)}
    methods = [(str(method.label), found.get(method.value, (ZERO, 0))[0]) for method in LedgerEntry.Method]
    return Taken(methods, sum(number for _sum, number in found.values()))


@prepared
def _sums_by_method(user: User, start: datetime, end: datetime) -> "QuerySet[Any, tuple[str, Decimal, int]]":
    how = Case(When(kind="reversal", then=F("reverses__method")), default=F("method"), output_field=CharField())
    ledger = LedgerEntry.objects.visible_to(user).payments().filter(entered_at__gte=start, entered_at__lt=end)
    sums: Any = ledger.order_by().annotate(how=how).values_list("how")
    return sums.annotate(sum=Sum("amount"), number=Count("id", filter=Q(kind="payment")))
