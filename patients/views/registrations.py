"""The front desk answers people who registered themselves: new, known already, asked to call, or refused."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.actions import PatientNotRegistered
from patients.actions import registrations as actions
from patients.forms import answer_for
from patients.forms.registrations import AcceptRegistrationForm, AskForm, RefuseForm
from patients.models import Patient, SelfRegistration
from patients.queries import FoundPatient, TooManySearches
from patients.queries.quality import MOST
from patients.rules import Demographics
from patients.rules.profile import LANGUAGES


@require_safe
@requires(Permission.REVIEW_REGISTRATIONS)
@never_cache
def registrations(request: HttpRequest) -> HttpResponse:
    found = actions.list_registrations(by=request.user)  # type: ignore[arg-type]
    rows = [(row, told.demographics) for row in found[:MOST] if (told := row.get_told())]
    return render(request, "patients/registrations.html", {"rows": rows, "more": len(found) > MOST})


@require_safe
@requires(Permission.REVIEW_REGISTRATIONS)
@never_cache
def registration(request: HttpRequest, registration_id: UUID) -> HttpResponse:
    return page(request, find(request, registration_id))


@require_POST
@requires(Permission.REVIEW_REGISTRATIONS)
def accept(request: HttpRequest, registration_id: UUID) -> HttpResponse:
    user: Any = request.user
    row, form = find(request, registration_id), AcceptRegistrationForm(request.POST, by=user)
    if not form.is_valid():
        return page(request, row, accept_form=form)
    try:
        alike = actions.look_for_registered(by=user, registration=row)
        if alike and form.cleaned_data["not_the_same"] != answer_for(alike):
            form.add_error(None, _("Look at who is registered already, then say again that it is somebody else."))
            return page(request, row, alike=alike, accept_form=form)
        patient = actions.accept_registration(
            by=user,
            registration=row,
            site=form.cleaned_data["site"],
            seen=[found.id for found in alike],
            now=timezone.now(),
        )
    except (PatientNotRegistered, TooManySearches) as problem:
        form.add_error(None, str(problem))
        return page(request, row, accept_form=form)
    except actions.AlreadyAnswered as problem:
        return too_late(request, problem)
    messages.success(request, _("Registered. See an ID at the first visit, then give the code for the portal."))
    return redirect("patients:chart", patient.pk)


@require_POST
@requires(Permission.REVIEW_REGISTRATIONS)
def link(request: HttpRequest, registration_id: UUID) -> HttpResponse:
    user: Any = request.user
    row = find(request, registration_id)
    try:
        patient = get_object_or_404(Patient.objects.visible_to(user), pk=UUID(request.POST.get("patient", "")))
    except ValueError:
        return page(request, row, refused=_("Choose which patient it is."))
    try:
        fields = actions.link_registration(by=user, registration=row, patient=patient, now=timezone.now())
    except actions.AlreadyAnswered as problem:
        return too_late(request, problem)
    said = ngettext("%(number)d detail differs: look at it.", "%(number)d details differ: look at each.", len(fields))
    messages.success(request, said % {"number": len(fields)} if fields else _("Known already. Nothing differs."))
    return redirect("patients:proposals" if fields else "patients:chart", patient.pk)


@require_POST
@requires(Permission.REVIEW_REGISTRATIONS)
def ask(request: HttpRequest, registration_id: UUID) -> HttpResponse:
    user: Any = request.user
    row, form = find(request, registration_id), AskForm(request.POST)
    if not form.is_valid():
        return page(request, row, ask_form=form)
    try:
        question = form.cleaned_data["question"]
        actions.ask_about_registration(by=user, registration=row, question=question, now=timezone.now())
    except actions.AlreadyAnswered as problem:
        return too_late(request, problem)
    messages.success(request, _("A mail asks the person to call. The registration goes on waiting."))
    return redirect("patients:registration", row.pk)


@require_POST
@requires(Permission.REVIEW_REGISTRATIONS)
def refuse(request: HttpRequest, registration_id: UUID) -> HttpResponse:
    user: Any = request.user
    row, form = find(request, registration_id), RefuseForm(request.POST)
    if not form.is_valid():
        return page(request, row, refuse_form=form)
    try:
        actions.refuse_registration(by=user, registration=row, reason=form.cleaned_data["reason"], now=timezone.now())
    except actions.AlreadyAnswered as problem:
        return too_late(request, problem)
    messages.success(request, _("Refused. A mail says that no record was made."))
    return redirect("patients:registrations")


# == Steps ==
def find(request: HttpRequest, registration_id: UUID) -> SelfRegistration:
    user: Any = request.user
    rows = SelfRegistration.objects.visible_to(user).select_related("site", "asked_by", "answered_by")
    return get_object_or_404(rows, pk=registration_id)


def too_late(request: HttpRequest, problem: Exception) -> HttpResponse:
    messages.error(request, str(problem))
    return redirect("patients:registrations")


def page(
    request: HttpRequest,
    row: SelfRegistration,
    *,
    refused: str = "",
    alike: Sequence[FoundPatient] | None = None,
    **given: Any,
) -> HttpResponse:
    """The registration with who may be the same, looked for unless they were; of the forms, those that were refused as
    they were typed.
    """
    user: Any = request.user
    told = row.get_told()
    waits = row.state == SelfRegistration.State.WAITING
    context: dict[str, Any] = {"row": row, "told": told, "waits": waits, "refused": refused}
    status = 422 if given or refused else 200
    if waits and told:
        try:
            context["alike"] = alike = (
                actions.look_for_registered(by=user, registration=row) if alike is None else alike
            )
        except TooManySearches as problem:
            return render(request, "patients/registration.html", context | {"waits": False, "refused": str(problem)})
        site = {"site": row.site_id} if row.site_id else {}
        context |= {
            "who": told.demographics,
            "sex": Patient.Sex(told.demographics.sex).label,
            "address": address_of(told.demographics),
            "spoken": LANGUAGES.get(told.language, told.language),
            "answer": answer_for(alike) if alike else "",
            "accept_form": AcceptRegistrationForm(by=user, initial=site),
            "ask_form": AskForm(),
            "refuse_form": RefuseForm(),
        }
    return render(request, "patients/registration.html", context | given, status=status)


def address_of(who: Demographics) -> str:
    """In one line."""
    return ", ".join(part for part in (who.line, who.city, f"{who.state} {who.postal_code}".strip()) if part)
