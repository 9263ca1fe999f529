"""Prices, the bills of past visits, and what was paid of them, the same for one seed."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from billing.access import can_take_payment
from billing.actions import issue_invoice, note_unbilled, reverse_payment, set_fee, take_payment
from billing.models import Invoice, LedgerEntry
from billing.queries import unbilled_encounters
from billing.rules import VISIT
from healthcare.accounts.models import Membership, User
from healthcare.db.context import acting_as, acting_as_system
from records.models import Encounter
from scheduling.models import Appointment, VisitType

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


def tell_bills(now: datetime) -> None:
    """Bill every visit that is finished, and let most of it be paid."""
    with acting_as_system("demo"):
        desks = memberships("front_desk")
    rng = random.Random(SEED)  # noqa: S311  a story, not a secret
    with acting_as_system("demo"):
        bills = [bill for key in unbilled_encounters(now - LONG_AGO, MOST_BILLS) if (bill := issue(key, now))]
    for place, bill in enumerate(bills):
        settle(bill, desks.get(bill.site_id, []), place, now, rng)
    with acting_as_system("demo"):
        for visit in Appointment.objects.filter(status="checked_out", finished_at__gte=now - LONG_AGO).order_by("id"):
            note_unbilled(by=None, appointment_id=visit.pk, now=now)


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
        if not can_take_payment(desk, bill):  # a site whose desk leaves bills to another
            return
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
