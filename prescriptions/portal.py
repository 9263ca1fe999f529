"""The patient's own medicines, in plain words: what is ready and where, what is taken, what is over; asking for more;
when it is taken, and what was taken of the doses of today.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.permissions import Scope
from healthcare.storage.links import signed_link
from patients.doors import portal_page
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.forms.doses import DoseTimesForm, MarkDoseForm
from prescriptions.forms.refills import AskForm
from prescriptions.models import DoseMark, Prescription, PrescriptionSheet, RefillRequest
from prescriptions.queries.doses import course_of, courses_of, current_plans, proposal_of, why_no_times
from prescriptions.queries.refills import own_refills, why_no_refill


@require_safe
@portal_page(Scope.MEDICATION)
def medicines(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    mine = queries.own_medicines(user, patient, now)
    context = {
        "patient": patient,
        "mine": mine,
        "refills": own_refills(user, patient, [*mine.taking, *mine.past], now),
        "plans": current_plans(user, patient),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "prescriptions/portal_medicines.html", context)


def _own_prescription(user: Any, patient: Patient, prescription_id: UUID) -> Prescription:
    rows = Prescription.objects.visible_to(user).filter(patient_id=patient.pk)
    found: Prescription = get_object_or_404(rows, pk=prescription_id)
    return found


# == When it is taken, and what was taken ==
@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Scope.MEDICATION)
def dose_times(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    """When one medicine is taken: suggested from its directions, or as it is."""
    user: Any = request.user
    now = timezone.now()
    found = _own_prescription(user, patient, prescription_id)
    why_not = why_no_times(user, found, now)
    course = course_of(user, found, now)
    proposal = proposal_of(found, course, patient.site.time_zone, now)
    form = DoseTimesForm(request.POST if request.method == "POST" else None, **proposal.fields)
    if proposal.first_day and not form.is_bound:
        form.initial["first_day"] = proposal.first_day
    if not why_not and form.is_valid():
        try:
            plan = actions.plan_doses(by=user, prescription=found, now=now, **form.chosen())
        except actions.NotPossible as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, said_when(plan.starts_at > now))
            return redirect("prescriptions_portal:doses")
    context = {"patient": patient, "prescription": found, "form": form, "why_not": why_not, "course": course}
    return render(request, "prescriptions/portal_dose_times.html", context, status=422 if form.is_bound else 200)


def said_when(later: bool) -> str:
    if later:
        return _("Saved. The new times count from tomorrow, so that you take nothing twice today.")
    return _("Saved. Your doses of today stand here.")


@require_POST
@portal_page(Scope.MEDICATION)
def end_doses(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = _own_prescription(user, patient, prescription_id)
    try:
        actions.end_doses(by=user, prescription=found, now=timezone.now())
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("It no longer stands among your doses of the day. What you marked so far is kept."))
    return redirect("prescriptions_portal:medicines")


@require_safe
@portal_page(Scope.MEDICATION)
def doses(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Today, and what can be marked of the two days before."""
    user: Any = request.user
    courses = [course for course in courses_of(user, patient, timezone.now()) if course.is_shown]
    context = {"patient": patient, "courses": courses, "reasons": DoseMark.Reason.choices}
    return render(request, "prescriptions/portal_doses.html", context)


@require_POST
@portal_page(Scope.MEDICATION)
def mark_dose(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = _own_prescription(user, patient, prescription_id)
    form = MarkDoseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("That could not be read. Choose again below."))
        return redirect("prescriptions_portal:doses")
    try:
        mark = actions.mark_dose(by=user, prescription=found, now=timezone.now(), **form.cleaned_data)
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
    else:
        told = {"medicine": found.medicine, "state": mark.get_state_display()}
        messages.success(request, _("%(medicine)s: %(state)s. You can change it today.") % told)
    return redirect("prescriptions_portal:doses")


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Scope.MEDICATION)
def ask_refill(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    found = _own_prescription(user, patient, prescription_id)
    form = AskForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.ask_refill(by=user, prescription=found, now=now, **form.cleaned_data)
        except actions.NotPossible as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _("Sent. The answer will stand here, and we tell you."))
        return redirect("prescriptions_portal:medicines")
    context = {"patient": patient, "prescription": found, "form": form, "why_not": why_no_refill(found, now)}
    return render(request, "prescriptions/portal_ask_refill.html", context, status=422 if form.is_bound else 200)


@require_POST
@portal_page(Scope.MEDICATION)
def withdraw_refill(request: HttpRequest, patient: Patient, refill_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = RefillRequest.objects.visible_to(user).filter(patient=patient).select_related("prescription")
    found: RefillRequest = get_object_or_404(rows, pk=refill_id)
    try:
        actions.withdraw_refill(by=user, request=found, now=timezone.now())
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Taken back. Nobody answers it any more."))
    return redirect("prescriptions_portal:medicines")


@require_POST
@portal_page(Scope.MEDICATION)
def print_prescription(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = _own_prescription(user, patient, prescription_id)
    try:
        made = actions.print_prescription(by=user, prescription=found, now=timezone.now())
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions_portal:medicines")
    return redirect("prescriptions_portal:sheet", made.pk)


@require_safe
@portal_page(Scope.MEDICATION)
def sheet(request: HttpRequest, patient: Patient, sheet_id: UUID) -> HttpResponse:
    """Asks again by itself while it is being made; with `?open=1` it leads to the PDF."""
    user: Any = request.user
    rows = PrescriptionSheet.objects.visible_to(user).filter(patient_id=patient.pk).select_related("prescription")
    found: PrescriptionSheet = get_object_or_404(rows, pk=sheet_id)
    if "open" in request.GET and found.document:
        return redirect(signed_link(actions.open_sheet(by=user, sheet=found)))
    context = {"patient": patient, "sheet": found, "late": found.is_late(timezone.now())}
    context["print_subject"] = f"{patient.name}."
    return render(request, "prescriptions/portal_sheet.html", context)
