"""Vital signs: one form for a taking, one for the correction of a measure."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.vitals import correct_vital, record_vitals
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.vitals import CorrectVitalForm, VitalsForm, fields_at
from records.queries.entries import running_encounter
from records.queries.lines import line_of
from records.queries.vitals import latest_vitals, months_of
from records.views.entries import READ_AND_WRITE, TAB, find_entry


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_VITALS)
def record(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    measured = fields_at(months_of(patient, timezone.now()))
    form = VitalsForm(request.POST if request.method == "POST" else None, only=measured)
    if form.is_valid():
        now = timezone.now()
        try:
            panel = record_vitals(
                by=user,
                patient=patient,
                measurements=form.values(),
                typed=form.typed(),
                encounter=running_encounter(user, patient),
                effective_at=now,
                now=now,
            )
        except NotRecorded as problem:
            form.add_error(None, str(problem))
        else:
            tell(request, flagged=bool(panel.data["flag"]))
            return redirect("records:entry", patient.pk, panel.pk)
    last = latest_vitals(user, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "rows": list(form.rows(last.by_code))}
    return render(request, "records/record_vitals.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_VITALS)
def correct(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    wrong = find_entry(user, patient, entry_id)
    if wrong.kind != "vital_signs" or not CorrectVitalForm.can_correct(wrong.code):
        raise Http404
    form = CorrectVitalForm(request.POST if request.method == "POST" else None, code=wrong.code)
    if form.is_valid():
        typed = next(iter(form.typed().values()), "")
        try:
            right = correct_vital(by=user, entry=wrong, values=form.values(), now=timezone.now(), typed=typed)
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            tell(request, flagged=bool(right.data.get("flag")))
            return redirect("records:entry", patient.pk, right.pk)
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "rows": list(form.rows({wrong.code: wrong})),
        "line": line_of(wrong),
    }
    return render(request, "records/correct_vital.html", context, status=422 if form.is_bound else 200)


def tell(request: HttpRequest, *, flagged: bool) -> None:
    if flagged:
        messages.warning(request, _("Recorded. Something is out of range, and an alert has gone out."))
    else:
        messages.success(request, _("Recorded. Everything is in range."))
