"""The pages of the staff about bills: what is owed, one bill, and the money that is taken for it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing import actions, queries
from billing.access import can_take_payment
from billing.doors import of_account
from billing.forms.payments import ListForm, PayForm, ReverseForm
from billing.models import LedgerEntry
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.audit import record_now
from healthcare.storage.links import signed_link
from healthcare.ui.money import amount_text
from patients.doors import chart_context
from patients.models import Patient
from patients.queries import sites_of

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "billing:account"


@require_safe
@requires(Permission.READ_BILLING)
def list_(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = ListForm(request.GET, sites=sites_of(user))
    today = timezone.localdate()
    context: dict[str, Any] = {"form": form, "page": None, "today": today, "next_url": "", "first_url": ""}
    if form.is_valid():
        after = form.cleaned_data["after"]
        page = actions.list_invoices(by=user, filters=form.filters(), today=today, after=after)
        context |= {"page": page, "filtered": form.filters() != queries.Filters()}
        context["next_url"] = address_of_list(request, page.after) if page.after else ""
        context["first_url"] = address_of_list(request, None) if after else ""
    return render(request, "billing/list.html", context, status=200 if form.is_valid() else 422)


def address_of_list(request: HttpRequest, after: UUID | None) -> str:
    kept = {name: value for name, value in request.GET.items() if name != "after" and value}
    return f"{reverse('billing:list')}?{urlencode(kept | ({'after': str(after)} if after else {}))}"


@require_safe
@of_account(Permission.READ_BILLING)
def account(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {"account": queries.account_of(user, patient), "today": timezone.localdate()}
    return render(request, "billing/account.html", chart_context(request, patient) | context)


@require_safe
@of_account(Permission.READ_BILLING)
def invoice(request: HttpRequest, patient: Patient, invoice_id: UUID) -> HttpResponse:
    user: Any = request.user
    bill = found(user, patient, invoice_id)
    form = PayForm.of(bill.balance) if may_pay(user, bill) else None
    return render(request, "billing/invoice.html", bill_context(request, patient, bill) | {"form": form})


@require_safe
@of_account(Permission.READ_BILLING)
def document(request: HttpRequest, patient: Patient, invoice_id: UUID) -> HttpResponse:
    """To the PDF, by a link that opens it for this person within a minute."""
    user: Any = request.user
    bill = found(user, patient, invoice_id)
    if bill.invoice.document is None:
        raise Http404
    record_now("billing.open_document", by=user, patient_id=patient.pk, target=bill.invoice)
    return redirect(signed_link(bill.invoice.document))


@require_http_methods(READ_AND_WRITE)
@of_account(Permission.TAKE_PAYMENT)
def pay(request: HttpRequest, patient: Patient, invoice_id: UUID) -> HttpResponse:
    user: Any = request.user
    bill = found(user, patient, invoice_id)
    form = PayForm(request.POST) if request.method == "POST" else PayForm.of(bill.balance)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            entry = actions.take_payment(
                by=user,
                invoice=bill.invoice,
                amount=typed["amount"],
                method=LedgerEntry.Method(typed["method"]),
                idempotency_key=typed["key"],
                now=timezone.now(),
            )
        except actions.PaymentRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            values = {"amount": amount_text(-entry.amount, sign="$"), "receipt": entry.receipt}
            messages.success(request, _("Took %(amount)s. Receipt %(receipt)s.") % values)
            return redirect("billing:invoice", patient.pk, invoice_id)
    context = bill_context(request, patient, bill) | {"form": form}
    return render(request, "billing/pay.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_account(Permission.TAKE_PAYMENT)
def reverse_payment(request: HttpRequest, patient: Patient, invoice_id: UUID, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    bill = found(user, patient, invoice_id)
    entry = next((entry for entry in bill.entries if entry.pk == entry_id and entry.kind == "payment"), None)
    if entry is None:
        raise Http404
    form = ReverseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        reason = LedgerEntry.Reason(form.cleaned_data["reason"])
        actions.reverse_payment(by=user, entry=entry, reason=reason, now=timezone.now())
        messages.success(request, _("Taken back. The bill is open again."))
        return redirect("billing:invoice", patient.pk, invoice_id)
    context = bill_context(request, patient, bill) | {"form": form, "entry": entry}
    return render(request, "billing/reverse_payment.html", context, status=422 if form.is_bound else 200)


def found(user: Any, patient: Patient, invoice_id: UUID) -> queries.Bill:
    bill = queries.bill_of(user, patient, invoice_id)
    if bill is None:
        raise Http404
    return bill


def may_pay(user: Any, bill: queries.Bill) -> bool:
    return bill.balance > 0 and can_take_payment(user, bill.invoice)


def bill_context(request: HttpRequest, patient: Patient, bill: queries.Bill) -> dict[str, Any]:
    user: Any = request.user
    return chart_context(request, patient, tab=TAB) | {
        "bill": bill,
        "invoice": bill.invoice,
        "copies": queries.copies_of_bill(user, bill.invoice),
        "today": timezone.localdate(),
        "may_pay": may_pay(user, bill),
        "may_reverse": can_take_payment(user, bill.invoice),
    }
