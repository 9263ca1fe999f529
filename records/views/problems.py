"""The list of problems: find a code, add it, and say what became of a problem."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from healthcare.ui.frames import frame
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.codes import drop_favorite, keep_favorite
from records.actions.entries import NotAMove, change_clinical_status
from records.actions.problems import record_condition
from records.actions.writing import AlreadyThere, NotCurrent, NotRecorded
from records.doors import find_encounter
from records.forms.entries import ConditionForm, StatusForm
from records.kinds import kind_of
from records.kinds.condition import PRESENT
from records.models import Encounter, Entry
from records.queries.codes import code_of, favorites_of, find_codes
from records.queries.entries import active_entries
from records.queries.lines import line_of, lines_of
from records.views.entries import READ_AND_WRITE, find_entry

TAB = "records:problems"
SHORTEST = 2


@require_safe
@of_patient(Permission.READ_CLINICAL)
def problems(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    rows = list(active_entries(user, patient, "condition").select_related("author"))
    present = [row for row in rows if row.clinical_status in PRESENT]
    context = chart_context(request, patient) | {
        "present": lines_of(present),
        "past": lines_of(row for row in rows if row not in present),
        "may_record": can(user, Permission.RECORD_CONDITION),
    }
    return render(request, "records/problems.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_CONDITION)
def record(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Search by GET, a picked code by GET, and by POST it goes on the list; `encounter` leads back to the note."""
    user: Any = request.user
    given = request.POST if request.method == "POST" else request.GET
    encounter = _encounter(user, patient, given.get("encounter", ""))
    form = ConditionForm(request.POST) if request.method == "POST" else None
    standing = None
    if form is not None and form.is_valid() and (code := code_of(form.cleaned_data["code"])):
        said = {name: form.cleaned_data[name] for name in ("onset", "note", "sensitivity", "though")}
        try:
            record_condition(by=user, patient=patient, code=code, now=timezone.now(), encounter=encounter, **said)
        except AlreadyThere as there:
            standing = there.standing
            form.add_error("though", str(there))
        except NotRecorded as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("On the list of problems now."))
            if encounter is not None:
                return redirect("records:note", patient.pk, encounter.pk)
            return redirect("records:problems", patient.pk)
    text = request.GET.get("q", "").strip()
    picked = code_of(given.get("code", ""))
    context = chart_context(request, patient, tab=TAB) | {
        "text": text,
        "found": find_codes(text) if len(text) >= SHORTEST else [],
        "searched": len(text) >= SHORTEST,
        "picked": picked,
        "favorites": (favorites := favorites_of(user)),
        "is_favorite": picked in favorites,
        "standing": line_of(standing) if standing else None,
        "encounter": encounter,
        "form": form
        or ConditionForm(initial={"code": picked.code if picked else "", "encounter": given.get("encounter")}),
        "frame": frame(request, "patients/chart_page.html"),
    }
    return render(request, "records/record_condition.html", context, status=422 if form is not None else 200)


@require_POST
@of_patient(Permission.RECORD_CONDITION)
def favorite(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Keep a code at hand, or no longer; what is no code leads back to the search."""
    user: Any = request.user
    code = code_of(request.POST.get("code", ""))
    if code is not None:
        change = keep_favorite if request.POST.get("keep") else drop_favorite
        change(by=user, code=code)
    asked = ({"code": code.code} if code else {}) | (
        {"encounter": visit} if (visit := request.POST.get("encounter", "")) else {}
    )
    return redirect(f"{reverse('records:record_condition', args=[patient.pk])}?{urlencode(asked)}")


def _encounter(user: Any, patient: Patient, text: str) -> Encounter | None:
    try:
        return find_encounter(user, patient.pk, UUID(text)) if text else None
    except ValueError:
        return None


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_CONDITION)
def change(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    """Only what may follow is a choice, and why."""
    user: Any = request.user
    found = find_of_kind(user, patient, entry_id, "condition")
    kind = kind_of(found.kind)
    form = StatusForm(request.POST if request.method == "POST" else None, kind=kind, now=found.clinical_status)
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("status", "because")}
        try:
            change_clinical_status(by=user, entry=found, now=timezone.now(), **said)
        except (NotAMove, NotCurrent) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Changed. What was said before stays in the record."))
            return redirect(TAB, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "line": line_of(found),
        "now": kind.clinical_words[found.clinical_status],
        "back": TAB,
    }
    return render(request, "records/change_status.html", context, status=422 if form.is_bound else 200)


def find_of_kind(user: Any, patient: Patient, entry_id: UUID, kind: str) -> Entry:
    """Raises Http404."""
    found = find_entry(user, patient, entry_id)
    if found.kind != kind or not found.clinical_status:
        raise Http404
    return found
