"""What the pages of one prescription share: the row by its address, and the chart round it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from patients.doors import chart_context
from patients.models import Patient
from prescriptions.models import Prescription
from scheduling.queries.licences import with_licences

TAB = "prescriptions:medicines"


def prescription_or_404(request: HttpRequest, patient: Patient, prescription_id: UUID) -> Prescription:
    user: Any = request.user
    rows = Prescription.objects.visible_to(user).filter(patient=patient)
    rows = rows.annotate(licences=with_licences("prescriber"))
    return get_object_or_404(
        rows.select_related(
            "medication",
            "prescriber",
            "site",
            "patient",
            "ready_by",
            "handed_out_by",
            "not_dispensed_by",
            "cancelled_by",
        ),
        pk=prescription_id,
    )


def page_context(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    return chart_context(request, patient, tab=TAB)
