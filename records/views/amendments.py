"""Requests for an amendment: those that wait, of one patient, and one with its answer, disagreement and rebuttal."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.ui.dates import day_text
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.access.amendments import can_answer
from records.actions import amendments as verbs
from records.actions.writing import NotCurrent, NotRecorded
from records.forms.amendments import AcceptForm, DenyForm, ExtendForm, MadeForm, RebutForm
from records.models import AmendmentRequest, Entry
from records.queries import amendments as queries
from records.queries.lines import line_of

TAB = "records:entries"


@require_safe
@requires(Permission.WRITE_NOTE)
def to_answer(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    context = {"found": verbs.list_amendments(by=user), "now": timezone.now(), "opens": True}
    return render(request, "records/amendments_open.html", context)


@require_safe
@requires(Permission.REVIEW_ACCESS)
def watch(request: HttpRequest) -> HttpResponse:
    """The clock alone, of all patients: without names, and without a word of what was asked."""
    user: Any = request.user
    context = {"found": verbs.watch_amendments(by=user), "now": timezone.now(), "opens": False}
    return render(request, "records/amendments_open.html", context)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def amendments(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient, tab=TAB) | {"asked": queries.requests_of(user, patient)}
    return render(request, "records/amendments.html", context)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def amendment(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    return _page(request, patient, find_request(request.user, patient, amendment_id))


# == What becomes of it ==
@require_POST
@of_patient(Permission.WRITE_NOTE)
def take(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_request(user, patient, amendment_id)
    try:
        verbs.take_amendment(by=user, request=found, now=timezone.now())
    except NotCurrent as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("This request is yours to answer."))
    return redirect("records:amendment", patient.pk, found.pk)


@require_POST
@of_patient(Permission.WRITE_NOTE)
def accept(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    found, form = find_request(request.user, patient, amendment_id), AcceptForm(request.POST, prefix="accept")
    said = _("Accepted, and the patient is told. Amend the record now, and name here where it says so.")
    return _do(request, patient, found, "accepting", form, verbs.accept_amendment, said)


@require_POST
@of_patient(Permission.WRITE_NOTE)
def deny(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    found, form = find_request(request.user, patient, amendment_id), DenyForm(request.POST, prefix="deny")
    said = _("Denied. The patient reads why, and may disagree.")
    return _do(request, patient, found, "denying", form, verbs.deny_amendment, said)


@require_POST
@of_patient(Permission.WRITE_NOTE)
def extend(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    found, form = find_request(request.user, patient, amendment_id), ExtendForm(request.POST, prefix="extend")
    said = _("Thirty days more. The patient reads why.")
    return _do(request, patient, found, "extending", form, verbs.extend_amendment, said)


@require_POST
@of_patient(Permission.WRITE_NOTE)
def rebut(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    found, form = find_request(request.user, patient, amendment_id), RebutForm(request.POST, prefix="rebut")
    said = _("Said. The patient reads it, and it stays with the record.")
    return _do(request, patient, found, "rebutting", form, verbs.rebut_disagreement, said)


@require_POST
@of_patient(Permission.WRITE_NOTE)
def make(request: HttpRequest, patient: Patient, amendment_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_request(user, patient, amendment_id)
    since = {row.pk: row for row in queries.amended_in(user, found)}
    form = MadeForm(request.POST, prefix="make", choices=_choices(since.values()))

    def made(*, entry: UUID, **said: Any) -> None:
        verbs.make_amendment(entry=since[entry], **said)

    return _do(request, patient, found, "making", form, made, _("Done. The request says where."))


def find_request(user: Any, patient: Patient, amendment_id: UUID) -> AmendmentRequest:
    """Raises Http404."""
    seen = AmendmentRequest.objects.visible_to(user).filter(patient_id=patient.pk)
    found: AmendmentRequest = get_object_or_404(seen.select_related(*queries.PEOPLE), pk=amendment_id)
    found.patient = patient  # known already, with its site
    return found


def _do(
    request: HttpRequest,
    patient: Patient,
    found: AmendmentRequest,
    name: str,
    form: forms.Form,
    verb: Callable[..., object],
    said: str,
) -> HttpResponse:
    """Do it with what was typed, say so, and go back to the request; or say why not, and keep what was typed."""
    if form.is_valid():
        try:
            verb(by=request.user, request=found, now=timezone.now(), **form.cleaned_data)
        except (NotCurrent, NotRecorded) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, said)
            return redirect("records:amendment", patient.pk, found.pk)
    return _page(request, patient, found, **{name: form})


def _choices(entries: Any) -> list[tuple[str, str]]:
    lines = [line_of(entry) for entry in entries]
    return [
        (str(line.entry.pk), f"{line.title}, {day_text(timezone.localdate(line.entry.created_at))}, {line.status}")
        for line in lines
    ]


def _page(request: HttpRequest, patient: Patient, found: AmendmentRequest, **bound: forms.Form) -> HttpResponse:
    """The request with what may be done now; a form that was sent and refused keeps what was typed."""
    user: Any = request.user
    answers = can_answer(user, found) and not patient.deceased
    waits, now = answers and found.state == "waiting", timezone.now()
    to_make = answers and found.state == "accepted" and found.made_at is None
    since: list[Entry] = queries.amended_in(user, found) if to_make else []
    (line,) = queries.with_entries(user, patient.pk, [found])
    offered: dict[str, forms.Form | None] = {
        "accepting": AcceptForm(prefix="accept") if waits else None,
        "denying": DenyForm(prefix="deny") if waits else None,
        "extending": ExtendForm(prefix="extend") if waits and not found.extended_at and now <= found.due_at else None,
        "rebutting": RebutForm(prefix="rebut") if answers and found.disagreed_at and not found.rebutted_at else None,
        "making": MadeForm(prefix="make", choices=_choices(since)) if since else None,
    }
    refused = next(iter(bound.values()), None)
    context = chart_context(request, patient, tab=TAB) | offered | bound
    context |= {"line": line, "now": now, "waits": waits, "to_make": to_make, "refused": refused}
    return render(request, "records/amendment.html", context, status=422 if refused else 200)
