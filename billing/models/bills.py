from decimal import Decimal
from typing import ClassVar, Self

from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from billing.models.prices import money
from billing.rules import ZERO
from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.db.models import BaseModel
from healthcare.db.privileges import READ, Access
from patients.models import PatientOwned, PatientOwnedQuerySet
from records.models import Encounter
from scheduling.models import Appointment

TAKE = """
INSERT INTO billing_numberseries (id, created_at, updated_at, name, last)
VALUES (%s, statement_timestamp(), statement_timestamp(), %s, 1)
ON CONFLICT (name) DO UPDATE SET last = billing_numberseries.last + 1, updated_at = statement_timestamp()
RETURNING last
"""


class NumberSeriesQuerySet(models.QuerySet["NumberSeries"]):
    def take(self, name: str) -> int:
        """The next number of this series, from 1. It is held until the transaction ends, and returned by a rollback.

        A trigger demands that the invoice with this number stands at the commit.
        """
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [NumberSeries().pk, name])
            return int(cursor.fetchone()[0])


class NumberSeries(BaseModel):
    """One row a year: the last number given out. Whoever issues waits for it, so that no number is skipped."""

    database_access: ClassVar[Access] = Access(web=READ, worker="SELECT, INSERT, UPDATE (last, updated_at)")

    name = models.CharField(max_length=10, unique=True, help_text=_("The year, on the calendar of the site."))
    last = models.PositiveIntegerField()

    objects = NumberSeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")


class InvoiceQuerySet(PatientOwnedQuerySet):
    def open(self) -> Self:
        """Something is owed."""
        return self.filter(status="issued")

    def doubted(self) -> Self:
        """Something is owed for a visit that was entered in error."""
        return self.filter(status="issued", doubted_at__isnull=False)

    def with_balance(self) -> Self:
        """`balance`: the sum of the invoice's ledger entries in US dollars."""
        entries = LedgerEntry.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
        return self.annotate(balance=Coalesce(Subquery(entries.annotate(sum=Sum("amount")).values("sum")), ZERO))


class Invoice(PatientOwned):
    """A bill as it was issued: nothing on it changes but whether it is paid. What is owed is the sum of its ledger."""

    class Status(models.TextChoices):
        ISSUED = "issued", _("Open")
        SETTLED = "settled", _("Paid")
        VOID = "void", _("Void")

    scope: ClassVar[Scope] = Scope.BILLING
    database_access: ClassVar[Access] = Access(
        web="SELECT, UPDATE (status, settled_at, updated_at)",
        worker="SELECT, INSERT, UPDATE (status, settled_at, document, doubted_at, updated_at)",
    )

    series = models.CharField(max_length=10)
    sequence = models.PositiveIntegerField()
    number = models.CharField(_("number"), max_length=20, unique=True)
    encounter = models.ForeignKey(Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", verbose_name=_("provider"))
    visit_date = models.DateField(_("visit"), help_text=_("On the calendar of the site."))
    issued_at = models.DateTimeField()
    due_date = models.DateField(_("pay by"))
    total = money()
    status = models.CharField(max_length=8, choices=Status, default=Status.ISSUED)
    settled_at = models.DateTimeField(null=True, blank=True)
    document = models.UUIDField(null=True, blank=True, help_text=_("The stored object with the bill as PDF."))
    doubted_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when its visit was entered in error."))

    objects = InvoiceQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("invoice")
        indexes = [
            models.Index(fields=["patient", "-id"], name="invoice_by_patient"),
            models.Index(fields=["due_date", "id"], condition=Q(status="issued"), name="invoice_open_by_due_date"),
            models.Index(
                fields=["due_date", "id"],
                condition=Q(status="issued", doubted_at__isnull=False),
                name="invoice_in_doubt_by_due_date",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["series", "sequence"], name="invoice_number_once"),
            models.UniqueConstraint(
                fields=["encounter"],
                condition=Q(encounter__isnull=False) & ~Q(status="void"),
                name="invoice_one_an_encounter",
            ),
            models.CheckConstraint(condition=Q(total__gte=0), name="invoice_total_not_negative"),
            models.CheckConstraint(
                condition=Q(status="settled", settled_at__isnull=False)
                | (~Q(status="settled") & Q(settled_at__isnull=True)),
                name="invoice_settled_says_when",
            ),
        ]


S = Invoice.Status
# From → to. A settled bill is open again when a payment is taken back.
MOVES: dict[str, frozenset[str]] = {
    S.ISSUED: frozenset({S.SETTLED, S.VOID}),
    S.SETTLED: frozenset({S.ISSUED}),
    S.VOID: frozenset(),
}


class InvoiceLine(PatientOwned):
    """One line of a bill: a copy of the fee as it was, which no later price changes."""

    scope: ClassVar[Scope] = Scope.BILLING
    database_access: ClassVar[Access] = Access(web=READ, worker="SELECT, INSERT")

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    place = models.PositiveSmallIntegerField(help_text=_("From 1, as printed."))
    code = models.CharField(max_length=60)
    description = models.CharField(max_length=120)
    quantity = models.PositiveSmallIntegerField(default=1)
    unit_price = money()
    amount = money()

    class Meta:
        verbose_name = _("invoice line")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "place"], name="invoice_line_one_a_place"),
            models.CheckConstraint(
                condition=Q(amount=F("quantity") * F("unit_price"), quantity__gte=1), name="invoice_line_adds_up"
            ),
        ]


