"""The patient's own visits: what was found and what to do next, in plain words, as soon as the note is signed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from records.doors import own_encounter
from records.models import Encounter
from records.parts import SUMMARY_CARD
from records.queries import encounters as queries


@require_safe
@portal_page(Scope.CLINICAL)
def summaries(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {"patient": patient, "encounters": queries.summaries_of(user, patient)}
    return render(request, "records/portal_summaries.html", context)


@require_safe
@own_encounter
def summary(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    if encounter.is_wrong:
        with timezone.override(encounter.time_zone):
            told = {"patient": patient, "encounter": encounter}
            return render(request, "records/portal_wrong_visit.html", told)
    now = timezone.now()
    page = queries.visit_page(user, encounter)
    if page.note is None:
        raise Http404  # not signed yet, and so not said to anybody
    with timezone.override(encounter.time_zone):
        context = {
            "patient": patient,
            "encounter": encounter,
            "page": page,
            "next_visits": queries.next_visits(user, patient, now),
            "cards": queries.cards_for_visit(SUMMARY_CARD, encounter, user, now),
            "print_subject": f"{patient.name}.",
        }
        return render(request, "records/portal_summary.html", context)
