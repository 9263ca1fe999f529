"""What was before: operations, the family, and how somebody lives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.histories import (
    FAMILY,
    NONE_KNOWN,
    SURGERY,
    Saying,
    record_living,
    record_none_known,
    record_operation,
    record_relative,
)
from records.actions.writing import AlreadyThere, NotCurrent, NotRecorded
from records.forms.histories import LivingForm, OperationForm, RelativeForm
from records.models import Entry
from records.queries.entries import running_encounter
from records.queries.histories import histories_of
from records.queries.lines import line_of
from records.views.entries import READ_AND_WRITE, find_entry

TAB = "records:histories"


@dataclass(frozen=True)
class Subject:
    """What the form for one of them is called, and where it leads."""

    title: Promise
    form: type[OperationForm] | type[RelativeForm]
    template: str
    record: Callable[[Any, Patient, Any, Saying], Entry]


SUBJECTS = {
    SURGERY: Subject(
        _lazy("Operation"),
        OperationForm,
        "records/record_operation.html",
        lambda by, patient, told, saying: record_operation(
            by=by, patient=patient, operation=told, now=timezone.now(), saying=saying
        ),
    ),
    FAMILY: Subject(
        _lazy("Family history"),
        RelativeForm,
        "records/record_relative.html",
        lambda by, patient, told, saying: record_relative(
            by=by, patient=patient, relative=told, now=timezone.now(), saying=saying
        ),
    ),
}
SLUGS = {"surgery": SURGERY, "family": FAMILY}


@require_safe
@of_patient(Permission.READ_CLINICAL)
def histories(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient) | {
        "found": histories_of(user, patient),
        "may_record": can(user, Permission.RECORD_HISTORY),
    }
    return render(request, "records/histories.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_HISTORY)
def record(request: HttpRequest, patient: Patient, subject: str) -> HttpResponse:
    if subject not in SLUGS:
        raise Http404
    return _write(request, patient, SLUGS[subject])


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_HISTORY)
def change(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    found = find_entry(request.user, patient, entry_id)
    if found.kind not in SUBJECTS or found.code in {code for code, _display in NONE_KNOWN.values()} or found.source:
        raise Http404
    return _write(request, patient, found.kind, found)


def _write(request: HttpRequest, patient: Patient, kind: str, before: Entry | None = None) -> HttpResponse:
    """A new one, or the next version of one; the same twice is asked about."""
    user: Any = request.user
    subject = SUBJECTS[kind]
    initial = subject.form.said_of(before) if before else {}
    form = subject.form(request.POST if request.method == "POST" else None, patient=patient, initial=initial)
    if form.is_valid():
        encounter = before.encounter if before else running_encounter(user, patient)
        said = {name: form.cleaned_data[name] for name in ("sensitivity", "though")}
        try:
            subject.record(user, patient, form.told(), Saying(encounter=encounter, replaces=before, **said))
        except AlreadyThere as there:
            form.warn(str(there), there.standing)
        except (NotRecorded, NotCurrent) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(
                request, _("Changed. What was said before stays in the record.") if before else _("Recorded.")
            )
            return redirect(TAB, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "title": subject.title,
        "line": line_of(before) if before else None,
        "standing": line_of(form.standing) if form.standing else None,
    }
    return render(request, subject.template, context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_HISTORY)
def living(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = LivingForm(request.POST if request.method == "POST" else None, patient=patient)
    if form.is_valid():
        record_living(
            by=user,
            patient=patient,
            answers=form.answers(),
            note=form.cleaned_data["note"],
            now=timezone.now(),
            encounter=running_encounter(user, patient),
        )
        messages.success(request, _("Recorded."))
        return redirect(TAB, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form}
    return render(request, "records/record_living.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.RECORD_HISTORY)
def none_known(request: HttpRequest, patient: Patient, subject: str) -> HttpResponse:
    user: Any = request.user
    if subject not in SLUGS:
        raise Http404
    encounter = running_encounter(user, patient)
    try:
        record_none_known(by=user, patient=patient, kind=SLUGS[subject], now=timezone.now(), encounter=encounter)
    except NotRecorded as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Recorded: you asked, and there is nothing."))
    return redirect(TAB, patient.pk)
