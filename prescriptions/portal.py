"""The patient's own medicines, in plain words: what is ready and where, what is taken, what is over."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from prescriptions import queries


@require_safe
@portal_page(Scope.MEDICATION)
def medicines(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {
        "patient": patient,
        "mine": queries.own_medicines(user, patient, timezone.now()),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "prescriptions/portal_medicines.html", context)
