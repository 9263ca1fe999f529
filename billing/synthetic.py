"""Invented bills: of every visit since the clinic began to bill here, with what was paid of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from psycopg.types.range import DateRange

from billing import rules
from billing.demo import BY_LENGTH, OTHER_FEES
from billing.models import Fee, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from billing.rules import CHARGED_ENTRIES, Line, Price
from healthcare.accounts.models import Membership
from patients.synthetic import NULL
from patients.synthetic.copying import Keys, Sheets, laid_open
from patients.synthetic.plan import Plan, milliseconds, new, on_the_clock
from records.models import Encounter
from scheduling.models import VisitType

BEGAN = 120  # days ago; longer than the job looks back that bills what has no bill
MOST = 5_000
PAID, PART = 0.72, 0.82  # of the bills up to here are paid, then in part; the rest is open
COLUMNS = {
    Invoice: "patient_id series sequence number encounter_id appointment_id site_id provider_id visit_date issued_at"
    " due_date total status settled_at",
    InvoiceLine: "patient_id invoice_id place code description quantity unit_price amount",
    LedgerEntry: "patient_id kind amount invoice_id entered_at entered_by_id method source idempotency_key",
    NumberSeries: "name last",
}
# What was charged for in each visit, without the parts of panels.
CHARGED = """SELECT encounter_id, kind, count(*) FROM records_entry
WHERE encounter_id = ANY (%s) AND kind = ANY (%s) AND parent_id IS NULL GROUP BY 1, 2"""
WRONG = """WITH line AS (SELECT invoice_id, sum(amount) AS total FROM billing_invoiceline GROUP BY 1),
ledger AS (SELECT invoice_id, sum(amount) AS balance, sum(amount) FILTER (WHERE kind = 'charge') AS charged
    FROM billing_ledgerentry GROUP BY 1)
