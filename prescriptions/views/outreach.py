"""Reaching out to who did not come for a medicine, for the prescriber and the dispensary."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from healthcare.audit import record_now
from patients.doors import of_patient
from patients.models import Patient
from prescriptions import actions
from prescriptions.access import can_keep_ready, check_can_keep_ready
from prescriptions.forms.outreach import OutreachForm
from prescriptions.views.pages import page_context, prescription_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@of_patient(Permission.READ_MEDICATIONS)
def reach_out(request: HttpRequest, patient: Patient, prescription_id: UUID) -> HttpResponse:
    user: Any = request.user
    if not can_keep_ready(user):
        record_now("accounts.denied", by=user, outcome="denied", detail={"permission": Permission.DISPENSE})
    check_can_keep_ready(user)
    found = prescription_or_404(request, patient, prescription_id)
    form = OutreachForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = page_context(request, patient) | {"prescription": found, "form": form}
        return render(request, "prescriptions/reach_out.html", context, status=422 if form.is_bound else 200)
    try:
        actions.reach_out(by=user, prescription=found, now=timezone.now(), **form.cleaned_data)
    except actions.NotPossible as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, _("Noted. It stands beside the prescription."))
    return redirect("prescriptions:prescription", patient.pk, found.pk)
