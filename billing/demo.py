"""The money of the sample clinic: prices, the bills of past visits, and what was paid, the same for one seed."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from billing.actions import issue_invoice, reverse_payment, set_fee, take_payment
from billing.models import Fee, Invoice, LedgerEntry
from billing.queries import unbilled_encounters
from billing.rules import VISIT
from healthcare.accounts.models import Membership, User
from healthcare.db.context import acting_as, acting_as_system
from records.models import Encounter
from scheduling.models import VisitType

SEED = 20
LONG_AGO = timedelta(days=100)
MOST_BILLS = 400
# Up to so many minutes, US dollars.
BY_LENGTH = ((15, "68.00"), (20, "95.00"), (30, "142.00"), (45, "185.00"), (60, "240.00"))
OTHER_FEES = (
    (VISIT, "Office visit without appointment", "110.00"),
    ("laboratory", "Laboratory test", "19.50"),
    ("immunization", "Vaccine and its administration", "42.75"),
)
Method = LedgerEntry.Method
# Bills are issued here; the job that prints what has no document prints them.
SETTLED = ("billing.subscribers.bill_visit", "billing.subscribers.print_bill")


def tell() -> None:
    """Set prices, bill every visit that is finished, and let most of it be paid. Once."""
    now = timezone.now()
    with acting_as_system("demo"):
        if Fee.objects.exists():
            return
        set_fees(timezone.localdate(now) - timedelta(days=730))
        desks = memberships("front_desk")
    rng = random.Random(SEED)  # noqa: S311  a story, not a secret
    with acting_as_system("demo"):
        bills = [bill for key in unbilled_encounters(now - LONG_AGO, MOST_BILLS) if (bill := issue(key, now))]
    for place, bill in enumerate(bills):
        settle(bill, desks.get(bill.site_id, []), place, now, rng)


def set_fees(since: date) -> None:
    for kind in VisitType.objects.order_by("slug"):
        amount = next((price for minutes, price in BY_LENGTH if kind.minutes <= minutes), BY_LENGTH[-1][1])
        words = f"{kind.name}, {kind.minutes} minutes"
        set_fee(by=None, code=kind.slug, description=words, amount=Decimal(amount), from_date=since)
    for code, words, amount in OTHER_FEES:
        set_fee(by=None, code=code, description=words, amount=Decimal(amount), from_date=since)


def memberships(role: str) -> dict[UUID, list[User]]:
    """Who works in this role now, by site."""
    found: dict[UUID, list[User]] = {}
    for row in Membership.objects.current().filter(role=role).select_related("user").order_by("user__email"):
        found.setdefault(row.site_id, []).append(row.user)
    return found


def issue(encounter_id: UUID, now: datetime) -> Invoice | None:
    """On the evening of the visit, as the worker would have."""
    finished = Encounter.objects.get(pk=encounter_id).finished_at or now
    return issue_invoice(by=None, encounter_id=encounter_id, now=min(finished + timedelta(hours=2), now))


def settle(bill: Invoice, desks: list[User], place: int, now: datetime, rng: random.Random) -> None:
    """Half of the bills are paid, some of them today; a fifth in part; the rest waits."""
    chance = rng.random()
    if not desks or not bill.total or chance > 0.7:
        return
    desk = rng.choice(desks).in_role("front_desk")
    amount = bill.total if chance < 0.5 else Decimal(rng.choice(("20.00", "25.00", "40.00")))
    paid_at = now if place % 9 == 0 else min(bill.issued_at + timedelta(days=rng.randint(0, 12), hours=1), now)
    with acting_as(desk):
        entry = take_payment(
            by=desk,
            invoice=bill,
            amount=amount,
            method=rng.choice((Method.CARD, Method.CARD, Method.CASH, Method.CHECK)),
            idempotency_key=f"demo-{bill.number}",
            now=paid_at,
        )
        if entry.method == Method.CHECK and rng.random() < 0.3:
            reverse_payment(by=desk, entry=entry, reason=LedgerEntry.Reason.CHECK_RETURNED, now=now)
