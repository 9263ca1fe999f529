"""Emergency access: break the glass on one chart, give it back, and review what others did in this way."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.guards import requires, step_up
from healthcare.accounts.permissions import Permission
from patients.actions import emergency as actions
from patients.doors import chart_context, of_patient
from patients.forms.emergency import BreakGlassForm, ReviewForm
from patients.models import EmergencyAccess, Patient
from patients.queries.requests import requests_to_answer

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_WRITE)
@requires(Permission.BREAK_GLASS)
@never_cache
@step_up
def break_glass(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The same page for every id; the chart opens with the answer, in a session with a new key."""
    user: Any = request.user
    form = BreakGlassForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("purpose", "reason")}
        try:
            actions.break_glass(by=user, patient_id=patient_id, lasts=form.lasts(), now=timezone.now(), **asked)
        except (NotAllowed, actions.GlassNotBroken) as problem:
            form.add_error(None, str(problem))
        else:
            request.session.cycle_key()
            request.session.modified = True  # so that the new key is sent
            messages.warning(request, _("The chart is open to you. The privacy officer has been told."))
            return redirect("patients:chart", patient_id)
    context = {"form": form, "patient_id": patient_id}
    return render(request, "patients/break_glass.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.OPEN_CHART)
def end_emergency(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    if request.method != "POST":
        return render(request, "patients/end_emergency.html", chart_context(request, patient))
    if actions.end_emergency(by=user, patient_id=patient.pk, now=timezone.now()):
        messages.success(request, _("Your emergency access has ended."))
    return redirect("home")


@require_safe
@requires(Permission.REVIEW_ACCESS)
@never_cache
def emergencies(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    context = {"page": actions.list_emergencies(by=user, now=now), "requests": requests_to_answer(user)}
    return render(request, "patients/emergencies.html", context)


@require_http_methods(READ_AND_WRITE)
@requires(Permission.REVIEW_ACCESS)
@never_cache
def review(request: HttpRequest, emergency_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = EmergencyAccess.objects.visible_to(user).select_related("user", "reviewed_by")
    emergency = get_object_or_404(rows, pk=emergency_id)
    form = ReviewForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        verdict = EmergencyAccess.Verdict(form.cleaned_data["verdict"])
        try:
            actions.review_emergency(
                by=user, emergency=emergency, verdict=verdict, note=form.cleaned_data["note"], now=timezone.now()
            )
        except (NotAllowed, actions.AlreadyReviewed) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The review is kept."))
            return redirect("patients:emergencies")
    page = actions.show_emergency(by=user, emergency=emergency, now=timezone.now())
    context = {"page": page, "form": form}
    return render(request, "patients/review.html", context, status=422 if form.is_bound else 200)
