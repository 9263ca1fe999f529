"""Fees, bills and who pays. A factory's bill has its number, line and charge, as the database asks of every bill."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import factory
from psycopg.types.range import DateRange

from billing.models import (
    Coverage,
    EligibilityCheck,
    Fee,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    NumberSeries,
    Payer,
    Plan,
    PlanTerms,
    UnbilledVisit,
    VisitCoverage,
)
from billing.rules import invoice_number
from tests.factories.ground import Factory, PatientFactory, ProviderFactory, UserFactory
from tests.factories.scheduling import AppointmentFactory

__all__ = [
    "CoverageFactory",
    "EligibilityCheckFactory",
    "FeeFactory",
    "InvoiceFactory",
    "InvoiceLineFactory",
    "LedgerEntryFactory",
    "NumberSeriesFactory",
    "PayerFactory",
    "PlanFactory",
    "PlanTermsFactory",
    "UnbilledVisitFactory",
    "VisitCoverageFactory",
]
ISSUED = datetime(2026, 11, 6, 15, 0, tzinfo=UTC)


class FeeFactory(Factory):
    class Meta:
        model = Fee

    code = factory.Sequence(lambda n: f"visit-type-{n}")
    description = "Office visit, 30 minutes"
    amount = Decimal("142.00")
    validity = DateRange(date(2020, 1, 1), None)


class NumberSeriesFactory(Factory):
    """A series comes with the first invoice of its year: this makes both, and gives back the series."""

    class Meta:
        model = NumberSeries

    name = "2026"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        InvoiceFactory(series=kwargs["name"])
        return NumberSeries.objects.get(name=kwargs["name"])


class InvoiceFactory(Factory):
    """An open bill over its total; with a `status` of settled, paid in cash."""

    class Meta:
        model = Invoice

    patient = factory.SubFactory(PatientFactory)
    series = "2026"
    site = factory.LazyAttribute(lambda invoice: invoice.patient.site)
    provider = factory.SubFactory(ProviderFactory)
    visit_date = date(2026, 11, 3)
    issued_at = ISSUED
    due_date = date(2026, 12, 6)
    total = Decimal("142.00")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        settled = kwargs.pop("status", "issued") == "settled"
        kwargs["sequence"] = NumberSeries.objects.take(kwargs["series"])
        kwargs["number"] = invoice_number(kwargs["series"], kwargs["sequence"])
        if settled:
            kwargs |= {"status": "settled", "settled_at": kwargs["issued_at"]}
        invoice = model_class(**kwargs)
        invoice.save(force_insert=True)
        of = {"patient_id": invoice.patient_id, "invoice": invoice}
        words = {"code": "visit", "description": "Office visit, 30 minutes"}
        line = InvoiceLine(place=1, unit_price=invoice.total, amount=invoice.total, **words, **of)
        line.save(force_insert=True)
        at = {"entered_at": invoice.issued_at}
        if invoice.total:
            LedgerEntry(kind="charge", amount=invoice.total, **at, **of).save(force_insert=True)
        if settled and invoice.total:
            paid = LedgerEntry(kind="payment", amount=-invoice.total, method="cash", **at, **of)
            paid.entered_by = UserFactory()
            paid.save(force_insert=True)
        return invoice


class InvoiceLineFactory(Factory):
    """A second line that costs nothing, so that the bill still adds up."""

    class Meta:
        model = InvoiceLine

    invoice = factory.SubFactory(InvoiceFactory)
    patient = factory.LazyAttribute(lambda line: line.invoice.patient)
    place = 2
    code = "form"
    description = "School form"
    unit_price = Decimal("0.00")
    amount = Decimal("0.00")


class LedgerEntryFactory(Factory):
    """A payment of ten dollars in cash towards an open bill."""

    class Meta:
        model = LedgerEntry

    invoice = factory.SubFactory(InvoiceFactory)
    patient = factory.LazyAttribute(lambda entry: entry.invoice.patient)
    kind = "payment"
    amount = Decimal("-10.00")
    method = "cash"
    entered_at = ISSUED
    entered_by = factory.SubFactory(UserFactory)


# == Who pays ==
class PayerFactory(Factory):
    class Meta:
        model = Payer

    name = factory.Sequence(lambda n: f"Hartwell Mutual {n}")
    number = "60054"


class PlanFactory(Factory):
    """A plan with terms since 2020: a copay of 25 dollars."""

    class Meta:
        model = Plan

    payer = factory.SubFactory(PayerFactory)
    name = "Gold PPO"
    kind = "ppo"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        without_terms = kwargs.pop("without_terms", False)
        plan = super()._create(model_class, *args, **kwargs)
        if not without_terms:
            PlanTermsFactory(plan=plan)
        return plan


class PlanTermsFactory(Factory):
    class Meta:
        model = PlanTerms

    plan = factory.SubFactory(PlanFactory, without_terms=True)
    validity = DateRange(date(2020, 1, 1), None)
    copay = Decimal("25.00")
    deductible = Decimal("500.00")


class CoverageFactory(Factory):
    """The patient's own card, asked first, of the year 2026 and on."""

    class Meta:
        model = Coverage

    patient = factory.SubFactory(PatientFactory)
    plan = factory.SubFactory(PlanFactory)
    priority = 1
    member_id = "XQH 884 201 557"
    validity = DateRange(date(2026, 1, 1), None)
    entered_by = factory.SubFactory(UserFactory)


class VisitCoverageFactory(Factory):
    """What counted when the patient came."""

    class Meta:
        model = VisitCoverage

    coverage = factory.SubFactory(CoverageFactory)
    patient = factory.LazyAttribute(lambda copy: copy.coverage.patient)
    appointment = factory.LazyAttribute(lambda copy: AppointmentFactory(patient=copy.patient))
    service_date = date(2026, 11, 3)
    priority = 1
    member_id = factory.LazyAttribute(lambda copy: copy.coverage.member_id)
    payer_name = factory.LazyAttribute(lambda copy: copy.coverage.plan.payer.name)
    plan_name = factory.LazyAttribute(lambda copy: copy.coverage.plan.name)
    validity = factory.LazyAttribute(lambda copy: copy.coverage.validity)
    taken_at = ISSUED


class EligibilityCheckFactory(Factory):
    """Asked, and not answered yet."""

    class Meta:
        model = EligibilityCheck

    coverage = factory.SubFactory(CoverageFactory)
    patient = factory.LazyAttribute(lambda check: check.coverage.patient)
    service_date = date(2026, 11, 3)
    asked_at = ISSUED
    asked_by = factory.SubFactory(UserFactory)


class UnbilledVisitFactory(Factory):
    class Meta:
        model = UnbilledVisit

    appointment = factory.SubFactory(AppointmentFactory)
    patient = factory.LazyAttribute(lambda row: row.appointment.patient)
    finished_at = ISSUED
