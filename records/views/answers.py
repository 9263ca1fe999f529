"""What answers an order: the numbers of a panel one by one, or a report in words, and its correction."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.results import correct_report, enter_result, report_result
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.entries import ResultForm, moment_of
from records.forms.orders import ReportForm
from records.models import ServiceRequest
from records.queries.lines import line_of
from records.queries.orders import missing_tests
from records.views.entries import READ_AND_WRITE, find_entry
from records.views.orders import TAB, find_order
from records.views.results import readers
from records.views.vitals import tell


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.ENTER_RESULT)
def answer(request: HttpRequest, patient: Patient, order_id: UUID) -> HttpResponse:
    """The numbers of a panel, or a report in words where it has none."""
    found = find_order(request.user, patient, order_id)
    tests = missing_tests(request.user, found)  # type: ignore[arg-type]
    return _words(request, patient, found) if tests is None else _numbers(request, patient, found, tests)


def _numbers(request: HttpRequest, patient: Patient, found: ServiceRequest, tests: list[str]) -> HttpResponse:
    user: Any = request.user
    bound = request.POST if request.method == "POST" else None
    initial = {"taken_on": timezone.localdate(found.collected_at), "code": tests[0] if tests else ""}
    form = ResultForm(bound, patient=patient, providers=readers(), initial=initial)
    form.only(tests)
    if form.is_valid():
        now = timezone.now()
        try:
            entry = enter_result(
                by=user,
                patient=patient,
                measured=form.measured(),
                effective_at=moment_of(form.cleaned_data["taken_on"], now),
                now=now,
                preliminary=form.cleaned_data["preliminary"],
                request=found,
            )
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            tell(request, flagged=bool(entry.data["flag"]))
            again = "again" in request.POST and len(tests) > 1
            return redirect("records:answer_order" if again else "records:one_order", patient.pk, found.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "order": found, "more": len(tests) > 1}
    return render(request, "records/answer_order.html", context, status=422 if form.is_bound else 200)


def _words(request: HttpRequest, patient: Patient, found: ServiceRequest) -> HttpResponse:
    user: Any = request.user
    form = ReportForm(
        request.POST if request.method == "POST" else None,
        initial={"taken_on": timezone.localdate(found.collected_at)},
    )
    if form.is_valid():
        now, said = timezone.now(), form.cleaned_data
        try:
            report_result(
                by=user,
                request=found,
                text=said["text"],
                conclusion=said["conclusion"],
                effective_at=moment_of(said["taken_on"], now),
                now=now,
                preliminary=said["preliminary"],
                laboratory=said["laboratory"],
            )
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The report is there. Who ordered it has to read it."))
            return redirect("records:one_order", patient.pk, found.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "order": found}
    return render(request, "records/report.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.ENTER_RESULT)
def correct_words(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    wrong = find_entry(user, patient, entry_id)
    if wrong.kind != "diagnostic_report" or wrong.source:
        raise Http404
    initial = {name: wrong.data.get(name, "") for name in ("text", "conclusion")}
    form = ReportForm(request.POST if request.method == "POST" else None, initial=initial)
    form.correcting()
    if form.is_valid():
        said = form.cleaned_data
        try:
            right = correct_report(
                by=user, entry=wrong, text=said["text"], conclusion=said["conclusion"], now=timezone.now()
            )
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Corrected. It has to be read again, and goes out to the patient anew."))
            return redirect("records:entry", patient.pk, right.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "line": line_of(wrong)}
    return render(request, "records/correct_report.html", context, status=422 if form.is_bound else 200)
