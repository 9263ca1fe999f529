"""The patient's own results in plain words, and what else the clinic knows of their health."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from records.actions.releasing import wish_for_results
from records.forms.releasing import WishForm
from records.kinds.allergy import is_none_known
from records.models import Entry
from records.models.release import latest
from records.queries.amendments import requests_about
from records.queries.charts import chart_of
from records.queries.entries import active_entries
from records.queries.histories import histories_of
from records.queries.lines import line_of, lines_of
from records.queries.plain import plain_result
from records.queries.release import wish_of
from records.queries.results import history_of, results_of
from records.queries.vitals import latest_vitals


@require_safe
@portal_page(Scope.CLINICAL)
def results(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {"patient": patient, "lines": lines_of(results_of(user, patient)), "print_subject": f"{patient.name}."}
    return render(request, "records/portal_results.html", context)


@require_safe
@portal_page(Scope.CLINICAL)
def result(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk).results()
    found = get_object_or_404(rows.select_related("released_by", "provider"), pk=entry_id)
    asked = requests_about(user, patient.pk, [found.pk])
    if found.kind == "diagnostic_report":
        said = {
            "patient": patient,
            "asked": asked,
            "entry": found,
            "line": line_of(found),
            "print_subject": f"{patient.name}.",
        }
        return render(request, "records/portal_report.html", said)
    history = history_of(user, patient, found.code)
    context = {
        "patient": patient,
        "entry": found,
        "asked": asked,
        "line": line_of(found),
        "plain": plain_result(found, history),
        "chart": chart_of(history),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "records/portal_result.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Scope.CLINICAL)
def wish(request: HttpRequest, patient: Patient) -> HttpResponse:
    """How one wants to get results."""
    user: Any = request.user
    said = wish_of(user, patient)
    bound = request.POST if request.method == "POST" else None
    form = WishForm(bound, initial={"wants": said.wants if said else ""})
    if form.is_valid():
        wish_for_results(by=user, patient=patient, wants=form.cleaned_data["wants"])
        messages.success(request, _("Saved. It counts from now on, also for results that wait."))
        return redirect("records_portal:results")
    context = {"patient": patient, "form": form, "days": latest().days, "print_subject": f"{patient.name}."}
    return render(request, "records/portal_wish.html", context, status=422 if form.is_bound else 200)


@require_safe
@portal_page(Scope.CLINICAL)
def health(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    allergies = list(active_entries(user, patient, "allergy"))
    context = {
        "patient": patient,
        "none_known": any(is_none_known(row) for row in allergies),
        "allergies": lines_of(row for row in allergies if row.clinical_status == "active" and not is_none_known(row)),
        "problems": lines_of(
            row for row in active_entries(user, patient, "condition") if row.clinical_status != "resolved"
        ),
        "vaccines": lines_of(active_entries(user, patient, "immunization")),
        "before": histories_of(user, patient),
        "vitals": lines_of(latest_vitals(user, patient.pk).in_order()),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "records/portal_health.html", context)
