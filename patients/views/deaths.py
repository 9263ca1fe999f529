"""A patient has died, or it turned out that they live."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from patients import actions
from patients.doors import chart_context, of_patient
from patients.forms.deaths import DeathForm, TakeBackForm
from patients.models import DeathReport, Patient

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.CHANGE_PATIENT)
def report_death(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = DeathForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        source = DeathReport.Source(form.cleaned_data["source"])
        try:
            actions.report_death(
                by=user, patient=patient, died_on=form.cleaned_data["died_on"], source=source, now=timezone.now()
            )
        except actions.DeathRefused as problem:
            form.add_error("died_on", str(problem))
        else:
            messages.success(request, _("Kept. Letters stop, and visits to come are being cancelled."))
            return redirect("patients:chart", patient.pk)
    reports = DeathReport.objects.visible_to(user).select_related("reported_by", "taken_back_by")
    context = chart_context(request, patient, tab="patients:chart") | {
        "form": form,
        "reports": list(reports.filter(patient=patient).order_by("-pk")),
        "may_take_back": can(user, Permission.TAKE_BACK_DEATH),
    }
    return render(request, "patients/report_death.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.TAKE_BACK_DEATH)
def take_back_death(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = TakeBackForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.take_back_death(by=user, patient=patient, reason=form.cleaned_data["reason"], now=timezone.now())
        except actions.DeathRefused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Taken back. Visits that were cancelled have to be booked again."))
            return redirect("patients:chart", patient.pk)
    context = chart_context(request, patient, tab="patients:chart") | {"form": form}
    return render(request, "patients/take_back_death.html", context, status=422 if form.is_bound else 200)
