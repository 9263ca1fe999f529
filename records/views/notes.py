"""The pages of the note: write, save as one types, compare two texts, sign, add, and what waits to be signed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import Missing, requires, step_up
from healthcare.accounts.permissions import Permission
from healthcare.ui.dates import time_text
from patients.actions import refuse_chart
from patients.doors import chart_context
from patients.models import Patient
from records.access.encounters import holds
from records.actions import notes as actions
from records.actions.diagnosing import choose_diagnosis
from records.actions.macros import favour_macro as keep_favourite
from records.actions.notes import DraftMoved, NoteIncomplete, NotWritable
from records.actions.signing import NotSigned, list_to_cosign
from records.doors import find_encounter, of_encounter
from records.forms.notes import LABELS, AddendumForm, NoteForm
from records.models import Draft, Encounter, Entry, Macro
from records.parts import NOTE_CARD
from records.queries import encounters as queries
from records.queries.macros import filled, macros_for, template_of
from records.rules.diagnoses import Place
from records.rules.notes import PARTS, NoteText, differing, note_text
from records.views.entries import find_entry

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "records:encounters"
REFUSED = (NotWritable, PermissionDenied)


# == Write ==
@require_http_methods(READ_AND_WRITE)
@of_encounter(Permission.WRITE_NOTE)
def note(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    if request.method != "POST":
        if encounter.note_signed_at is not None or not holds(user, encounter):
            return redirect("records:encounter", patient.pk, encounter.pk)
        draft = queries.draft_of(user, encounter)
        return note_page(request, patient, encounter, NoteForm.of(encounter, draft, by=user), draft=draft)
    form = NoteForm(request.POST, by=user)
    if not form.is_valid():
        return note_page(request, patient, encounter, form)
    try:
        actions.save_draft(by=user, encounter=encounter, **typed(form))
    except DraftMoved as moved:
        return conflict_page(request, patient, encounter, form.text(), moved.draft, form.cleaned_data["sensitivity"])
    except REFUSED as problem:
        form.add_error(None, str(problem))
        return note_page(request, patient, encounter, form)
    messages.success(request, _("The draft is saved. Only you see it."))
    return redirect("records:note", patient.pk, encounter.pk)


def typed(form: NoteForm) -> dict[str, Any]:
    return {"text": form.text()} | {name: form.cleaned_data[name] for name in ("version", "pen", "sensitivity")}


def note_page(
    request: HttpRequest, patient: Patient, encounter: Encounter, form: NoteForm, *, draft: Draft | None = None
) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    macros = macros_for(user, encounter)
    template = template_of(macros, request.GET.get("template", "")) if not form.is_bound else None
    if template is not None:
        form.initial.update(vars(filled(note_text({part: form.initial[part] for part in PARTS}), template)))
    context = chart_context(request, patient, tab=TAB) | {
        "encounter": encounter,
        "form": form,
        "draft": draft,
        "beside": queries.beside_note(user, encounter),
        "previous": queries.previous_visit(user, encounter),
        "macros": macros,
        "filled": template,
        "cards": queries.cards_for_visit(NOTE_CARD, encounter, user, now),
    }
    return render(request, "records/note.html", context, status=422 if form.is_bound else 200)


def conflict_page(
    request: HttpRequest, patient: Patient, encounter: Encounter, mine: NoteText, draft: Draft, mark: str
) -> HttpResponse:
    """Both texts side by side; what is sent from here replaces the version that is shown here."""
    kept = note_text(draft.content)
    seen = {"version": draft.version, "writer": draft.author_id, "sensitivity": mark}
    form = NoteForm(initial=vars(mine) | seen, by=draft.author)
    other = set(differing(kept, mine))
    context = chart_context(request, patient, tab=TAB) | {
        "encounter": encounter,
        "draft": draft,
        "form": form,
        "parts": [
            {"field": field, "label": LABELS[field.name], "kept": getattr(kept, field.name)}
            for field in form.written()
            if field.name in other
        ],
        "same": [field for field in form.written() if field.name not in other],
    }
    return render(request, "records/conflict.html", context, status=409)


@require_POST
@of_encounter(Permission.WRITE_NOTE)
def favour_macro(request: HttpRequest, patient: Patient, encounter: Encounter, *, macro_id: UUID) -> HttpResponse:
    user: Any = request.user
    keep_favourite(by=user, macro=get_object_or_404(Macro, pk=macro_id), wanted=request.POST.get("wanted") == "1")
    return redirect("records:note", patient.pk, encounter.pk)


@require_POST
@of_encounter(Permission.WRITE_NOTE)
def choose(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    """One press beside a problem: what is written so far is kept with it, so that nothing typed is lost."""
    user: Any = request.user
    form = NoteForm(request.POST, by=user)
    if not form.is_valid():
        return note_page(request, patient, encounter, form)
    try:
        place, problem = chosen(user, patient, request.POST.get("diagnosis", ""))
        actions.save_draft(by=user, encounter=encounter, **typed(form))
        choose_diagnosis(by=user, encounter=encounter, problem=problem, place=place)
    except DraftMoved as moved:
        return conflict_page(request, patient, encounter, form.text(), moved.draft, form.cleaned_data["sensitivity"])
    except REFUSED as problem:
        form.add_error(None, str(problem))
        return note_page(request, patient, encounter, form)
    return redirect(f"{reverse('records:note', args=[patient.pk, encounter.pk])}#diagnoses")


def chosen(user: Any, patient: Patient, said: str) -> tuple[Place, Entry]:
    """What the button says: what is done with which problem. Raises Http404 for anything else."""
    place, _colon, key = said.partition(":")
    if place not in list(Place):
        raise Http404
    try:
        return Place(place), find_entry(user, patient, UUID(key))
    except ValueError:
        raise Http404 from None


# == Saved as one types ==
@require_http_methods(["GET", "POST"])
@requires(Permission.WRITE_NOTE)
def draft(request: HttpRequest, patient_id: UUID, encounter_id: UUID) -> JsonResponse:
    """What the page's script asks: POST keeps the text; GET says who is signed in now, with a token to go on.

    It shows nothing of the chart, so the chart is not opened anew each few seconds.
    """
    user: Any = request.user
    try:
        encounter = find_encounter(user, patient_id, encounter_id)
    except Http404:
        refuse_chart(by=user, patient_id=patient_id)
        raise Missing from None
    if request.method == "GET":
        return JsonResponse({"writer": str(user.pk), "token": get_token(request)})
    form = NoteForm(request.POST, by=user)
    if not form.is_valid():
        sentence = next(str(error) for errors in form.errors.values() for error in errors)
        return answer("others" if form.is_others() else "refused", 409 if form.is_others() else 422, sentence)
    try:
        kept = actions.save_draft(by=user, encounter=encounter, **typed(form))
    except DraftMoved as moved:
        return answer("moved", 409, str(moved))
    except REFUSED as problem:
        return answer("closed", 409, str(problem))
    with timezone.override(encounter.time_zone):
        said = _("Draft saved %(time)s") % {"time": time_text(kept.updated_at)}
    return JsonResponse({"state": "saved", "version": kept.version, "sentence": said})


def answer(state: str, status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"state": state, "sentence": sentence}, status=status)


@require_http_methods(READ_AND_WRITE)
@of_encounter(Permission.WRITE_NOTE)
def throw_away(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    draft = queries.draft_of(user, encounter)
    if draft is None:
        return redirect("records:encounter", patient.pk, encounter.pk)
    if request.method != "POST":
        context = chart_context(request, patient, tab=TAB) | {"encounter": encounter, "draft": draft}
        return render(request, "records/throw_away.html", context)
    version = request.POST.get("version", "")
    try:
        actions.throw_draft_away(by=user, encounter=encounter, version=int(version) if version.isdecimal() else 0)
    except (DraftMoved, PermissionDenied) as problem:
        messages.error(request, str(problem))
        return redirect("records:note", patient.pk, encounter.pk)
    messages.success(request, _("The draft is gone. The note of this visit is still to be written."))
    return redirect("records:encounter", patient.pk, encounter.pk)


# == Sign ==
@require_POST
@of_encounter(Permission.WRITE_NOTE)
@step_up
def sign(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    form = NoteForm(request.POST, by=user)
    if not form.is_valid():
        return note_page(request, patient, encounter, form)
    try:
        actions.sign_note(by=user, encounter=encounter, now=timezone.now(), **typed(form))
    except DraftMoved as moved:
        return conflict_page(request, patient, encounter, form.text(), moved.draft, form.cleaned_data["sensitivity"])
    except NoteIncomplete as problem:
        form.say_missing(problem.missing)
        return note_page(request, patient, encounter, form)
    except REFUSED as problem:
        form.add_error(None, str(problem))
        return note_page(request, patient, encounter, form)
    messages.success(request, _("Signed. The note cannot be changed any more; you can add to it."))
    return redirect("records:encounter", patient.pk, encounter.pk)


@require_http_methods(READ_AND_WRITE)
@of_encounter(Permission.WRITE_NOTE)
def add_addendum(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponseBase:
    """Asked who one is when it is signed, not before it is written."""
    if request.method == "POST":
        return sign_addendum(request, patient, encounter)
    return addendum_page(request, patient, encounter, AddendumForm())


@step_up
def sign_addendum(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    form = AddendumForm(request.POST)
    note = queries.visit_page(user, encounter).note
    if note is not None and form.is_valid():
        try:
            actions.add_addendum(by=user, note=note.entry, text=form.cleaned_data["text"], now=timezone.now())
        except (actions.NothingToAdd, NotSigned, PermissionDenied) as problem:
            form.add_error("text", str(problem))
        else:
            messages.success(request, _("The addendum is signed and stands below the note."))
            return redirect("records:encounter", patient.pk, encounter.pk)
    return addendum_page(request, patient, encounter, form)


def addendum_page(request: HttpRequest, patient: Patient, encounter: Encounter, form: AddendumForm) -> HttpResponse:
    user: Any = request.user
    page = queries.visit_page(user, encounter)
    if page.note is None:
        raise Http404
    context = chart_context(request, patient, tab=TAB) | {"encounter": encounter, "form": form, "page": page}
    return render(request, "records/addendum.html", context, status=422 if form.is_bound else 200)


# == What waits ==
@require_safe
@requires(Permission.WRITE_NOTE)
def notes_to_sign(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    waiting = actions.list_notes_to_sign(by=user, now=timezone.now())
    context = {
        "overdue": [item for item in waiting if item.late],
        "waiting": [item for item in waiting if not item.late and not item.to_cosign],
        "to_cosign": list_to_cosign(by=user),
    }
    return render(request, "records/notes_to_sign.html", context)
