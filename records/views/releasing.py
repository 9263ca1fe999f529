"""One result held back to prevent harm: by a clinician, looked at by another, ended by either."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.releasing import hold_result, review_hold
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.releasing import HoldForm
from records.models import Entry
from records.queries.lines import line_of
from records.queries.release import Outlook, outlook_of
from records.views.entries import READ_AND_WRITE
from records.views.results import TAB, find_result


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RELEASE_RESULT)
def hold(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    """Hold it back; where somebody does, agree or end it: `stands` is what the pressed button says."""
    user: Any = request.user
    found = find_result(user, patient, entry_id)
    outlook = outlook_of(user, found)
    if outlook is None:
        messages.info(request, _("This does not wait to be released."))
        return redirect("records:release_result", patient.pk, found.pk)
    stands = request.POST.get("stands", "")
    form = HoldForm(request.POST if request.method == "POST" and not stands else None)
    refused = ""
    if stands or form.is_valid():
        try:
            return _reviewed(request, found, stands == "yes") if stands else _held(request, found, form)
        except (NotAllowed, NotCurrent, NotRecorded) as problem:
            refused = str(problem)
            if form.is_bound:
                form.add_error(None, refused)
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "line": line_of(found),
        "outlook": outlook,
        "refused": refused,
        "may_agree": _may_agree(user, outlook),
        "now": timezone.now(),
    }
    return render(request, "records/hold_result.html", context, status=422 if form.is_bound or refused else 200)


def _held(request: HttpRequest, found: Entry, form: HoldForm) -> HttpResponse:
    user: Any = request.user
    until = form.until_moment(found.patient.site.time_zone)
    hold_result(by=user, entry=found, reason=form.cleaned_data["reason"], until=until, now=timezone.now())
    messages.success(request, _("Held back. A colleague has to look at it; without that it ends in 3 days."))
    return redirect("records:release_result", found.patient_id, found.pk)


def _reviewed(request: HttpRequest, found: Entry, stands: bool) -> HttpResponse:
    user: Any = request.user
    review_hold(by=user, entry=found, stands=stands, now=timezone.now())
    said = _("You agree. It is held back until its day.") if stands else _("It is no longer held back.")
    messages.success(request, said)
    return redirect("records:release_result", found.patient_id, found.pk)


def _may_agree(user: Any, outlook: Outlook) -> bool:
    return outlook.row.held_at is not None and outlook.row.held_by_id != user.pk and outlook.row.reviewed_at is None
