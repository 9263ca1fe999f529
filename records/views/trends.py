"""Values over time: one measure or test, and how a child grows."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.forms.growth import WeeksForm
from records.queries.growth import child_of, growth_of
from records.queries.trends import MOST, trend_of
from records.rules.growth import TERM_WEEKS
from records.rules.laboratory import TESTS
from records.rules.ranges import SEXES

RESULTS, ENTRIES = "records:results", "records:entries"


@require_safe
@of_patient(Permission.READ_CLINICAL)
def trend(request: HttpRequest, patient: Patient, code: str) -> HttpResponse:
    user: Any = request.user
    found = trend_of(user, patient, code)
    if found is None:
        raise Http404
    tab = RESULTS if code in TESTS else ENTRIES
    context = chart_context(request, patient, tab=tab) | {
        "trend": found,
        "growing": any(row.place for row in found.rows),
        "most": MOST,
    }
    return render(request, "records/trend.html", context)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def growth(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = WeeksForm(request.GET or None)
    weeks = form.week()
    child = child_of(patient)
    context = chart_context(request, patient, tab=ENTRIES) | {
        "form": form,
        "charts": growth_of(user, patient, weeks),
        "sex_unknown": child.sex not in SEXES,
        "born_unknown": child.born is None,
        "corrected": weeks != TERM_WEEKS,
    }
    return render(request, "records/growth.html", context)
