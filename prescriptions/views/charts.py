"""The medicines of one patient, and one prescription with what became of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.access import (
    can_cancel,
    can_keep_ready,
    can_mark,
    can_prescribe,
    can_reconcile,
    can_repeat,
    can_sign,
)
from prescriptions.forms import CancelForm, KeepForm, MarkForm
from prescriptions.models import MedicationStatement, Prescription, SafetyCheck
from prescriptions.views.pages import page_context, prescription_or_404
from prescriptions.views.writing import editor

READ_AND_WRITE = ["GET", "HEAD", "POST"]
Status = Prescription.Status
WAITING = (Status.SIGNED, Status.READY, Status.NOT_COLLECTED)


@require_safe
@of_patient(Permission.READ_MEDICATIONS)
def medicines(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    found = queries.medicine_list(user, patient, timezone.now())
    review = queries.last_review(user, patient)
    rows: list[Prescription | MedicationStatement] = [*found.active, *found.past, *found.told, *found.told_past]
    context = page_context(request, patient) | {
        "list": found,
        "review": review,
        "review_is_older": review is not None and queries.changed_since(user, review, rows),
        "may_prescribe": can_prescribe(user),
        "signs_together": sum(can_sign(user, draft) for draft in found.drafts) > 1,
        "may_reconcile": can_reconcile(user),
    }
    return render(request, "prescriptions/medicines.html", context)


@require_safe
@of_patient(Permission.READ_MEDICATIONS)
def prescription(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """A draft is an editor for whoever writes it; everything else is a page to read, with what can be done next."""
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    if found.status == Prescription.Status.DRAFT and can_sign(user, found):
        return editor(request, patient, found)
    return render(request, "prescriptions/prescription.html", reading_context(request, patient, found, KeepForm()))


def reading_context(request: HttpRequest, patient: Patient, found: Prescription, keep_form: KeepForm) -> dict[str, Any]:
    user: Any = request.user
    status = Prescription.Status
    now = timezone.now()
    halted = found.is_stopped or found.is_on_hold(now)
    dispenses = can(user, Permission.DISPENSE) and not halted
    queries.with_halts(user, [found])
    later = queries.later_checks_of(user, found) if found.signed_at else []
    return page_context(request, patient) | {
        "prescription": found,
        "check": queries.last_check_of(user, found),
        "later": [check for check in later if not check.was_at_the_dispensary],
        "dispensing": worth_showing([check for check in later if check.was_at_the_dispensary]),
        "may_make_ready": dispenses and found.status == status.SIGNED,
        "may_hand_out": dispenses and found.status in (status.READY, status.NOT_COLLECTED),
        "may_not_dispense": can(user, Permission.DISPENSE) and not found.is_stopped and found.status in WAITING,
        "may_take_up": not halted and found.status == status.NOT_DISPENSED and can_repeat(user),
        "may_repeat": not halted and found.status == status.PICKED_UP and found.repeats_left > 0 and can_repeat(user),
        "dispenses": queries.dispenses_of(user, found),
        "outreach": queries.outreach_of(user, found) if found.not_collected_at or found.ready_at else [],
        "may_print": not actions.why_not_printed(found, now),
        "may_halt": can_reconcile(user) and queries.is_taken(found, now),
        "halts": queries.halts_of(user, found),
        "may_keep": not halted and found.status == status.NOT_COLLECTED and can_keep_ready(user),
        "may_cancel": found.can_become(status.CANCELLED) and can_cancel(user, found),
        "may_prescribe_again": found.signed_at is not None and can_prescribe(user),
        "may_favour": found.medication_id is not None and bool(found.sig) and can_prescribe(user),
        "may_mark": found.signed_at is not None and can_mark(user, found),
        "keep_form": keep_form,
    }


def worth_showing(checks: list[SafetyCheck]) -> list[SafetyCheck]:
    """The newest, and the others that had something to say."""
    return [check for place, check in enumerate(checks) if place == 0 or check.says_something]


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.PRESCRIBE)
def cancel(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = page_context(request, patient) | {"prescription": found, "form": form}
        return render(request, "prescriptions/cancel.html", context, status=422 if form.is_bound else 200)
    try:
        actions.cancel_prescription(by=user, prescription=found, now=timezone.now(), **form.cleaned_data)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions:prescription", patient.pk, found.pk)
    messages.success(request, _("Cancelled: %(medicine)s.") % {"medicine": found.medicine})
    return redirect("prescriptions:medicines", patient.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.PRESCRIBE)
def mark(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """Mark it as sensitive, or take the mark off."""
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    form = MarkForm(request.POST if request.method == "POST" else None, initial={"sensitivity": found.sensitivity})
    if form.is_valid():
        try:
            label = form.cleaned_data["sensitivity"]
            actions.mark_prescription(by=user, prescription=found, label=label, now=timezone.now())
        except (actions.NotPossible, PermissionDenied) as problem:
            form.add_error("sensitivity", str(problem))
        else:
            messages.success(request, _("Marked. It counts from now on, on every page."))
            return redirect("prescriptions:prescription", patient.pk, found.pk)
    context = page_context(request, patient) | {"prescription": found, "form": form}
    return render(request, "prescriptions/mark.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.PRESCRIBE)
def end_statement(request: HttpRequest, patient: Patient, statement_id: UUID) -> HttpResponse:
    """What another system tells of is no longer taken."""
    user: Any = request.user
    rows = MedicationStatement.objects.visible_to(user).filter(patient_id=patient.pk)
    found: MedicationStatement = get_object_or_404(rows, pk=statement_id)
    try:
        actions.end_statement(by=user, statement=found, now=timezone.now())
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("No longer taken: %(medicine)s.") % {"medicine": found.medicine})
    return redirect("prescriptions:medicines", patient.pk)


@require_POST
@of_patient(Permission.READ_MEDICATIONS)
def keep(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """It waits on: for the prescriber who reached the patient, and for the dispensary."""
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    form = KeepForm(request.POST)
    if not form.is_valid():
        context = reading_context(request, patient, found, form)
        return render(request, "prescriptions/prescription.html", context, status=422)
    try:
        actions.keep_ready(by=user, prescription=found, days=form.cleaned_data["days"], now=timezone.now())
        messages.success(request, _("It waits on. The patient is told that it is ready."))
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
    return redirect("prescriptions:prescription", patient.pk, found.pk)
