"""What patients ask for once more: who prescribed it, or stands in, says yes or says why not."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions
from prescriptions.access import can_answer_refill
from prescriptions.actions.standing import why_no_repeat
from prescriptions.forms.refills import DenyForm
from prescriptions.models import Prescription, RefillRequest
from prescriptions.queries.refills import PEOPLE
from prescriptions.views.pages import page_context


@require_safe
@requires(Permission.PRESCRIBE)
def refills(request: HttpRequest) -> HttpResponse:
    """Of one's own prescriptions and those one stands in for; with `?show=all` of everybody in reach."""
    user: Any = request.user
    everybody = request.GET.get("show") == "all"
    context = {"requests": actions.list_refills(by=user, everybody=everybody), "everybody": everybody}
    return render(request, "prescriptions/refills.html", context)


@require_safe
@of_patient(Permission.PRESCRIBE)
def refill(request: HttpRequest, patient: Patient, refill_id: UUID) -> HttpResponse:
    return _page(request, patient, _found(request, patient, refill_id), DenyForm())


@require_POST
@of_patient(Permission.PRESCRIBE)
def deny(request: HttpRequest, patient: Patient, refill_id: UUID) -> HttpResponse:
    user: Any = request.user
    found, form = _found(request, patient, refill_id), DenyForm(request.POST)
    if not form.is_valid():
        return _page(request, patient, found, form)
    try:
        actions.deny_refill(by=user, request=found, now=timezone.now(), **form.cleaned_data)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions:refill", patient.pk, found.pk)
    messages.success(request, _("Denied. The patient is told, and reads why."))
    return redirect("prescriptions:refills")


@require_POST
@of_patient(Permission.PRESCRIBE)
def repeat_refill(request: HttpRequest, patient: Patient, refill_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = _found(request, patient, refill_id)
    try:
        actions.repeat_refill(by=user, request=found, now=timezone.now())
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions:refill", patient.pk, found.pk)
    messages.success(request, _("Approved. The dispensary prepares the next supply, and the patient is told."))
    return redirect("prescriptions:refills")


@require_POST
@of_patient(Permission.PRESCRIBE)
def prescribe_refill(request: HttpRequest, patient: Patient, refill_id: UUID) -> HttpResponse:
    """Nothing is approved here: the draft has its safety check, and is signed by who it is."""
    user: Any = request.user
    found = _found(request, patient, refill_id)
    try:
        draft = actions.prescribe_refill(by=user, request=found, now=timezone.now())
    except (actions.NotPossible, actions.NotPrescribable) as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions:refill", patient.pk, found.pk)
    messages.info(request, _("Look at the check and sign: that approves the request."))
    return redirect("prescriptions:prescription", patient.pk, draft.pk)


def _found(request: HttpRequest, patient: Patient, refill_id: UUID) -> RefillRequest:
    """Raises Http404."""
    user: Any = request.user
    rows = RefillRequest.objects.visible_to(user).filter(patient=patient)
    found: RefillRequest = get_object_or_404(rows.select_related(*PEOPLE), pk=refill_id)
    return found


def _page(request: HttpRequest, patient: Patient, found: RefillRequest, form: DenyForm) -> HttpResponse:
    user: Any = request.user
    waits = found.state == RefillRequest.State.WAITING
    collected = found.prescription.status == Prescription.Status.PICKED_UP
    context = page_context(request, patient) | {
        "asked": found,
        "prescription": found.prescription,
        "form": form,
        "may_answer": waits and can_answer_refill(user, found),
        "may_repeat": collected and not why_no_repeat(found.prescription, timezone.now()),
        "made": found.made_in if found.made_in and found.made_in.signed_at else None,
    }
    return render(request, "prescriptions/refill.html", context, status=422 if form.is_bound else 200)
