"""The pages of the desk about insurance cards: what counts, entering, changing, withdrawing, and asking the payer."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import actions, queries
from billing.access import can_record_coverage
from billing.doors import of_account
from billing.forms.coverage import CardForm, CheckForm, WithdrawForm, plans_with
from billing.models import Coverage
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context
from patients.models import Patient

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "billing:coverage"


@require_safe
@requires(Permission.RECORD_COVERAGE)
@never_cache
def to_ask(request: HttpRequest) -> HttpResponse:
    """Who comes soon, with a card that does not count on that day."""
    user: Any = request.user
    context = {"found": actions.list_cards_to_ask(by=user, now=timezone.now())}
    return render(request, "billing/cards_to_ask.html", context)


@require_safe
@of_account(Permission.READ_BILLING)
def coverage(request: HttpRequest, patient: Patient) -> HttpResponse:
    """The tab of the chart."""
    user: Any = request.user
    today = timezone.localdate()
    context = chart_context(request, patient) | {
        "cards": queries.cards_of(user, patient, today),
        "today": today,
        "may_record": can_record_coverage(user, patient.pk),
    }
    return render(request, "billing/coverage.html", context)


@require_http_methods(READ_AND_WRITE)
@of_account(Permission.RECORD_COVERAGE)
def record(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = CardForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        ends = form.cleaned_data["end_earlier"]
        try:
            actions.record_coverage(by=user, patient=patient, card=form.card(), end_earlier=ends, now=timezone.now())
        except actions.CoverageRefused as refusal:
            form = refused(request, form, refusal)
        else:
            messages.success(request, _("Kept. Visits that have no bill yet use it on the days it counts."))
            return redirect(TAB, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form}
    return render(request, "billing/record_coverage.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_account(Permission.RECORD_COVERAGE)
def change(request: HttpRequest, patient: Patient, coverage_id: UUID) -> HttpResponse:
    user: Any = request.user
    card = found(user, patient, coverage_id)
    plans = plans_with(card)
    form = CardForm(request.POST, plans=plans) if request.method == "POST" else CardForm.of(card)
    if form.is_valid():
        try:
            kept = actions.change_coverage(by=user, coverage=card, card=form.card(), now=timezone.now())
        except actions.CoverageRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            same = _("Nothing was different, so nothing was changed.")
            messages.success(request, same if kept.pk == card.pk else _("Changed. What it said before stays below."))
            return redirect(TAB, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "card": card}
    return render(request, "billing/change_coverage.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_account(Permission.RECORD_COVERAGE)
def withdraw(request: HttpRequest, patient: Patient, coverage_id: UUID) -> HttpResponse:
    user: Any = request.user
    card = found(user, patient, coverage_id)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.withdraw_coverage(by=user, coverage=card, reason=form.cleaned_data["reason"], now=timezone.now())
        except actions.CoverageRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Withdrawn. It counts on no day; bills keep what they copied."))
            return redirect(TAB, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "card": card}
    return render(request, "billing/withdraw_coverage.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_account(Permission.RECORD_COVERAGE)
def check(request: HttpRequest, patient: Patient, coverage_id: UUID) -> HttpResponse:
    """Ask about a day, today where none is named; the answer comes by itself."""
    user: Any = request.user
    card = found(user, patient, coverage_id)
    form = CheckForm(request.POST if request.POST.get("day") else {"day": timezone.localdate()})
    if form.is_valid():
        day = form.cleaned_data["day"]
        actions.ask_eligibility(by=user, coverage=card, service_date=day, now=timezone.now())
        messages.success(request, _("Asked. Reload this page in a moment to see the answer."))
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect(TAB, patient.pk)


def found(user: Any, patient: Patient, coverage_id: UUID) -> Coverage:
    card = queries.card_of(user, patient, coverage_id)
    if card is None:
        raise Http404
    return card


def refused(request: HttpRequest, form: CardForm, refusal: actions.CoverageRefused) -> CardForm:
    """The form with what is wrong; where an earlier card could end, with the offer to do so."""
    earlier = isinstance(refusal, actions.CardOverlaps) and refusal.earlier
    again = CardForm(request.POST, may_end=earlier)
    again.is_valid()
    again.add_error(refusal.field, str(refusal))
    return again
