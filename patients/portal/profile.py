"""Having one's record corrected, and saying how the clinic may reach oneself."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from healthcare.accounts.permissions import Scope
from patients.actions import profile as actions
from patients.actions import proposals
from patients.doors import own_record, portal_page
from patients.forms.profile import LetterWishesForm, PreferencesForm
from patients.forms.proposals import ProposalForm
from patients.models import ContactPreference, LetterWish, Patient, ProposedChange
from patients.queries.proposals import answered_of, lines_of, waiting_of

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_WRITE)
@portal_page(Scope.IDENTITY)
def propose(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What is typed waits for the clinic; what waits already stands in the fields."""
    user: Any = request.user
    waiting = waiting_of(user, patient)
    form = ProposalForm(request.POST) if request.method == "POST" else ProposalForm.of(patient, waiting)
    if not form.is_valid():
        context = {
            "patient": patient,
            "acted_for": request.acted_for,  # type: ignore[attr-defined]
            "form": form,
            "waiting": lines_of(patient, waiting),
            "answered": lines_of(patient, answered_of(user, patient)[:5]),
        }
        return render(request, "patients/portal_propose.html", context, status=422 if form.is_bound else 200)
    sent = proposals.propose_changes(by=user, patient=patient, values=form.cleaned_data, now=timezone.now())
    messages.success(
        request, _("Sent. The front desk looks at it.") if sent else _("Nothing was different, so nothing was sent.")
    )
    return redirect("portal:propose" if sent else "portal:record")


@require_POST
@portal_page(Scope.IDENTITY)
def withdraw_proposal(request: HttpRequest, patient: Patient, proposal_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = ProposedChange.objects.visible_to(user).filter(patient=patient)
    proposals.withdraw_proposal(by=user, proposal=get_object_or_404(rows, pk=proposal_id), now=timezone.now())
    messages.success(request, _("Taken back."))
    return redirect("portal:propose")


@require_http_methods(READ_AND_WRITE)
@own_record
def preferences(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    known = ContactPreference.objects.visible_to(user).current().filter(patient=patient)
    form = PreferencesForm(request.POST, own=True) if request.method == "POST" else PreferencesForm.of(known, own=True)
    if not form.is_valid():
        context = {"form": form, "patient": patient}
        return render(request, "patients/portal_preferences.html", context, status=422 if form.is_bound else 200)
    actions.set_preferences(by=user, patient=patient, answers=form.answers(), method=form.told_by(), now=timezone.now())
    messages.success(request, _("Kept. It counts from the next letter on."))
    return redirect("portal:record")


@require_http_methods(READ_AND_WRITE)
@own_record
def letter_wishes(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    known = LetterWish.objects.visible_to(user).current().filter(patient=patient)
    form = (
        LetterWishesForm(request.POST, own=True) if request.method == "POST" else LetterWishesForm.of(known, own=True)
    )
    if not form.is_valid():
        context = {"form": form, "patient": patient}
        return render(request, "patients/portal_letter_wishes.html", context, status=422 if form.is_bound else 200)
    actions.set_letter_wishes(by=user, patient=patient, wishes=form.wishes(), method=form.told_by(), now=timezone.now())
    messages.success(request, _("Kept. It counts from the next letter on."))
    return redirect("portal:record")
