"""The list of allergies: what is known, who asked, what is new, and what has become of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from records.actions.allergies import change_allergy, list_allergies_to_ask, record_allergy, record_no_known_allergies
from records.actions.writing import AlreadyThere, NotCurrent, NotRecorded
from records.forms.allergies import AllergyForm, ChangeAllergyForm
from records.kinds.allergy import STANDINGS, standing_of
from records.queries.allergies import list_of, said_at
from records.queries.entries import running_encounter
from records.queries.lines import line_of, lines_of
from records.rules.same import those_like
from records.views.entries import READ_AND_WRITE
from records.views.problems import find_of_kind

TAB = "records:allergies"


@require_safe
@requires(Permission.RECORD_ALLERGY)
@never_cache
def to_ask(request: HttpRequest) -> HttpResponse:
    """Who comes soon, and was never asked."""
    user: Any = request.user
    context = {"found": list_allergies_to_ask(by=user, now=timezone.now())}
    return render(request, "records/allergies_to_ask.html", context)


@require_safe
@of_patient(Permission.READ_CLINICAL)
def allergies(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    found = list_of(user, patient)
    context = chart_context(request, patient) | {
        "active": lines_of(found.active),
        "past": lines_of(found.past),
        "wrong": lines_of(found.wrong),
        "none_known": found.none_known,
        "last": found.last,
        "last_at": found.last and said_at(found.last),
        "may_record": can(user, Permission.RECORD_ALLERGY),
    }
    return render(request, "records/allergies.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_ALLERGY)
def record(request: HttpRequest, patient: Patient) -> HttpResponse:
    """One that stands on the list already is asked about; one that is over, or was refuted, is told of afterwards."""
    user: Any = request.user
    form = AllergyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said = {
            "reaction": form.told(form.cleaned_data["substance"]),
            "encounter": running_encounter(user, patient),
            "though": form.cleaned_data["though"],
        }
        try:
            entry = record_allergy(by=user, patient=patient, now=timezone.now(), **said)
        except AlreadyThere as found:
            form.warn(str(found), found.standing)
        except NotRecorded as problem:
            form.add_error("substance", str(problem))
        else:
            messages.success(request, _("On the list of allergies now, and in the banner of every page."))
            for before in those_like(("", "", entry.display), list_of(user, patient).past)[:1]:
                told = {"substance": before.display, "standing": str(STANDINGS[standing_of(before)]).lower()}
                messages.warning(request, _("Look at what was said before: %(substance)s, %(standing)s.") % told)
            return redirect(TAB, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "standing": line_of(form.standing) if form.standing else None,
    }
    return render(request, "records/record_allergy.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.RECORD_ALLERGY)
def none_known(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    encounter = running_encounter(user, patient)
    try:
        record_no_known_allergies(by=user, patient=patient, now=timezone.now(), encounter=encounter)
    except NotRecorded as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Recorded: you asked, and none is known."))
    return redirect(TAB, patient.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_ALLERGY)
def change(request: HttpRequest, patient: Patient, entry_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = find_of_kind(user, patient, entry_id, "allergy")
    form = ChangeAllergyForm(request.POST if request.method == "POST" else None, entry=found)
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("standing", "because")}
        try:
            change_allergy(by=user, entry=found, reaction=form.told(found.display), now=timezone.now(), **said)
        except (NotRecorded, NotCurrent) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Changed. What was said before stays in the record."))
            return redirect(TAB, patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form, "line": line_of(found)}
    return render(request, "records/change_allergy.html", context, status=422 if form.is_bound else 200)
