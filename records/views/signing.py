"""The pages of what is signed besides the doctor's first note: amend, the nurse's part, co-sign, and what waits."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from healthcare.accounts.guards import step_up
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.access.signing import can_amend
from records.actions import signing as actions
from records.actions.signing import NotSigned
from records.actions.writing import NotCurrent
from records.doors import of_encounter
from records.forms.notes import AmendForm, NursingForm
from records.models import Encounter, Entry
from records.queries import encounters as queries
from records.rules.notes import NoteText

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "records:encounters"
REFUSED = (NotSigned, NotCurrent, PermissionDenied)


# == Amend ==
@require_http_methods(READ_AND_WRITE)
@of_encounter(Permission.WRITE_NOTE)
def amend(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponseBase:
    """Asked who one is when it is signed, not before it is written."""
    user: Any = request.user
    note = queries.visit_page(user, encounter).note
    if note is None:
        raise Http404
    if request.method == "POST":
        return sign_amended(request, patient, encounter, note)
    if not can_amend(user, note.entry):
        messages.error(request, _("You cannot amend this note. You can add to it."))
        return redirect("records:encounter", patient.pk, encounter.pk)
    return amend_page(request, patient, encounter, note, AmendForm(initial=vars(note.text)))


@step_up
def sign_amended(
    request: HttpRequest, patient: Patient, encounter: Encounter, note: queries.SignedNote
) -> HttpResponse:
    user: Any = request.user
    form = AmendForm(request.POST)
    if form.is_valid():
        if request.POST.get("version") != str(note.entry.pk):
            form.add_error(None, _("Somebody amended this note meanwhile. It stands beside yours as it is now."))
            return amend_page(request, patient, encounter, note, form)
        text: NoteText = form.text()
        form.say_missing(text.missing())
    if form.is_valid():
        because = form.cleaned_data["because"]
        try:
            actions.amend_note(by=user, note=note.entry, text=form.text(), because=because, now=timezone.now())
        except REFUSED as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The amended note is signed. The version before stays to be read."))
            return redirect("records:encounter", patient.pk, encounter.pk)
    return amend_page(request, patient, encounter, note, form)


def amend_page(
    request: HttpRequest, patient: Patient, encounter: Encounter, note: queries.SignedNote, form: AmendForm
) -> HttpResponse:
    context = chart_context(request, patient, tab=TAB) | {"encounter": encounter, "form": form, "note": note}
    return render(request, "records/amend.html", context, status=422 if form.is_bound else 200)


# == The nurse's part ==
@require_http_methods(READ_AND_WRITE)
@of_encounter(Permission.WRITE_NURSING_NOTE)
def nursing_note(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponseBase:
    if request.method == "POST":
        return sign_nursing(request, patient, encounter)
    return nursing_page(request, patient, encounter, NursingForm())


@step_up
def sign_nursing(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    form = NursingForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            actions.sign_nursing_note(
                by=user, encounter=encounter, told=said["told"], found=said["found"], now=timezone.now()
            )
        except REFUSED as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Your part is signed and stands beside the doctor's."))
            return redirect("records:encounter", patient.pk, encounter.pk)
    return nursing_page(request, patient, encounter, form)


def nursing_page(request: HttpRequest, patient: Patient, encounter: Encounter, form: NursingForm) -> HttpResponse:
    context = chart_context(request, patient, tab=TAB) | {"encounter": encounter, "form": form}
    return render(request, "records/nursing_note.html", context, status=422 if form.is_bound else 200)


# == Co-sign ==
@require_POST
@of_patient(Permission.WRITE_NOTE)
@step_up
def cosign(request: HttpRequest, patient: Patient, *, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    seen = Entry.objects.visible_to(user).filter(patient_id=patient.pk, encounter__isnull=False)
    entry: Entry = get_object_or_404(seen, pk=entry_id)
    try:
        actions.cosign(by=user, entry=entry, now=timezone.now())
    except REFUSED as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Co-signed. It is final now, and the patient may read it."))
    return redirect("records:encounter", patient.pk, entry.encounter_id)
