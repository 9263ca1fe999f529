"""A file of a message, for who answers it."""

from typing import Any
from uuid import UUID

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from healthcare.accounts.permissions import Permission
from healthcare.storage.serving import file_response
from patients.doors import of_patient
from patients.models import Patient
from records.actions import attachments as verbs
from records.queries.attachments import attachments_at


@require_safe
@of_patient(Permission.MESSAGE_PATIENTS)
def open_attachment(request: HttpRequest, patient: Patient, thread_id: UUID, attachment_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(attachments_at(user, patient, thread_id), pk=attachment_id)
    try:
        return file_response(verbs.open_attachment(by=user, attachment=found))
    except verbs.NotOpened as problem:
        notes.error(request, str(problem))
        return redirect("records:thread", patient.pk, thread_id)
