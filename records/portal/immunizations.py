"""The vaccines that a patient was given, by whom and where; and apart from them what was not given."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from records.queries.immunizations import doses_of


@require_safe
@portal_page(Scope.CLINICAL)
def immunizations(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {"patient": patient, "found": doses_of(user, patient), "print_subject": f"{patient.name}."}
    return render(request, "records/portal_immunizations.html", context)
