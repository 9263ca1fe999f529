"""A bill as a document, for the worker that makes a PDF of it."""

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from billing.models import Invoice, InvoiceLine, VisitCoverage
from billing.queries import visit_billed


def document_of(invoice: Invoice) -> str:
    """The bill as issued, as HTML: what was charged, and by when it is to be paid; never what was paid since."""
    lines = InvoiceLine.objects.filter(invoice=invoice).order_by("place")
    copies = VisitCoverage.objects.standing().filter(visit_billed(invoice)).order_by("priority")
    context: dict[str, Any] = {"invoice": invoice, "lines": list(lines), "patient": invoice.patient}
    context["copies"] = list(copies)
    with timezone.override(invoice.site.time_zone):
        return render_to_string("billing/document.html", context)
