"""Fees and bills. A factory's bill has its number, its line and its charge, as the database asks of every bill."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import factory
from psycopg.types.range import DateRange

from billing.models import Fee, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from billing.rules import invoice_number
from tests.factories.ground import Factory, PatientFactory, ProviderFactory, UserFactory
from tests.roles import as_the_system

__all__ = ["FeeFactory", "InvoiceFactory", "InvoiceLineFactory", "LedgerEntryFactory", "NumberSeriesFactory"]
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
        with as_the_system():
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
