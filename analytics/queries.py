"""What the dashboard shows: sums over counted days, and which days wait to be counted."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Min, QuerySet, Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from analytics.models import MedicineDay, MoneyDay, PatientDay, RollUp, VisitDay, WaitDay
from analytics.rules import (
    LEAST,
    Period,
    percentile,
    period_of,
    safe_cell,
    shown,
    shown_beside_total,
    shown_rate,
)
from billing.models import LedgerEntry
from healthcare.accounts.models import Site, User
from healthcare.ui.money import amount_text
from patients.models import Patient
from scheduling.models import Appointment

AGAIN = 7  # days that are counted anew: visits are closed and payments noted after the day
STALE = timedelta(hours=20)
MOST_PROVIDERS = 50
RESEARCHER = "researcher"
MILLION = Decimal(1_000_000)
Number = int | None  # None is too few to show


# == Which days wait ==
def last_whole_day(now: datetime) -> date:
    """The newest day that is over at every site."""
    zones = set(Site.objects.order_by().values_list("time_zone", flat=True)) or {"UTC"}
    return min(now.astimezone(ZoneInfo(zone)).date() for zone in zones) - timedelta(days=1)


def days_to_count(now: datetime) -> list[date]:
    """Days up to yesterday that were never counted, and those of the last week not counted for most of a day."""
    last, first = last_whole_day(now), _first_day()
    if first is None or first > last:
        return []
    counted = dict(RollUp.objects.filter(day__gte=first).order_by().values_list("day", "counted_at"))
    again = last - timedelta(days=AGAIN - 1)
    every = (first + timedelta(days=passed) for passed in range((last - first).days + 1))
    return [day for day in every if day not in counted or (day >= again and now - counted[day] > STALE)]


def _first_day() -> date | None:
    """Where the clinic's history begins, a day early for the zones; for the system."""
    found = [
        Patient.objects.aggregate(first=Min("created_at"))["first"],
        Appointment.objects.aggregate(first=Min("during__startswith"))["first"],
        LedgerEntry.objects.aggregate(first=Min("entered_at"))["first"],
    ]
    moments = [moment for moment in found if moment is not None]
    return min(moments).date() - timedelta(days=1) if moments else None


# == What is asked ==
@dataclass(frozen=True)
class Wanted:
    """`period` is week, month, quarter or year; `last` the newest counted day; without a site all of them."""

    period: str
    last: date
    counted_at: datetime
    site: Site | None = None

    @property
    def days(self) -> Period:
        return period_of(self.period, self.last)


def newest_count() -> tuple[date, datetime] | None:
    """The newest day that is counted, and when it was."""
    found = RollUp.objects.order_by("-day").values_list("day", "counted_at").first()
    return (found[0], found[1]) if found else None


def least_for(user: User) -> int:
    """The smallest count this reader is shown: researchers see no group of fewer than five."""
    return LEAST if user.acting_role == RESEARCHER else 1


# == What is shown ==
@dataclass(frozen=True)
class Totals:
    """Sums of a period; None where too few to show. Money in US dollars, waits in whole minutes."""

    finished: Number
    booked: Number
    missed_rate: float | None
    wait: Number
    long_wait: Number
    registered: Number
    invoices: Number
    charged: Decimal | None
    paid: Decimal | None
    ready: Number
    not_collected_rate: float | None


@dataclass(frozen=True)
class ProviderRow:
    name: str
    finished: Number
    missed_rate: float | None
    wait: Number


@dataclass(frozen=True)
class BucketRow:
    """A day or a week by its first day."""

    first: date
    finished: Number
    missed_rate: float | None
    charged: Decimal | None
    paid: Decimal | None


@dataclass(frozen=True)
class Dashboard:
    wanted: Wanted
    least: int
    totals: Totals
    before: Totals
    owed: Decimal
    buckets: Sequence[BucketRow]
    providers: Sequence[ProviderRow]
    more_providers: bool

    @property
    def hides(self) -> bool:
        """Whether this reader is not shown small groups."""
        return self.least > 1

    @property
    def hidden(self) -> str:
        """What stands for a count that is too few to show."""
        return f"<{self.least}"

    @property
    def tiles(self) -> list["Tile"]:
        return tiles_of(self)


@dataclass(frozen=True)
class Tile:
    """A number with what it means, and how it was before."""

    label: str
    figure: str
    means: str
    compared: str = ""
    at_home: bool = False


