"""The pages of the staff about visits: begin, everything of one on a page, finish, and all of a patient's."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.guards import step_up
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import own_provider
from patients.doors import chart_context, of_patient
from patients.models import Patient
from patients.queries import sites_of
from records.access.encounters import holds
from records.access.signing import can_cosign
from records.actions.encounters import (
    NotClosed,
    NotFinished,
    NotStarted,
    close_encounter,
    finish_encounter,
    reopen_encounter,
    start_encounter,
)
from records.doors import of_encounter
from records.forms.encounters import ReopenForm, StartForm
from records.models import Encounter
from records.parts import ENCOUNTER_CARD
from records.queries import encounters as queries
from records.queries.signing import cosigned
from records.queries.voiding import void_with
from records.rules.states import OPEN, WRONG
from scheduling.actions import NotBookable
from scheduling.models import Appointment

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "records:encounters"


@require_safe
@of_patient(Permission.READ_CLINICAL)
def encounters(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient) | {
        "encounters": queries.encounters_of(user, patient),
        "may_start": can(user, Permission.WRITE_NOTE) and own_provider(user) is not None,
        "to_begin": queries.appointment_to_begin(user, patient, timezone.now()),
        "running": queries.open_encounter_of(user, patient),
    }
    return render(request, "records/encounters.html", context)


@require_safe
@of_encounter(Permission.READ_CLINICAL)
def encounter(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    page = queries.visit_page(user, encounter)
    may_cosign = any(can_cosign(user, entry) for entry in page.signed() if entry.record_status == "preliminary")
    context = chart_context(request, patient, tab=TAB) | {
        "page": page,
        "encounter": encounter,
        "cards": queries.cards_for_visit(ENCOUNTER_CARD, encounter, user, timezone.now()),
        "may_write": holds(user, encounter) and encounter.note_signed_at is None and encounter.state == OPEN,
        "cosigned": cosigned(user, page.signed()),
        "may_cosign": may_cosign,
        "may_amend": encounter.state != WRONG and (may_cosign or queries.may_amend(user, page)),
        "may_nurse": can(user, Permission.WRITE_NURSING_NOTE) and takes_nursing(encounter),
        "may_add": page.note is not None and can(user, Permission.WRITE_NOTE) and encounter.state != WRONG,
        "may_finish": holds(user, encounter) and encounter.status == Encounter.Status.IN_PROGRESS,
        "may_close": holds(user, encounter) and queries.may_close(encounter),
        "may_reopen": holds(user, encounter) and encounter.closed_at is not None,
        "may_void": holds(user, encounter) and queries.may_void(encounter),
        "void": void_with(user, encounter) if encounter.is_wrong else (),
        "may_diagnose": can(user, Permission.RECORD_CONDITION) and not encounter.source and encounter.state == OPEN,
    }
    return render(request, "records/encounter.html", context)


def takes_nursing(encounter: Encounter) -> bool:
    return not encounter.source and encounter.state == OPEN and encounter.status != Encounter.Status.PLANNED


# == Begin ==
@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.WRITE_NOTE)
def start(request: HttpRequest, patient: Patient) -> HttpResponse:
    """A visit without an appointment: somebody came, or rang."""
    user: Any = request.user
    provider = own_provider(user)
    form = StartForm(request.POST if request.method == "POST" else None, sites=sites_of(user))
    context = chart_context(request, patient, tab=TAB) | {
        "form": form,
        "provider": provider,
        "running": queries.open_encounter_of(user, patient),
    }
    if provider is None or not form.is_valid():
        return render(request, "records/start.html", context, status=422 if form.is_bound else 200)
    site, reason = form.cleaned_data["site"], form.cleaned_data["reason"]
    try:
        begun = start_encounter(
            by=user, patient=patient, provider=provider, site=site, reason=reason, now=timezone.now()
        )
    except NotStarted as problem:
        form.add_error(None, str(problem))
        return render(request, "records/start.html", context, status=422)
    return redirect("records:note", patient.pk, begun.pk)


@require_POST
@of_patient(Permission.WRITE_NOTE)
def start_appointment(request: HttpRequest, patient: Patient, *, appointment_id: UUID) -> HttpResponse:
    user: Any = request.user
    seen = Appointment.objects.visible_to(user).filter(patient=patient).select_related("site")
    appointment: Appointment = get_object_or_404(seen, pk=appointment_id)
    provider = own_provider(user)
    try:
        if provider is None:
            raise NotStarted(_("Your account is not that of a provider, so you cannot begin a visit."))
        begun = start_encounter(
            by=user,
            patient=patient,
            provider=provider,
            site=appointment.site,
            appointment=appointment,
            now=timezone.now(),
        )
    except (NotStarted, NotBookable, NotAllowed) as problem:
        messages.error(request, str(problem))
        return redirect(TAB, patient.pk)
    return redirect("records:note", patient.pk, begun.pk)


# == Finish ==
@require_http_methods(READ_AND_WRITE)
@of_encounter(Permission.WRITE_NOTE)
def finish(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    if request.method != "POST":
        if not holds(user, encounter) or encounter.status != Encounter.Status.IN_PROGRESS:
            return redirect("records:encounter", patient.pk, encounter.pk)
        context = chart_context(request, patient, tab=TAB) | {"encounter": encounter}
        return render(request, "records/finish.html", context)
    try:
        finish_encounter(by=user, encounter=encounter, now=timezone.now())
    except (NotFinished, NotBookable, NotAllowed) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The visit is finished. The bill is being made."))
    return redirect("records:encounter", patient.pk, encounter.pk)


# == Its record ==
@require_POST
@of_encounter(Permission.WRITE_NOTE)
def close(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    try:
        close_encounter(by=user, encounter=encounter, now=timezone.now())
    except (NotClosed, NotAllowed) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The record of this visit is closed. Addenda and late results still come in."))
    return redirect("records:encounter", patient.pk, encounter.pk)


@require_http_methods(READ_AND_WRITE)
@of_encounter(Permission.WRITE_NOTE)
def reopen(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponseBase:
    if request.method == "POST":
        return reopen_with_reason(request, patient, encounter)
    return reopen_page(request, patient, encounter, ReopenForm())


@step_up
def reopen_with_reason(request: HttpRequest, patient: Patient, encounter: Encounter) -> HttpResponse:
    user: Any = request.user
    form = ReopenForm(request.POST)
    if not form.is_valid():
        return reopen_page(request, patient, encounter, form)
    try:
        reopen_encounter(by=user, encounter=encounter, reason=form.cleaned_data["reason"], now=timezone.now())
    except (NotClosed, NotAllowed) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The record of this visit is open again. Close it when you are done."))
    return redirect("records:encounter", patient.pk, encounter.pk)


def reopen_page(request: HttpRequest, patient: Patient, encounter: Encounter, form: ReopenForm) -> HttpResponse:
    context = chart_context(request, patient, tab=TAB) | {"encounter": encounter, "form": form}
    return render(request, "records/reopen.html", context, status=422 if form.is_bound else 200)
