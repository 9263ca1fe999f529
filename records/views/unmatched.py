"""Results that arrived for nobody sure: the list, one of them, whose it is, or why it is set aside."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import missing, requires
from healthcare.accounts.permissions import Permission
from patients.actions import search_patients
from patients.doors import chart_context, of_patient
from patients.models import Patient
from patients.queries import TooManySearches
from records.actions import unmatched as verbs
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.unmatched import MatchForm, SetAsideForm
from records.queries import unmatched as queries
from records.queries.orders import TooManyLists
from records.queries.results import provider_of
from records.queries.unmatched import Waiting
from records.views.entries import READ_AND_WRITE
from records.views.results import TAB, readers

LIST, ONE = "records:unmatched_results", "records:unmatched_result"
SHORTEST_SEARCH = 2


@require_safe
@requires(Permission.ENTER_RESULT)
def unmatched(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    context: dict[str, Any] = {"aside": request.GET.get("aside") == "1", "now": timezone.now(), "found": []}
    try:
        context["found"] = verbs.list_unmatched(by=user, aside=context["aside"])
    except TooManyLists as refusal:
        messages.error(request, str(refusal))
    return render(request, "records/unmatched_results.html", context)


@require_safe
@requires(Permission.ENTER_RESULT)
def one(request: HttpRequest, unmatched_id: UUID) -> HttpResponse:
    return _page(request, _find(request, unmatched_id), SetAsideForm())


@require_POST
@requires(Permission.ENTER_RESULT)
def set_aside(request: HttpRequest, unmatched_id: UUID) -> HttpResponse:
    user: Any = request.user
    found, form = _find(request, unmatched_id), SetAsideForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    try:
        verbs.set_aside_result(by=user, found=found, reason=form.cleaned_data["reason"])
    except NotCurrent as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Set aside. It stays to be seen, and can be put back."))
    return redirect(LIST)


@require_POST
@requires(Permission.ENTER_RESULT)
def put_back(request: HttpRequest, unmatched_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = _find(request, unmatched_id)
    try:
        verbs.put_back_result(by=user, found=found)
    except NotCurrent as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("It waits again."))
    return redirect(ONE, found.id)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.ENTER_RESULT)
def match(request: HttpRequest, patient: Patient, unmatched_id: UUID) -> HttpResponse:
    """What arrived beside the patient, once more before it goes into the chart."""
    user: Any = request.user
    found = _find(request, unmatched_id)
    told: Any = found.told
    if found.state != "open":
        return redirect(ONE, found.id)
    form = MatchForm(
        request.POST if request.method == "POST" else None,
        orders=queries.orders_for(user, patient, told),
        providers=readers(),
        initial={"provider": provider_of(user, patient)},
    )
    if form.is_valid():
        try:
            entry = verbs.match_result(
                by=user,
                found=found,
                patient=patient,
                now=timezone.now(),
                request=form.request,
                provider=form.cleaned_data["provider"],
            )
        except NotCurrent as problem:
            messages.error(request, str(problem))
            return redirect(LIST)
        except NotRecorded as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("It stands in the chart now, and waits to be read."))
            return redirect("records:entry", patient.pk, entry.pk)
    context = chart_context(request, patient, tab=TAB) | {
        "found": found,
        "form": form,
        "line": queries.line_of_told(told, found.system),
        "before": queries.earlier_version(user, patient, found),
    }
    return render(request, "records/match_result.html", context, status=422 if form.is_bound else 200)


def _find(request: HttpRequest, unmatched_id: UUID) -> Waiting:
    """Raises Missing, also for whoever asked too often."""
    user: Any = request.user
    try:
        found = verbs.open_unmatched(by=user, key=unmatched_id)
    except TooManyLists as refusal:
        messages.error(request, str(refusal))
        found = None
    if found is None:
        raise missing(user)
    return found


def _page(request: HttpRequest, found: Waiting, form: SetAsideForm) -> HttpResponse:
    user: Any = request.user
    told: Any = found.told
    text = request.GET.get("q", told.person.as_searched()).strip()
    context: dict[str, Any] = {
        "found": found,
        "form": form,
        "line": queries.line_of_told(told, found.system),
        "text": text,
    }
    if found.state == "open" and len(text) >= SHORTEST_SEARCH:
        try:
            context["candidates"] = search_patients(by=user, text=text)
        except TooManySearches as refusal:
            context["refusal"] = str(refusal)
    return render(request, "records/unmatched_result.html", context, status=422 if form.is_bound else 200)
