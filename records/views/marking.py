"""Mark an entry as sensitive, or take the mark off."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.marking import mark_entry
from records.actions.writing import NotRecorded
from records.forms.marking import MarkForm
from records.models.entries import UNMARKED
from records.queries.lines import line_of
from records.views.entries import READ_AND_WRITE, TAB, find_entry


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.READ_CLINICAL)
def mark(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_entry(user, patient, entry_id)
    if found.kind in UNMARKED:
        raise Http404
    form = MarkForm(request.POST if request.method == "POST" else None, initial={"sensitivity": found.sensitivity})
    if form.is_valid():
        try:
            mark_entry(by=user, entry=found, label=form.cleaned_data["sensitivity"], now=timezone.now())
        except (NotRecorded, PermissionDenied) as problem:
            form.add_error("sensitivity", str(problem))
        else:
            messages.success(request, _("Marked. It counts from now on, on every page."))
            return redirect("records:entry", patient.pk, found.pk)
    context = chart_context(request, patient, tab=TAB) | {"line": line_of(found), "form": form}
    return render(request, "records/mark.html", context, status=422 if form.is_bound else 200)
