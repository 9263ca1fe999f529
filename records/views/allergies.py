"""The list of allergies: what is known, who asked, and what is new."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.allergies import record_allergy, record_no_known_allergies
from records.actions.writing import NotRecorded
from records.forms.entries import AllergyForm
from records.kinds.allergy import is_none_known, worst_first
from records.queries.entries import active_entries, running_encounter
from records.queries.lines import lines_of
from records.views.entries import READ_AND_WRITE
from records.views.problems import change_status, find_of_kind

TAB = "records:allergies"


@require_safe
@of_patient(Permission.READ_CLINICAL)
def allergies(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    rows = list(active_entries(user, patient, "allergy").select_related("author"))
    listed = [row for row in rows if not is_none_known(row)]
    active = [row for row in listed if row.clinical_status == "active"]
    context = chart_context(request, patient) | {
        "active": lines_of(worst_first(active)),
        "past": lines_of(row for row in listed if row not in active),
        "none_known": next((row for row in rows if is_none_known(row)), None),
        "asked": bool(rows),
        "may_record": can(user, Permission.RECORD_ALLERGY),
    }
    return render(request, "records/allergies.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_ALLERGY)
def record(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = AllergyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        encounter = running_encounter(user, patient)
        try:
            record_allergy(by=user, patient=patient, reaction=form.told(), now=timezone.now(), encounter=encounter)
        except NotRecorded as problem:
            form.add_error("substance", str(problem))
        else:
            messages.success(request, _("On the list of allergies now, and in the banner of every page."))
            return redirect("records:allergies", patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form}
    return render(request, "records/record_allergy.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.RECORD_ALLERGY)
def none_known(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    encounter = running_encounter(user, patient)
    try:
        record_no_known_allergies(by=user, patient=patient, now=timezone.now(), encounter=encounter)
    except NotRecorded as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Recorded: you asked, and none is known."))
    return redirect("records:allergies", patient.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_ALLERGY)
def change(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    return change_status(request, patient, find_of_kind(request.user, patient, entry_id, "allergy"), TAB)
