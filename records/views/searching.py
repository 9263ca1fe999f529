"""Words in one chart, and in all that somebody may read."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.searching import search_charts
from records.queries.words import Found, TooManySearches
from records.rules.words import LONGEST, read_words

TAB = "records:entries"


@require_safe
@of_patient(Permission.READ_CLINICAL)
def search_chart(request: HttpRequest, patient: Patient) -> HttpResponse:
    context = chart_context(request, patient, tab=TAB)
    return _answer(request, "records/search_chart.html", context, patient)


@require_safe
@requires(Permission.READ_CLINICAL)
def search(request: HttpRequest) -> HttpResponse:
    return _answer(request, "records/search.html", {})


def _answer(request: HttpRequest, template: str, context: dict[str, Any], patient: Patient | None = None) -> Any:
    user: Any = request.user
    typed = request.GET.get("q", "")
    words = read_words(typed)
    found: Sequence[Found] = ()
    problem = ""
    try:
        found = search_charts(by=user, words=words, patient=patient) if words else ()
    except TooManySearches as refused:
        problem = str(refused)
    context |= {"typed": typed[:LONGEST], "asked": bool(words), "found": found, "problem": problem, "longest": LONGEST}
    return render(request, template, context, status=429 if problem else 200)
