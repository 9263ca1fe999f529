"""The patient's pages: my bills in plain words, one bill, its PDF, and the insurance that the clinic knows of."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import queries
from healthcare.accounts.permissions import Scope
from healthcare.audit import record_now
from healthcare.storage.links import signed_link
from patients.doors import portal_page
from patients.models import Patient


@require_safe
@portal_page(Scope.BILLING)
def list_(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {
        "patient": patient,
        "account": queries.account_of(user, patient, statement=False),
        "today": timezone.localdate(),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "billing/portal_list.html", context)


@require_safe
@portal_page(Scope.BILLING)
def invoice(request: HttpRequest, patient: Patient, invoice_id: UUID) -> HttpResponse:
    user: Any = request.user
    bill = found(request, patient, invoice_id)
    context = {
        "patient": patient,
        "bill": bill,
        "invoice": bill.invoice,
        "copies": queries.copies_of_bill(user, bill.invoice),
        "today": timezone.localdate(),
        "print_subject": f"{patient.name}. {bill.invoice.number}.",
    }
    return render(request, "billing/portal_invoice.html", context)


@require_safe
@portal_page(Scope.BILLING)
def document(request: HttpRequest, patient: Patient, invoice_id: UUID) -> HttpResponse:
    user: Any = request.user
    bill = found(request, patient, invoice_id)
    if bill.invoice.document is None:
        raise Http404
    record_now("billing.open_document", by=user, patient_id=patient.pk, target=bill.invoice)
    return redirect(signed_link(bill.invoice.document))


@require_safe
@portal_page(Scope.BILLING)
def coverage(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {
        "patient": patient,
        "cards": queries.cards_of(user, patient, timezone.localdate()),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "billing/portal_coverage.html", context)


def found(request: HttpRequest, patient: Patient, invoice_id: UUID) -> queries.Bill:
    user: Any = request.user
    bill = queries.bill_of(user, patient, invoice_id)
    if bill is None:
        raise Http404
    return bill
