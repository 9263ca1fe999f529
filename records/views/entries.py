"""The timeline of a chart, one entry with its versions, and how it is voided."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.access.entries import can_void
from records.access.marking import can_mark
from records.actions.entries import void_entry
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.entries import VoidForm
from records.forms.kinds import form_of
from records.forms.timeline import TimelineForm
from records.forms.vitals import CorrectVitalForm
from records.kinds import kinds
from records.kinds.imported import because
from records.models import Entry
from records.models.entries import UNMARKED
from records.queries import entries as queries
from records.queries.amendments import requests_about
from records.queries.lines import line_of, lines_of
from records.queries.resources import contents_of, kept_by_type
from records.queries.timeline import Narrowing, last_visit, page_of, timeline
from records.rules.laboratory import TESTS

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "records:entries"


def find_entry(user: Any, patient: Patient, entry_id: UUID) -> Entry:
    """An entry of this patient, also a void one. Raises Http404."""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk)
    named = rows.select_related("author", "enterer", "encounter", "voided_by", "acknowledged_by", "released_by")
    entry: Entry = get_object_or_404(named, pk=entry_id)
    entry.patient = patient  # known already, with its site
    return entry


@require_safe
@of_patient(Permission.READ_CLINICAL)
def entries(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    seen = last_visit(user, patient)
    form = TimelineForm(request.GET, seen=seen)
    asked = form.narrowing()
    page = timeline(user, patient, asked, after=uuid_of(request.GET.get("after", "")))
    kept = form.kept()
    here = reverse("records:entries", args=[patient.pk])
    context = chart_context(request, patient) | {
        "lines": lines_of(page.entries),
        "form": form,
        "seen": seen,
        "seen_on": timezone.localdate(seen.started_at) if seen and seen.started_at else None,
        "is_since": asked.since is not None,
        "is_narrowed": asked != Narrowing(),
        "recordable": [found for found in kinds().values() if form_of(found.slug) and can(user, found.permission)],
        "next_url": f"{here}?{urlencode(kept | {'after': str(page.after)})}" if page.after else "",
        "first_url": f"{here}?{urlencode(kept)}" if request.GET.get("after") else "",
    }
    return render(request, "records/entries.html", context)


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_safe
@of_patient(Permission.READ_CLINICAL)
def imported(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What other systems told and no kind holds, by type."""
    user: Any = request.user
    types = kept_by_type(user, patient)
    wanted = request.GET.get("type", "")
    wanted = wanted if wanted in types else ""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk).current().of_kind("imported")
    rows = rows.filter(code=wanted) if wanted else rows
    page = page_of(user, patient, rows, after=uuid_of(request.GET.get("after", "")))
    kept = {"type": wanted} if wanted else {}
    here = reverse("records:imported", args=[patient.pk])
    context = chart_context(request, patient, tab=TAB) | {
        "lines": lines_of(page.entries),
        "types": types,
        "type": wanted,
        "next_url": f"{here}?{urlencode(kept | {'after': str(page.after)})}" if page.after else "",
        "first_url": f"{here}?{urlencode(kept)}" if request.GET.get("after") else "",
    }
    return render(request, "records/imported.html", context)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def entry(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_entry(user, patient, entry_id)
    queries.with_parts(user, patient, [found])
    chain = queries.versions_of(user, found)
    latest = chain[-1]
    standing = found.voided_at is None and found.superseded_at is None
    correctable = _can_correct(found)
    context = chart_context(request, patient, tab=TAB) | {
        "line": line_of(found),
        "told": contents_of(found),
        "asked": requests_about(user, patient.pk, [version.pk for version in chain]),
        "now": timezone.now(),
        "because": because(found),
        "versions": [line_of(version) for version in chain] if len(chain) > 1 else [],
        "latest": latest if latest.pk != found.pk else None,
        "may_void": standing and can_void(user, found),
        "may_correct": standing and correctable and can_void(user, found),
        "may_change": standing and _can_change(found) and can_void(user, found),
        "own_form": bool(form_of(found.kind)),
        "may_mark": found.kind not in UNMARKED and can_mark(user, [found]),
    }
    return render(request, "records/entry.html", context)


def _can_correct(entry: Entry) -> bool:
    """Whether there is a form for it: of results those of our list, also where another system told of them."""
    if entry.kind == "laboratory_result":
        return entry.code in TESTS
    if form_of(entry.kind) or entry.kind == "diagnostic_report":
        return not entry.source
    return entry.kind == "vital_signs" and CorrectVitalForm.can_correct(entry.code)


def _can_change(entry: Entry) -> bool:
    kind = kinds().get(entry.kind)
    return bool(kind and not kind.own_moves and kind.clinical_moves.get(entry.clinical_status))


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.READ_CLINICAL)
def void(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_entry(user, patient, entry_id)
    form = VoidForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            void_entry(by=user, entry=found, reason=form.cleaned_data["reason"], now=timezone.now())
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Marked as wrong. It stays in the record, and counts nowhere."))
            return redirect("records:entry", patient.pk, found.pk)
    context = chart_context(request, patient, tab=TAB) | {"line": line_of(found), "form": form}
    return render(request, "records/void.html", context, status=422 if form.is_bound else 200)
