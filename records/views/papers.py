"""The pages of the staff about papers: which there are, one being made, a sick note, and the way to the PDF."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import step_up
from healthcare.accounts.permissions import Permission
from healthcare.storage.links import signed_link
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.access.papers import can_sign_sick_note, can_void
from records.actions.papers import NotAsked, NotOpened, NotVoid, ask_paper, open_paper, sign_sick_note, void_paper
from records.doors import of_encounter
from records.forms.papers import SickNoteForm, VoidPaperForm
from records.models import Encounter, Paper
from records.queries.papers import is_late, papers_of, with_all

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "records:papers"
OF_PATIENT = (Paper.Kind.CHART, Paper.Kind.IMMUNIZATIONS)


def find_paper(request: HttpRequest, patient: Patient, paper_id: UUID) -> Paper:
    """Raises Http404 for a paper that is another person's, or another patient's."""
    user: Any = request.user
    rows = with_all(Paper.objects.visible_to(user).filter(patient_id=patient.pk))
    found: Paper = get_object_or_404(rows, pk=paper_id)
    return found


@require_safe
@of_patient(Permission.READ_CLINICAL)
def papers(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient) | {"papers": papers_of(user, patient)}
    return render(request, "records/papers.html", context)


@require_POST
@of_patient(Permission.READ_CLINICAL)
def ask(request: HttpRequest, patient: Patient, paper_kind: str) -> HttpResponse:
    """A paper about the whole chart."""
    if paper_kind not in OF_PATIENT:
        raise Http404
    user: Any = request.user
    asked = ask_paper(by=user, patient=patient, kind=paper_kind, now=timezone.now())
    return redirect("records:paper", patient.pk, asked.pk)


@require_POST
@of_encounter(Permission.READ_CLINICAL)
def ask_summary(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    kind = Paper.Kind.SUMMARY
    try:
        asked = ask_paper(by=user, patient=patient, kind=kind, encounter=encounter, now=timezone.now())
    except NotAsked as problem:
        messages.error(request, str(problem))
        return redirect("records:encounter", patient.pk, encounter.pk)
    return redirect("records:paper", patient.pk, asked.pk)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def paper(request: HttpRequest, patient: Patient, paper_id: UUID) -> HttpResponse:
    """Asks again by itself while it is being made."""
    user: Any = request.user
    found = find_paper(request, patient, paper_id)
    context = chart_context(request, patient, tab=TAB) | {
        "paper": found,
        "late": is_late(found, timezone.now()),
        "may_void": not found.is_void and can_void(user, found),
    }
    return render(request, "records/paper.html", context)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def open_pdf(request: HttpRequest, patient: Patient, paper_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_paper(request, patient, paper_id)
    try:
        return redirect(signed_link(open_paper(by=user, paper=found)))
    except NotOpened as problem:
        messages.error(request, str(problem))
        return redirect("records:paper", patient.pk, found.pk)


# == Sick notes ==
@require_http_methods(READ_AND_WRITE)
@of_encounter(Permission.WRITE_NOTE)
def sick_note(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponseBase:
    """Asked who one is when it is signed, not before it is written."""
    user: Any = request.user
    if request.method == "POST":
        return sign_note(request, patient, encounter)
    if not can_sign_sick_note(user, encounter):
        messages.error(request, _("A sick note is signed by the provider who holds the visit, and not in training."))
        return redirect("records:encounter", patient.pk, encounter.pk)
    return sick_note_page(request, patient, encounter, SickNoteForm())


@step_up
def sign_note(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    form = SickNoteForm(request.POST)
    if form.is_valid():
        today, now = timezone.localdate(), timezone.now()
        try:
            signed = sign_sick_note(by=user, encounter=encounter, **form.cleaned_data, today=today, now=now)
        except (NotAsked, PermissionDenied) as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("records:paper", patient.pk, signed.pk)
    return sick_note_page(request, patient, encounter, form)


def sick_note_page(request: HttpRequest, patient: Patient, encounter: Encounter, form: SickNoteForm) -> HttpResponse:
    context = chart_context(request, patient, tab="records:encounters") | {"encounter": encounter, "form": form}
    return render(request, "records/sick_note.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.WRITE_NOTE)
def void(request: HttpRequest, patient: Patient, paper_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_paper(request, patient, paper_id)
    if found.is_void or not can_void(user, found):
        messages.error(request, _("Only a sick note that is not void yet is declared void."))
        return redirect("records:paper", patient.pk, found.pk)
    form = VoidPaperForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            void_paper(by=user, paper=found, reason=form.cleaned_data["reason"], now=timezone.now())
        except NotVoid as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The sick note is void. It opens for nobody any more."))
            return redirect("records:paper", patient.pk, found.pk)
    context = chart_context(request, patient, tab=TAB) | {"paper": found, "form": form}
    return render(request, "records/void_paper.html", context, status=422 if form.is_bound else 200)