SELECT EXISTS (SELECT 1 FROM billing_invoice i LEFT JOIN line ON line.invoice_id = i.id
    LEFT JOIN ledger ON ledger.invoice_id = i.id
    WHERE (i.total = line.total AND i.total = ledger.charged AND ledger.balance >= 0
        AND (i.status = 'issued') = (ledger.balance > 0)) IS NOT TRUE)"""
SKIPPED = """SELECT EXISTS (SELECT 1 FROM (SELECT series, count(*) AS n, max(sequence) AS last, min(sequence) AS first
    FROM billing_invoice GROUP BY 1) AS s FULL JOIN billing_numberseries n ON n.name = s.series
    WHERE (s.n = s.last AND s.last = n.last AND s.first = 1) IS NOT TRUE)"""


@dataclass(frozen=True)
class Visit:
    """A finished visit to bill."""

    encounter: UUID
    patient: UUID
    appointment: UUID
    provider: UUID
    site: UUID
    started_at: datetime
    finished_at: datetime
    visit_type: str


@dataclass
class Desk:
    """Where bills are written: prices, who takes money at which site, and the last number of each year."""

    plan: Plan
    keys: Keys
    sheets: Sheets
    prices: dict[str, Price]
    cashiers: dict[UUID, UUID]
    numbers: dict[str, int] = field(default_factory=dict)


def load(plan: Plan) -> None:
    """Set prices, bill in the order in which the visits ended, and take what was paid."""
    keys = plan.keys("billing")
    prices = _prices(plan, keys)
    cashiers = dict(Membership.objects.filter(role="front_desk").order_by("-user__email").values_list("site", "user"))
    found = Encounter.objects.filter(status="finished", finished_at__gte=plan.ago(BEGAN)).order_by("finished_at", "pk")
    with (
        plan.bar("bills", found.count()) as bar,
        laid_open(*COLUMNS, tally=plan.tally),
        Sheets(COLUMNS, plan.tally) as sheets,
    ):
        desk = Desk(plan, keys, sheets, prices, cashiers)
        for batch in sheets.batches(_visits(found), MOST, reads=True):
            for visit, counted in batch:
                charged = rules.charged_codes(visit.visit_type, counted)
                _write(desk, visit, rules.lines_of(charged, prices))
            bar.update(len(batch))
        for name, last in desk.numbers.items():
            at = {"created_at": plan.now, "updated_at": plan.now}
            sheets.add(NumberSeries(id=new(keys, plan.now), name=name, last=last, **at))


def check(plan: Plan) -> Iterator[tuple[str, bool]]:
    """What the triggers hold of each bill, of all of them at once."""
    billed = Encounter.objects.filter(status="finished", finished_at__gte=plan.ago(BEGAN)).count()
    yield "every visit since then has its bill", Invoice.objects.count() == billed
    with connection.cursor() as cursor:
        cursor.execute(WRONG)
        yield "bills, lines and ledger add up", not cursor.fetchone()[0]
        cursor.execute(SKIPPED)
        yield "no number is skipped", not cursor.fetchone()[0]


def _prices(plan: Plan, keys: Keys) -> dict[str, Price]:
    """As in the sample clinic."""
    said = [
        (kind.slug, f"{kind.name}, {kind.minutes} minutes", next(p for most, p in BY_LENGTH if kind.minutes <= most))
        for kind in VisitType.objects.order_by("slug")
    ]
    since = DateRange(plan.ago(1600).date(), None)
    found = {code: Price(code, words, Decimal(amount)) for code, words, amount in (*said, *OTHER_FEES)}
    Fee.objects.bulk_create(Fee(id=new(keys, plan.ago(1600)), validity=since, **vars(row)) for row in found.values())
    return found


def _visits(found: QuerySet[Encounter]) -> Iterator[tuple[Visit, dict[str, int]]]:
    """Each with how many entries of what kind it is charged for, asked for many visits at once."""
    rows = found.values_list(
        "pk",
        "patient",
        "appointment",
        "provider",
        "site",
        "started_at",
        "finished_at",
        "appointment__visit_type__slug",
    ).iterator(chunk_size=MOST)
    while batch := [Visit(*row) for row in islice(rows, MOST)]:  # type: ignore[arg-type]
        counted: dict[UUID, dict[str, int]] = {}
        with connection.cursor() as cursor:
            cursor.execute(CHARGED, [[visit.encounter for visit in batch], list(CHARGED_ENTRIES)])
            for encounter, kind, number in cursor.fetchall():
                counted.setdefault(encounter, {})[kind] = number
        yield from ((visit, counted.get(visit.encounter, {})) for visit in batch)


def _write(desk: Desk, visit: Visit, lines: list[Line]) -> None:
    keys, at = desk.keys, visit.finished_at
    made, today = milliseconds(at), on_the_clock(at).date()
    key, when, series = keys.key(made), at.isoformat(), str(today.year)
    sequence = desk.numbers[series] = desk.numbers.get(series, 0) + 1
    total = rules.sum_of(line.amount for line in lines)
    status, settled = _pay(desk, visit, key, total)
    desk.sheets[Invoice].append(
        f"{key}\t{when}\t{when}\t{visit.patient}\t{series}\t{sequence}\t{rules.invoice_number(series, sequence)}"
        f"\t{visit.encounter}\t{visit.appointment}\t{visit.site}\t{visit.provider}\t{_day(visit)}\t{when}"
        f"\t{rules.due_date(today)}\t{total}\t{status}\t{settled}"
    )
    for place, line in enumerate(lines, start=1):
        desk.sheets[InvoiceLine].append(
            f"{keys.key(made)}\t{when}\t{when}\t{visit.patient}\t{key}\t{place}\t{line.code}\t{line.description}"
            f"\t{line.quantity}\t{line.unit_price}\t{line.amount}"
        )


def _day(visit: Visit) -> date:
    return on_the_clock(visit.started_at).date()


def _pay(desk: Desk, visit: Visit, key: str, total: Decimal) -> tuple[str, str]:
    """The charge, and what was paid by now; returns the bill's status and since when it is settled."""
    _enter(desk, visit, key, visit.finished_at, f"charge\t{total}", f"{NULL}\t\trecords.encounter:{visit.encounter}")
    chance = desk.keys.random()
    paid_at = visit.finished_at + timedelta(days=desk.keys.expovariate(0.1))
    if chance > PART or paid_at > desk.plan.now:
        return "issued", NULL
    amount = total if chance < PAID else rules.cents(total / 4)
    method = desk.keys.choice(("card", "card", "cash", "check"))
    _enter(desk, visit, key, paid_at, f"payment\t{-amount}", f"{desk.cashiers[visit.site]}\t{method}\t")
    return ("settled", paid_at.isoformat()) if amount == total else ("issued", NULL)


def _enter(desk: Desk, visit: Visit, invoice: str, at: datetime, what: str, by: str) -> None:
    """A line of the ledger; `what` is kind and amount, `by` whoever entered it, how it was paid and what it came of."""
    when = at.isoformat()
    desk.sheets[LedgerEntry].append(
        f"{desk.keys.key(milliseconds(at))}\t{when}\t{when}\t{visit.patient}\t{what}\t{invoice}\t{when}\t{by}\t{NULL}"
    )
