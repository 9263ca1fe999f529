"""A medicine on hold, taken up again, or stopped; and the list reviewed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from healthcare.accounts.permissions import Permission
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.forms import HaltForm, ReviewForm
from prescriptions.models import Halt, MedicationStatement, Prescription
from prescriptions.views.pages import page_context, prescription_or_404

READ_AND_WRITE = ["GET", "HEAD", "POST"]
Act = Halt.Act


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECONCILE)
def halt(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """Hold, stop or take up again what was prescribed here."""
    return _halt(request, patient, prescription_or_404(request, patient, prescription_id))


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECONCILE)
def halt_statement(request: HttpRequest, patient: Patient, statement_id: UUID) -> HttpResponse:
    """The same of what another system tells of."""
    user: Any = request.user
    rows = MedicationStatement.objects.visible_to(user).filter(patient_id=patient.pk)
    found: MedicationStatement = get_object_or_404(rows, pk=statement_id)
    return _halt(request, patient, found)


def _halt(request: HttpRequest, patient: Patient, found: Prescription | MedicationStatement) -> HttpResponse:
    user: Any = request.user
    form = HaltForm(request.POST if request.method == "POST" else None, medicine=found)
    if form.is_valid():
        try:
            messages.success(request, _done(user, found, form.cleaned_data))
            return redirect("prescriptions:medicines", patient.pk)
        except actions.NotPossible as problem:
            form.add_error(None, str(problem))
    ours = isinstance(found, Prescription)
    door = "prescriptions:halt" if ours else "prescriptions:halt_statement"
    context = page_context(request, patient) | {
        "medicine": queries.with_halts(user, [found])[0],
        "here": reverse(door, args=[patient.pk, found.pk]),
        "halts": queries.halts_of(user, found),
        "may_be_halted": queries.is_taken(found, timezone.now()) or (not ours and found.is_stopped),
        "form": form,
    }
    return render(request, "prescriptions/halt.html", context, status=422 if form.is_bound else 200)


def _done(user: Any, found: Prescription | MedicationStatement, said: dict[str, Any]) -> str:
    told = {"by": user, "medicine": found, "words": said["words"], "now": timezone.now()}
    if said["act"] == Act.RESUME:
        actions.resume_medicine(**told)
        return _("Taken up again: %(medicine)s.") % {"medicine": found.medicine}
    if said["act"] == Act.HOLD:
        actions.hold_medicine(day=said["day"], reason=said["reason"], **told)
        return _("On hold: %(medicine)s.") % {"medicine": found.medicine}
    actions.stop_medicine(day=said["day"], reason=said["reason"], **told)
    return _("Stopped: %(medicine)s.") % {"medicine": found.medicine}


@require_POST
@of_patient(Permission.RECONCILE)
def review(request: HttpRequest, patient: Patient) -> HttpResponse:
    """The list was gone through, with changes or without."""
    user: Any = request.user
    form = ReviewForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Nothing was kept. Say whether anything changed, by one of the two buttons."))
        return redirect("prescriptions:medicines", patient.pk)
    try:
        actions.review_medicines(by=user, patient=patient, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("Kept: you reviewed these medicines."))
    except actions.NotPossible as problem:
        messages.warning(request, str(problem))
    return redirect("prescriptions:medicines", patient.pk)
