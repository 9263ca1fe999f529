"""Whatever is charged, paid and taken back, in whatever order: the balance is the sum of the ledger, and never less
than nothing; numbers run without a gap; the status says what the ledger says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.actions import PaymentRefused, issue_invoice, reverse_payment, take_payment
from billing.models import Invoice, LedgerEntry
from billing.queries import account_of, bill_of
from healthcare.db.context import acting_as
from tests.billing.conftest import at_the_commit
from tests.factories import EncounterFactory, FeeFactory, PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 6, 15, 0, tzinfo=UTC)
STEPS = st.one_of(
    st.tuples(st.just("charge"), st.integers(0, 3)),
    st.tuples(st.just("pay"), st.integers(0, 5), st.integers(1, 20_000)),
    st.tuples(st.just("pay_rest"), st.integers(0, 5)),
    st.tuples(st.just("repeat"), st.integers(0, 9)),
    st.tuples(st.just("take_back"), st.integers(0, 9)),
)
FEES = ("90.00", "0.00", "142.35", "0.01")


class Desk:
    """The verbs, and beside them what any child would count with pocket money."""

    def __init__(self) -> None:
        self.patient = PatientFactory()
        self.clerk = staff("billing", self.patient.site)
        self.owed: dict[int, Decimal] = {}  # by the place of the bill
        self.bills: list[Invoice] = []
        self.paid: list[tuple[int, LedgerEntry]] = []
        self.back: set[int] = set()
        self.now = START

    def take(self, step: tuple) -> None:
        self.now += timedelta(minutes=1)
        getattr(self, step[0])(*step[1:])

    def charge(self, which: int) -> None:
        FeeFactory(code=f"kind-{len(self.bills)}", amount=Decimal(FEES[which]))
        encounter = EncounterFactory(
            patient=self.patient, site=self.patient.site, status="finished", started_at=START, finished_at=START
        )
        with as_the_system(), pytest.MonkeyPatch.context() as patch, at_the_commit():
            patch.setattr("billing.rules.money.VISIT", f"kind-{len(self.bills)}")
            self.bills.append(issue_invoice(by=None, encounter_id=encounter.pk, now=self.now))
        self.owed[len(self.bills) - 1] = Decimal(FEES[which])

    def pay(self, place: int, amount: int) -> None:
        self.give(place, Decimal(amount) / 100)

    def pay_rest(self, place: int) -> None:
        if self.bills:
            self.give(place, self.owed[place % len(self.bills)])

    def give(self, place: int, amount: Decimal) -> None:
        if not self.bills:
            return
        place %= len(self.bills)
        fits = 0 < amount <= self.owed[place]
        key = f"key-{len(self.paid)}"
        try:
            with acting_as(self.clerk), at_the_commit():
                entry = take_payment(
                    by=self.clerk,
                    invoice=self.bills[place],
                    amount=amount,
                    method=LedgerEntry.Method.CASH,
                    idempotency_key=key,
                    now=self.now,
                )
        except PaymentRefused:
            assert not fits, f"{amount} fits into {self.owed[place]}"
            return
        assert fits
        self.paid.append((place, entry))
        self.owed[place] -= amount

    def repeat(self, which: int) -> None:
        """Somebody presses the button again."""
        if self.paid:
            place, entry = self.paid[which % len(self.paid)]
            with acting_as(self.clerk), at_the_commit():
                again = take_payment(
                    by=self.clerk,
                    invoice=self.bills[place],
                    amount=-entry.amount,
                    method=LedgerEntry.Method.CASH,
                    idempotency_key=entry.idempotency_key or "",
                    now=self.now,
                )
            assert again.pk == entry.pk

    def take_back(self, which: int) -> None:
        if self.paid:
            which %= len(self.paid)
            place, entry = self.paid[which]
            with acting_as(self.clerk), at_the_commit():
                reverse_payment(by=self.clerk, entry=entry, reason=LedgerEntry.Reason.MISTAKE, now=self.now)
            if which not in self.back:
                self.back.add(which)
                self.owed[place] -= entry.amount

    def agrees(self) -> None:
        with acting_as(self.clerk):
            account = account_of(self.clerk, self.patient)
            assert account.balance == sum(self.owed.values(), Decimal(0))
            assert [move.entry.amount for move in account.movements] == [
                entry.amount for entry in LedgerEntry.objects.visible_to(self.clerk).order_by("-entered_at", "-id")
            ]
            if account.movements:
                assert account.movements[-1].balance == account.movements[-1].entry.amount
            for place, invoice in enumerate(self.bills):
                bill = bill_of(self.clerk, self.patient, invoice.pk)
                assert bill is not None
                assert bill.balance == self.owed[place] >= 0
                assert bill.invoice.status == ("issued" if self.owed[place] else "settled")
                assert bill.invoice.total == sum(line.amount for line in bill.lines)
            assert [invoice.sequence for invoice in self.bills] == list(range(1, len(self.bills) + 1))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_the_balance_is_the_sum_of_the_ledger(db, steps) -> None:
    from django.db import transaction

    with transaction.atomic():
        desk = Desk()
        for step in [("charge", 0), *steps]:
            desk.take(step)
            desk.agrees()
        transaction.set_rollback(True)
