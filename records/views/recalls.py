"""Who is to come again: what is planned for one patient, one more, and when one is over."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions import recalls as verbs
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.recalls import CallForm, RecallForm
from records.models import Recall, RecallCall
from records.queries.entries import running_encounter
from records.queries.recalls import recalls_of
from records.views.entries import READ_AND_WRITE, TAB

BEFORE = timedelta(days=6)  # the week that ends with the day


@require_safe
@of_patient(Permission.READ_CLINICAL)
def recalls(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient, tab=TAB) | {
        "lines": recalls_of(user, patient),
        "may_plan": can(user, Permission.RECORD_HISTORY) and not patient.deceased,
        "today": timezone.localdate(),
    }
    return render(request, "records/recalls.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_HISTORY)
def plan(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = RecallForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        now = timezone.now()
        visit = running_encounter(user, patient)
        try:
            verbs.plan_recall(
                by=user, patient=patient, encounter=visit, today=timezone.localdate(now), now=now, **form.cleaned_data
            )
        except NotRecorded as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Planned. When the day comes, the front desk is told to call."))
            return redirect("records:recalls", patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form}
    return render(request, "records/plan_recall.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.RECORD_HISTORY)
def end(request: HttpRequest, patient: Patient, recall_id: UUID) -> HttpResponse:
    """The patient was here (`done=1`), or nobody need call."""
    user: Any = request.user
    seen = Recall.objects.visible_to(user).filter(patient_id=patient.pk)
    found = get_object_or_404(seen, pk=recall_id)
    try:
        verbs.end_recall(by=user, recall=found, done=request.POST.get("done") == "1", now=timezone.now())
    except NotCurrent as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Nobody calls for this any more."))
    return redirect("records:recalls", patient.pk)


# == Whom to call ==
@require_safe
@requires(Permission.BOOK_APPOINTMENT)
def to_call(request: HttpRequest) -> HttpResponse:
    """The desk's list: who is to come again by when and for what kind of visit, and never why."""
    user: Any = request.user
    now = timezone.now()
    lines = [line_of(recall, timezone.localdate(now)) for recall in verbs.list_recalls(by=user, now=now)]
    return render(request, "records/recalls_to_call.html", {"lines": lines, "outcomes": RecallCall.Outcome.choices})


def line_of(recall: Recall, today: date) -> dict[str, Any]:
    """With the address of the booking, its kind and the days before filled in."""
    asked = {"visit_type": recall.visit_type_id, "day": max(today, recall.due_on - BEFORE).isoformat()}
    book = f"{reverse('scheduling:book', args=[recall.patient_id])}?{urlencode(asked)}"
    tried: list[RecallCall] = recall.tried  # type: ignore[attr-defined]
    last = tried[0] if tried else None
    return {"recall": recall, "book": book, "last": last, "times": len(tried), "overdue": recall.due_on < today}


@require_POST
@of_patient(Permission.BOOK_APPOINTMENT)
def call(request: HttpRequest, patient: Patient, recall_id: UUID) -> HttpResponse:
    """Somebody called, and how it went."""
    user: Any = request.user
    found = get_object_or_404(Recall.objects.visible_to(user).filter(patient_id=patient.pk), pk=recall_id)
    form = CallForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how it went."))
        return redirect("records:recalls_to_call")
    try:
        verbs.note_recall_call(by=user, recall=found, outcome=form.cleaned_data["outcome"], now=timezone.now())
    except NotCurrent as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Noted."))
    return redirect("records:recalls_to_call")