def tiles_of(board: Dashboard) -> list[Tile]:
    """The numbers of the period in the reader's words."""
    now, few = board.totals, _("not shown")
    rate = few if now.missed_rate is None else _("%(rate)s %%") % {"rate": number_format(now.missed_rate, 1)}
    wait = few if now.wait is None else _("%(minutes)d min") % {"minutes": now.wait}
    means_wait = _("from arrived to with the provider, middle value")
    if now.long_wait is not None:
        means_wait += "; " + _("1 in 10 over %(minutes)d") % {"minutes": now.long_wait}
    missed = _("of %(all)s booked and not cancelled") % {"all": _number(now.booked, board)}
    charged = _("bills: %(bills)s; paid: %(paid)s") % {
        "bills": _number(now.invoices, board),
        "paid": _money(now.paid),
    }
    never = now.not_collected_rate
    left = few if never is None else _("%(rate)s %%") % {"rate": number_format(never, 1)}
    means_left = _("of %(all)s first prescriptions whose days to be collected are over") % {
        "all": _number(now.ready, board)
    }
    done, new = _number(now.finished, board), _number(now.registered, board)
    return [
        Tile(_("Visits done"), done, _("reached checkout"), _compared(now.finished, board.before.finished), True),
        Tile(_("Did not come"), rate, missed, at_home=True),
        Tile(_("Wait to be seen"), wait, means_wait, at_home=True),
        Tile(_("New patients"), new, _("registered"), _compared(now.registered, board.before.registered), True),
        Tile(_("Never collected"), left, means_left),
        Tile(_("Charged"), _figure(now.charged), charged),
        Tile(_("Owed"), _figure(board.owed), _("in all, at the end of the last day counted")),
    ]


def _number(count: Number, board: Dashboard) -> str:
    return board.hidden if count is None else number_format(count, force_grouping=True)


def _money(value: Decimal | None) -> str:
    return _("not shown") if value is None else amount_text(value, sign="$")


def _figure(value: Decimal | None) -> str:
    """Whole dollars, from a million on in millions: a figure is read at a glance, the file has the cents."""
    if value is None:
        return _("not shown")
    if abs(value) >= MILLION:
        return _("$%(millions)s M") % {"millions": number_format(value / MILLION, 2)}
    return amount_text(value.quantize(Decimal(1)), sign="$").removesuffix(amount_text(Decimal(0))[1:])


def _compared(now: Number, before: Number) -> str:
    if now is None or before is None:
        return ""
    if now == before:
        return _("as many as in the time before")
    words = _("%(more)s more than in the time before") if now > before else _("%(more)s less than in the time before")
    return words % {"more": number_format(abs(now - before), force_grouping=True)}


def dashboard_of(wanted: Wanted, *, least: int) -> Dashboard:
    """Everything on the page, in a number of queries that does not grow with the period."""
    days = wanted.days
    both = Period(days.before.first, days.last)
    visits = _by_day(VisitDay, wanted, both, "finished", "booked", "missed")
    people = _by_day(PatientDay, wanted, both, "registered")
    money = _by_day(MoneyDay, wanted, days, "invoices", "charged", "paid")
    medicines = _sums(_by_day(MedicineDay, wanted, days, "ready", "not_collected"), days)
    waits = dict(_of(WaitDay, wanted, days).values_list("minutes").annotate(visits=Sum("visits")))
    owed = _at(MoneyDay.objects.filter(day__lte=wanted.last), wanted).aggregate(
        sum=Sum("charged") - Sum("paid") + Sum("adjusted")
    )["sum"]
    providers = _providers(wanted, least)
    return Dashboard(
        wanted=wanted,
        least=least,
        totals=_totals(_sums(visits, days) | _sums(people, days) | _sums(money, days) | medicines, waits, least),
        before=_totals(_sums(visits, days.before) | _sums(people, days.before), {}, least),
        owed=owed or Decimal("0.00"),
        buckets=_buckets(days, visits, money, least),
        providers=providers[:MOST_PROVIDERS],
        more_providers=len(providers) > MOST_PROVIDERS,
    )


ByDay = Mapping[date, Mapping[str, Any]]
Sums = defaultdict[str, Any]


def _at(rows: Any, wanted: Wanted) -> Any:
    return rows.filter(site=wanted.site) if wanted.site else rows


def _of(model: Any, wanted: Wanted, days: Period) -> QuerySet[Any]:
    rows: QuerySet[Any] = _at(model.objects.filter(day__range=(days.first, days.last)), wanted).order_by()
    return rows


def _by_day(model: Any, wanted: Wanted, days: Period, *names: str) -> ByDay:
    rows = _of(model, wanted, days).values("day").annotate(**{f"all_{name}": Sum(name) for name in names})
    return {row["day"]: {name: row[f"all_{name}"] for name in names} for row in rows}