class LedgerQuerySet(PatientOwnedQuerySet):
    def get_balance(self) -> Decimal:
        """The sum of these entries in US dollars: what is owed, or, below zero, held for the patient."""
        found = self.aggregate(sum=Sum("amount"))["sum"]
        return ZERO if found is None else found

    def payments(self) -> Self:
        """Payments, and what was taken back of them."""
        return self.filter(Q(kind="payment") | Q(kind="reversal", reverses__kind="payment"))


class LedgerEntry(PatientOwned):
    """Money owed (above zero) or no longer owed (below): added, never changed, never removed. A mistake is reversed."""

    class Kind(models.TextChoices):
        CHARGE = "charge", _("Charge")
        PAYMENT = "payment", _("Payment")
        ADJUSTMENT = "adjustment", _("Adjustment")
        REVERSAL = "reversal", _("Taken back")

    class Method(models.TextChoices):
        CASH = "cash", _("Cash")
        CARD = "card", _("Card at the desk")
        CHECK = "check", _("Check")

    class Reason(models.TextChoices):
        MISTAKE = "mistake", _("Entered by mistake")
        CHECK_RETURNED = "check_returned", _("The bank returned the check")
        CARD_REVERSED = "card_reversed", _("The card payment was reversed")

    scope: ClassVar[Scope] = Scope.BILLING
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    kind = models.CharField(max_length=10, choices=Kind)
    amount = money()
    invoice = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="entries")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=5, choices=Method, blank=True)
    reverses = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversal")
    reason = models.CharField(max_length=14, choices=Reason, blank=True)
    source = models.CharField(max_length=60, blank=True, help_text=_("What it came with, such as app.model:id."))
    idempotency_key = models.CharField(max_length=64, null=True, blank=True, editable=False)

    objects = LedgerQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes = [
            models.Index(fields=["patient", "-entered_at", "-id"], name="ledger_by_patient"),
            models.Index(fields=["entered_at"], name="ledger_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["entered_by", "idempotency_key"], name="ledger_once_a_key"),
            models.CheckConstraint(
                condition=Q(kind="charge", amount__gt=0)
                | Q(kind="payment", amount__lt=0)
                | (Q(kind__in=["adjustment", "reversal"]) & ~Q(amount=0)),
                name="ledger_signs",
            ),
            models.CheckConstraint(
                condition=(Q(kind="payment") & ~Q(method="")) | (~Q(kind="payment") & Q(method="")),
                name="ledger_payment_says_how",
            ),
            models.CheckConstraint(
                condition=(Q(kind="reversal", reverses__isnull=False) & ~Q(reason=""))
                | (~Q(kind="reversal") & Q(reverses__isnull=True, reason="")),
                name="ledger_reversal_says_of_what_and_why",
            ),
        ]

    @property
    def receipt(self) -> str:
        """What stands on the receipt and is read aloud over the phone."""
        return f"R-{self.pk.hex[-8:].upper()}"

    @property
    def given(self) -> Decimal:
        """Of a payment: what was handed over, above zero; of what was taken back: the same below zero."""
        return -self.amount
