"""Why somebody can or cannot open a chart: to the privacy officer and administrators, and to oneself."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import SENSITIVITY_CHOICES, Permission
from patients.actions import explaining as actions
from patients.forms import SCOPE_WORDS
from patients.forms.explaining import ExplainForm
from patients.queries.finding import TooManySearches

WORDS: dict[str, Any] = {scope.value: words for scope, words in SCOPE_WORDS.items()} | dict(SENSITIVITY_CHOICES)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.EXPLAIN_ACCESS)
@never_cache
def explain(request: HttpRequest) -> HttpResponse:
    """By POST, so that no address and no record number stands in a log or a history."""
    user: Any = request.user
    form = ExplainForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "explained": []}
    if form.is_valid():
        try:
            asked, role = form.cleaned_data["patient"], form.cleaned_data["role"]
            found = actions.explain_access(by=user, user=form.person, asked=asked, role=role, now=timezone.now())
            context["explained"] = [
                {"one": one, "opened": in_words(one.opened), "closed": in_words(one.closed)} for one in found
            ]
        except TooManySearches as problem:
            form.add_error(None, str(problem))
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "patients/explain.html", context, status=status)


def in_words(parts: list[str]) -> list[Any]:
    return [WORDS[part] for part in parts]


@require_safe
@requires(Permission.OPEN_CHART)
@never_cache
def why(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The same for every id, but for what named the asker."""
    user: Any = request.user
    rules = actions.explain_to_oneself(by=user, patient_id=patient_id, now=timezone.now())
    return render(request, "patients/why.html", {"rules": rules, "patient_id": patient_id})