def _sums(by_day: ByDay, days: Period) -> Sums:
    """Of the days of this period; what no day has is 0."""
    sums: Sums = defaultdict(int)
    for day, row in by_day.items():
        if days.first <= day <= days.last:
            for name, value in row.items():
                sums[name] += value
    return sums


def _totals(sums: Sums, waits: Mapping[int, int], least: int) -> Totals:
    few_waits = shown(sum(waits.values()), least) is None
    few_bills = shown(sums["invoices"], least) is None
    return Totals(
        finished=shown(sums["finished"], least),
        booked=shown(sums["booked"], least),
        missed_rate=shown_rate(sums["missed"], sums["booked"], least),
        wait=None if few_waits else percentile(waits, 0.5),
        long_wait=None if few_waits else percentile(waits, 0.9),
        registered=shown(sums["registered"], least),
        invoices=shown(sums["invoices"], least),
        charged=None if few_bills else Decimal(sums["charged"]),
        paid=None if few_bills else Decimal(sums["paid"]),
        ready=shown(sums["ready"], least),
        not_collected_rate=shown_rate(sums["not_collected"], sums["ready"], least),
    )


def _buckets(days: Period, visits: ByDay, money: ByDay, least: int) -> list[BucketRow]:
    sums = [
        (first, _sums(visits, bucket) | _sums(money, bucket))
        for first in days.buckets()
        for bucket in [Period(first, first + timedelta(days=days.bucket - 1))]
    ]
    finished = shown_beside_total([each["finished"] for _first, each in sums], least)
    rows = []
    for (first, each), done in zip(sums, finished, strict=True):
        few_bills = shown(each["invoices"], least) is None
        rows.append(
            BucketRow(
                first=first,
                finished=done,
                missed_rate=shown_rate(each["missed"], each["booked"], least),
                charged=None if few_bills else Decimal(each["charged"]),
                paid=None if few_bills else Decimal(each["paid"]),
            )
        )
    return rows


def _providers(wanted: Wanted, least: int) -> list[ProviderRow]:
    """The busiest first; one more than are shown, so that the page can say that there are more."""
    sums = _of(VisitDay, wanted, wanted.days).values("provider_id", "provider__name")
    sums = sums.annotate(done=Sum("finished"), all=Sum("booked"), no_shows=Sum("missed"))
    busiest = list(sums.order_by("-done", "provider__name", "provider_id")[: MOST_PROVIDERS + 1])
    waits: dict[UUID, dict[int, int]] = defaultdict(dict)
    waited = _of(WaitDay, wanted, wanted.days).filter(provider__in=[row["provider_id"] for row in busiest])
    for provider_id, minutes, visits in waited.values_list("provider_id", "minutes").annotate(visits=Sum("visits")):
        waits[provider_id][minutes] = visits
    finished = shown_beside_total([row["done"] for row in busiest], least)
    return [
        ProviderRow(
            name=row["provider__name"],
            finished=done,
            missed_rate=shown_rate(row["no_shows"], row["all"], least),
            wait=_middle(waits[row["provider_id"]], least),
        )
        for row, done in zip(busiest, finished, strict=True)
    ]


def _middle(waits: Mapping[int, int], least: int) -> Number:
    return None if shown(sum(waits.values()), least) is None else percentile(waits, 0.5)


# == As rows of text, for a file ==
def provider_table(dashboard: Dashboard) -> list[list[str]]:
    head = [_("Provider"), _("Visits done"), _("Did not come, %"), _("Wait, minutes (middle value)")]
    return [head] + [
        [safe_cell(row.name), _cell(row.finished, dashboard), _rate(row.missed_rate), _plain(row.wait)]
        for row in dashboard.providers
    ]


def bucket_table(dashboard: Dashboard) -> list[list[str]]:
    head = [_("From"), _("Visits done"), _("Did not come, %"), _("Charged, US dollars"), _("Paid, US dollars")]
    return [head] + [
        [
            row.first.isoformat(),
            _cell(row.finished, dashboard),
            _rate(row.missed_rate),
            _plain(row.charged),
            _plain(row.paid),
        ]
        for row in dashboard.buckets
    ]


TABLES: Mapping[str, Callable[[Dashboard], list[list[str]]]] = {"providers": provider_table, "days": bucket_table}


def _cell(number: Number, dashboard: Dashboard) -> str:
    return f"<{dashboard.least}" if number is None else str(number)


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.1f}"


def _plain(number: object) -> str:
    return "" if number is None else str(number)
