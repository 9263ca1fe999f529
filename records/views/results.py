"""Laboratory results: enter, correct, read, release; the list of a patient, and what waits to be read."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.models import Provider
from healthcare.accounts.permissions import Permission
from healthcare.ui.dates import day_text
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.access.entries import can_release
from records.actions.results import (
    acknowledge_result,
    correct_result,
    enter_result,
    list_unread_results,
    release_result,
)
from records.actions.unmatched import list_unmatched
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.entries import ReleaseForm, ResultForm, moment_of
from records.models import Entry
from records.models.entries import RESULTS
from records.queries import results as queries
from records.queries.charts import chart_of
from records.queries.entries import running_encounter
from records.queries.lines import line_of, lines_of
from records.queries.orders import TooManyLists
from records.queries.release import Outlook, held_results, outlook_of
from records.views.entries import READ_AND_WRITE, find_entry, uuid_of
from records.views.vitals import tell

TAB = "records:results"
KIND = "laboratory_result"


@require_safe
@requires(Permission.RELEASE_RESULT)
def results_to_read(request: HttpRequest) -> HttpResponse:
    everybodys = request.GET.get("all") == "1"
    waiting = list_unread_results(by=request.user, everybodys=everybodys)  # type: ignore[arg-type]
    context = {"lines": lines_of(waiting), "now": timezone.now(), "everybodys": everybodys}
    context["held"] = [(row, line_of(row.entry)) for row in held_results(request.user)]  # type: ignore[arg-type]
    context["unmatched"] = _unmatched(request.user)
    return render(request, "records/results_to_read.html", context)


def _unmatched(user: Any) -> int:
    """How many results wait for somebody to say whose they are."""
    try:
        return len(list_unmatched(by=user)) if can(user, Permission.ENTER_RESULT) else 0
    except TooManyLists:
        return 0


@require_safe
@of_patient(Permission.READ_CLINICAL)
def results(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    page = queries.result_page(user, patient, after=uuid_of(request.GET.get("after", "")))
    here = reverse("records:results", args=[patient.pk])
    context = chart_context(request, patient) | {
        "lines": lines_of(page.entries),
        "next_url": f"{here}?{urlencode({'after': str(page.after)})}" if page.after else "",
        "first_url": here if request.GET.get("after") else "",
        "may_enter": can(user, Permission.ENTER_RESULT),
    }
    return render(request, "records/results.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.ENTER_RESULT)
def enter(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    initial = {"taken_on": timezone.localdate(), "provider": queries.provider_of(user, patient)}
    form = ResultForm(
        request.POST if request.method == "POST" else None, patient=patient, providers=readers(), initial=initial
    )
    if form.is_valid():
        now = timezone.now()
        try:
            entry = enter_result(
                by=user,
                patient=patient,
                measured=form.measured(),
                effective_at=moment_of(form.cleaned_data["taken_on"], now),
                now=now,
                provider=form.cleaned_data["provider"],
                encounter=running_encounter(user, patient),
                preliminary=form.cleaned_data["preliminary"],
            )
        except NotRecorded as problem:
            form.add_error(None, str(problem))
        else:
            tell(request, flagged=bool(entry.data["flag"]))
            again = "again" in request.POST
            return redirect("records:enter_result" if again else "records:results", patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form}
    return render(request, "records/enter_result.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.ENTER_RESULT)
def correct(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    wrong = find_result(user, patient, entry_id)
    if wrong.kind != KIND:
        raise Http404
    initial = {"code": wrong.code, "taken_on": timezone.localdate(wrong.effective_at)}
    data = request.POST if request.method == "POST" else None
    form = ResultForm(data, patient=patient, providers=readers(), code=wrong.code, initial=initial)
    if form.is_valid():
        now = timezone.now()
        taken = moment_of(form.cleaned_data["taken_on"], now)
        try:
            right = correct_result(by=user, entry=wrong, measured=form.measured(), now=now, effective_at=taken)
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            tell(request, flagged=bool(right.data["flag"]))
            return redirect("records:entry", patient.pk, right.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "line": line_of(wrong)}
    return render(request, "records/correct_result.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RELEASE_RESULT)
def release(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    """Read it, and release it with words; `read_only` in the form says that one has read it and no more."""
    user: Any = request.user
    found = find_result(user, patient, entry_id)
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        now = timezone.now()
        try:
            if "read_only" in request.POST:
                outlook = outlook_of(user, acknowledge_result(by=user, entry=found, now=now))
                messages.success(request, _after_reading(outlook, now))
            else:
                release_result(by=user, entry=found, comment=form.cleaned_data["comment"], now=now)
                messages.success(request, _("Released. The patient can read it now."))
            return redirect("records:results", patient.pk)
        except NotCurrent as problem:
            form.add_error(None, str(problem))
        except NotRecorded as problem:
            form.add_error("comment", str(problem))
    history = queries.history_of(user, patient, found.code) if found.kind == KIND else []
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "line": line_of(found),
        "chart": chart_of(history),
        "may_release": can_release(user, found),
        "outlook": outlook_of(user, found),
        "now": timezone.now(),
    }
    return render(request, "records/release_result.html", context, status=422 if form.is_bound else 200)


def _after_reading(outlook: Outlook | None, now: datetime) -> str:
    """What becomes of it after one has read it and no more."""
    if outlook is None or outlook.opening.at <= now:
        return _("Read. The patient can see it in a moment.")
    day = day_text(timezone.localdate(outlook.opening.at))
    return _("Read. The patient sees it when you release it, or by itself on %(day)s.") % {"day": day}


def find_result(user: Any, patient: Patient, entry_id: UUID) -> Entry:
    """Raises Http404."""
    found = find_entry(user, patient, entry_id)
    if found.kind not in RESULTS:
        raise Http404
    return found


def readers() -> Any:
    """Who can read results: providers who sign in."""
    return Provider.objects.filter(user__isnull=False, ended_at=None).order_by("name", "id")
