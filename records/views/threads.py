"""Who has a conversation, and how it stands: the buttons beside it."""

from typing import Any
from uuid import UUID

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions import filing
from records.actions import threads as verbs
from records.forms.messages import HandOnForm
from records.queries.messages import line_of
from records.queries.pools import goals_for
from records.views.messages import READ_AND_WRITE, TAB, thread_of


@require_POST
@of_patient(Permission.MESSAGE_PATIENTS)
def take_thread(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    try:
        verbs.take_thread(by=user, thread=found, instead_of=owner_seen(request), now=timezone.now())
    except (verbs.TakenMeanwhile, verbs.ThreadIsClosed) as problem:
        notes.error(request, str(problem))
    else:
        notes.success(request, _("Yours now. It stands in your list until it is closed."))
    return redirect("records:thread", patient.pk, found.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.MESSAGE_PATIENTS)
def hand_on_thread(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    typed = request.POST if request.method == "POST" else None
    form = HandOnForm(typed, goals=goals_for(found), initial={"instead_of": found.taken_by_id})
    context = chart_context(request, patient, tab=TAB) | {
        "thread": found,
        "line": line_of(found, timezone.now()),
        "form": form,
    }
    if not form.is_valid():
        return render(request, "records/hand_on_thread.html", context, status=422 if form.is_bound else 200)
    seen = form.cleaned_data["instead_of"]
    try:
        verbs.hand_on_thread(by=user, thread=found, to=form.goal(), instead_of=seen, now=timezone.now())
    except (verbs.NotHandedOn, verbs.TakenMeanwhile, verbs.ThreadIsClosed) as problem:
        notes.error(request, str(problem))
    else:
        notes.success(request, _("Handed on. Whoever answers now is told."))
    return redirect("records:thread", patient.pk, found.pk)


@require_POST
@of_patient(Permission.MESSAGE_PATIENTS)
def set_thread_aside(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    waits = request.POST.get("waits") == "yes"
    try:
        verbs.set_thread_aside(by=user, thread=found, waits=waits, now=timezone.now())
    except (verbs.StillWaits, verbs.ThreadIsClosed) as problem:
        notes.error(request, str(problem))
    else:
        notes.success(request, _("It waits for the patient now.") if waits else _("It is open again."))
    return redirect("records:thread", patient.pk, found.pk)


@require_POST
@of_patient(Permission.MESSAGE_PATIENTS)
def close_thread(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    verbs.close_thread(by=user, thread=found, now=timezone.now())
    notes.success(request, _("Closed. It stays readable, and a message opens it again."))
    return redirect("records:thread", patient.pk, found.pk)


@require_POST
@of_patient(Permission.READ_CLINICAL)
def file_thread(request: HttpRequest, patient: Patient, thread_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = thread_of(request, patient, thread_id)
    filing.file_thread(by=user, thread=found, now=timezone.now())
    notes.success(request, _("In the chart, as the conversation stands now."))
    return redirect("records:thread", patient.pk, found.pk)


def owner_seen(request: HttpRequest) -> UUID | None:
    """Who had the thread when the page with the button was drawn; "" is nobody."""
    seen = request.POST.get("instead_of", "")
    try:
        return UUID(seen) if seen else None
    except ValueError:
        raise Http404 from None
