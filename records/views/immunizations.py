"""Vaccines given."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.immunizations import record_immunization
from records.actions.writing import NotRecorded
from records.forms.entries import ImmunizationForm, moment_of
from records.queries.entries import active_entries, running_encounter
from records.queries.lines import lines_of
from records.views.entries import READ_AND_WRITE


@require_safe
@of_patient(Permission.READ_CLINICAL)
def immunizations(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient, tab="records:entries") | {
        "lines": lines_of(active_entries(user, patient, "immunization").select_related("author")),
        "may_record": can(user, Permission.RECORD_VITALS),
    }
    return render(request, "records/immunizations.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_VITALS)
def record(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    data = request.POST if request.method == "POST" else None
    form = ImmunizationForm(data, initial={"given_on": timezone.localdate()})
    if form.is_valid():
        now = timezone.now()
        try:
            record_immunization(
                by=user,
                patient=patient,
                dose=form.dose(),
                effective_at=moment_of(form.cleaned_data["given_on"], now),
                now=now,
                encounter=None if form.cleaned_data["elsewhere"] else running_encounter(user, patient),
            )
        except NotRecorded as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Recorded."))
            return redirect("records:immunizations", patient.pk)
    context = chart_context(request, patient, tab="records:entries") | {"form": form}
    return render(request, "records/record_immunization.html", context, status=422 if form.is_bound else 200)
