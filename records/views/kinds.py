"""Whatever a kind's own form records: one page for all of them, and one to say it otherwise."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.access.entries import check_can_record
from records.actions.entries import NotAMove, change_clinical_status, record_said
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.entries import StatusForm
from records.forms.kinds import form_of
from records.kinds import NotOfKind, kind_of
from records.models import Entry
from records.queries.entries import running_encounter
from records.queries.lines import line_of
from records.views.entries import READ_AND_WRITE, TAB, find_entry


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.READ_CLINICAL)
def record(request: HttpRequest, patient: Patient, entry_kind: str) -> HttpResponse:
    """By the kind's form. Raises Http404 for a kind without one."""
    return _typed(request, patient, entry_kind, None)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.READ_CLINICAL)
def correct(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    """The same form with what stands there; what was said before stays in the record."""
    found = find_entry(request.user, patient, entry_id)
    return _typed(request, patient, found.kind, found)


def _typed(request: HttpRequest, patient: Patient, slug: str, before: Entry | None) -> HttpResponse:
    user: Any = request.user
    made = form_of(slug)
    if made is None:
        raise Http404
    kind, now = kind_of(slug), timezone.now()
    check_can_record(user, patient, slug)
    form = made(
        request.POST if request.method == "POST" else None,
        patient=patient,
        initial=made.typed(before) if before else None,
    )
    if before is not None:
        del form.fields["day"], form.fields["sensitivity"]
    if form.is_valid():
        visit = None if before else running_encounter(user, patient)
        mark = "" if before else form.cleaned_data["sensitivity"]
        said = form.said() if before else replace(form.said(), effective_at=form.at(now))
        try:
            entry = record_said(
                by=user,
                patient=patient,
                kind=slug,
                said=said,
                now=now,
                encounter=visit,
                sensitivity=mark,
                replaces=before,
            )
        except (NotRecorded, NotOfKind, NotCurrent) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Recorded: %(title)s") % {"title": line_of(entry).title})
            return redirect("records:entry", patient.pk, entry.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "kind": kind, "before": before}
    return render(request, "records/record_kind.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.READ_CLINICAL)
def change_status(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    """What has become of an entry whose kind declares clinical statuses: only what may follow is a choice."""
    user: Any = request.user
    found = find_entry(user, patient, entry_id)
    kind = kind_of(found.kind)
    if kind.own_moves or not kind.clinical_moves.get(found.clinical_status):
        raise Http404
    check_can_record(user, patient, found.kind)
    form = StatusForm(request.POST if request.method == "POST" else None, kind=kind, now=found.clinical_status)
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("status", "because")}
        try:
            entry = change_clinical_status(by=user, entry=found, now=timezone.now(), **said)
        except (NotAMove, NotCurrent) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Changed. What was said before stays in the record."))
            return redirect("records:entry", patient.pk, entry.pk)
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "line": line_of(found),
        "now": kind.clinical_words[found.clinical_status],
        "back": TAB,
    }
    return render(request, "records/change_status.html", context, status=422 if form.is_bound else 200)
