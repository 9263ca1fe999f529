"""Papers of one's own, or of somebody one acts for: ask for one, and open the PDF."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts.permissions import Scope
from healthcare.storage.links import signed_link
from patients.doors import portal_page
from patients.models import Patient
from records.actions.papers import NotAsked, NotOpened, ask_paper, open_paper
from records.doors import own_encounter
from records.models import Encounter, Paper
from records.queries.papers import is_late, papers_of, with_all

OF_PATIENT = (Paper.Kind.CHART, Paper.Kind.IMMUNIZATIONS)


@require_safe
@portal_page(Scope.CLINICAL)
def papers(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    acted_for = request.acted_for  # type: ignore[attr-defined]
    context = {
        "patient": patient,
        "papers": papers_of(user, patient),
        "may_download": acted_for is None or acted_for.scopes == set(Scope),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "records/portal_papers.html", context)


@require_POST
@portal_page(Scope.CLINICAL)
def ask(request: HttpRequest, patient: Patient, paper_kind: str) -> HttpResponse:
    if paper_kind not in OF_PATIENT:
        raise Http404
    user: Any = request.user
    asked = ask_paper(by=user, patient=patient, kind=paper_kind, now=timezone.now())
    return redirect("records_portal:paper", asked.pk)


@require_POST
@own_encounter
def ask_summary(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    kind = Paper.Kind.SUMMARY
    try:
        asked = ask_paper(by=user, patient=patient, kind=kind, encounter=encounter, now=timezone.now())
    except NotAsked as problem:
        messages.error(request, str(problem))
        return redirect("records_portal:summaries")
    return redirect("records_portal:paper", asked.pk)


@require_safe
@portal_page(Scope.CLINICAL)
def paper(request: HttpRequest, patient: Patient, paper_id: UUID) -> HttpResponse:
    """Asks again by itself while it is being made."""
    found = paper_of(request, patient, paper_id)
    context = {"patient": patient, "paper": found, "late": is_late(found, timezone.now())}
    context["print_subject"] = f"{patient.name}."
    return render(request, "records/portal_paper.html", context)


@require_safe
@portal_page(Scope.CLINICAL)
def open_pdf(request: HttpRequest, patient: Patient, paper_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = paper_of(request, patient, paper_id)
    try:
        return redirect(signed_link(open_paper(by=user, paper=found)))
    except NotOpened as problem:
        messages.error(request, str(problem))
        return redirect("records_portal:paper", found.pk)


def paper_of(request: HttpRequest, patient: Patient, paper_id: UUID) -> Paper:
    user: Any = request.user
    found: Paper = get_object_or_404(
        with_all(Paper.objects.visible_to(user).filter(patient_id=patient.pk)), pk=paper_id
    )
    return found
