"""A prescription on paper, and the public page that its code leads to."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts.guards import public
from healthcare.accounts.permissions import Permission
from healthcare.api.problems import Problem
from healthcare.api.throttles import spend
from healthcare.storage.links import signed_link
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions
from prescriptions.models import PrescriptionSheet
from prescriptions.queries.codes import digest_of, find_code
from prescriptions.views.pages import page_context, prescription_or_404


@require_POST
@of_patient(Permission.READ_MEDICATIONS)
def print_prescription(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = prescription_or_404(request, patient, prescription_id)
    try:
        sheet = actions.print_prescription(by=user, prescription=found, now=timezone.now())
    except actions.NotPossible as problem:
        messages.error(request, str(problem))
        return redirect("prescriptions:prescription", patient.pk, found.pk)
    return redirect("prescriptions:sheet", patient.pk, sheet.pk)


@require_safe
@of_patient(Permission.READ_MEDICATIONS)
def sheet(request: HttpRequest, patient: Patient, sheet_id: UUID) -> HttpResponse:
    """Asks again by itself while it is being made; with `?open=1` it leads to the PDF."""
    user: Any = request.user
    found = sheet_or_404(request, patient, sheet_id)
    if "open" in request.GET and found.document:
        return redirect(signed_link(actions.open_sheet(by=user, sheet=found)))
    context = page_context(request, patient) | {"sheet": found, "late": found.is_late(timezone.now())}
    return render(request, "prescriptions/sheet_page.html", context)


def sheet_or_404(request: HttpRequest, patient: Patient, sheet_id: UUID) -> PrescriptionSheet:
    user: Any = request.user
    rows = PrescriptionSheet.objects.visible_to(user).filter(patient_id=patient.pk)
    found: PrescriptionSheet = get_object_or_404(rows.select_related("prescription", "asked_by"), pk=sheet_id)
    return found


@public
@never_cache
@require_safe
def check(request: HttpRequest, code: str) -> HttpResponse:
    """Valid, used or cancelled, and at which clinic: for whoever holds the paper, so often a minute."""
    try:
        spend("link", digest_of(code))
        found = find_code(code)
        if found is None:
            spend("address", request.META["REMOTE_ADDR"])
    except Problem as problem:
        return HttpResponse(status=429, headers={"Retry-After": problem.headers["Retry-After"]})
    if found is None:
        answer = render(request, "prescriptions/code_not_known.html", status=404)
    else:
        actions.open_code(found=found)
        answer = render(request, "prescriptions/checked.html", {"stands": found.stands, "clinic": found.clinic})
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
