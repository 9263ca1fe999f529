"""The staff's pages about names, addresses, ways to reach a patient, and the people close to them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.actions import profile as actions
from patients.doors import chart_context, of_patient
from patients.forms.profile import FORMS, DetailForm, LetterWishesForm, PreferencesForm, ProfileForm
from patients.models import ContactPoint, ContactPreference, Detail, LetterWish, Patient
from patients.queries.profile import profile_of
from patients.queries.quality import MOST
from patients.queries.registrations import registrations_of
from patients.views.people import form_page

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TITLES = {
    "names": _lazy("Another name"),
    "addresses": _lazy("Another address"),
    "contacts": _lazy("Another number or e-mail address"),
    "people": _lazy("Somebody close to the patient"),
}


def context_of(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    return chart_context(request, patient, tab="patients:profile")


@require_safe
@of_patient(Permission.OPEN_CHART)
def profile(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = context_of(request, patient) | {
        "profile": profile_of(user, patient),
        "may_change": can(user, Permission.CHANGE_PATIENT),
        "registrations": registrations_of(user, patient.pk),
    }
    return render(request, "patients/profile.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.CHANGE_PATIENT)
def change_profile(request: HttpRequest, patient: Patient) -> HttpResponse:
    form = ProfileForm(request.POST) if request.method == "POST" else ProfileForm.of(patient)
    if not form.is_valid():
        return form_page(request, "patients/change_profile.html", context_of(request, patient) | {"form": form})
    changed = actions.change_profile(by=request.user, patient=patient, profile=form.profile())  # type: ignore[arg-type]
    messages.success(request, _("Changed.") if changed else _("Nothing was different, so nothing was changed."))
    return redirect("patients:profile", patient.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.CHANGE_PATIENT)
def add_detail(request: HttpRequest, patient: Patient, kind: str) -> HttpResponse:
    form = _form_of(kind)(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.add_detail(by=request.user, patient=patient, kind=form.kind, values=form.values())  # type: ignore[arg-type]
        except actions.DetailRefused as problem:
            form.add_error(form.FIRST, str(problem))
        else:
            messages.success(request, _("Added."))
            return redirect("patients:profile", patient.pk)
    context = {"form": form, "title": TITLES[kind]}
    return form_page(request, "patients/detail.html", context_of(request, patient) | context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.CHANGE_PATIENT)
def change_detail(request: HttpRequest, patient: Patient, kind: str, detail_id: UUID) -> HttpResponse:
    row = _row_of(request, patient, kind, detail_id)
    form = _form_of(kind)(request.POST) if request.method == "POST" else _form_of(kind).of(row)
    if form.is_valid():
        try:
            actions.change_detail(by=request.user, detail=row, values=form.values())  # type: ignore[arg-type]
        except actions.DetailRefused as problem:
            form.add_error(form.FIRST, str(problem))
        else:
            messages.success(request, _("Changed."))
            return redirect("patients:profile", patient.pk)
    context = {"form": form, "title": TITLES[kind], "row": row, "kind": kind}
    return form_page(request, "patients/detail.html", context_of(request, patient) | context)


@require_POST
@of_patient(Permission.CHANGE_PATIENT)
def end_detail(request: HttpRequest, patient: Patient, kind: str, detail_id: UUID) -> HttpResponse:
    row = _row_of(request, patient, kind, detail_id)
    actions.end_detail(by=request.user, detail=row, now=timezone.now())  # type: ignore[arg-type]
    messages.success(request, _("Ended. Who asks later still finds it in the history."))
    return redirect("patients:profile", patient.pk)


@require_POST
@of_patient(Permission.CHANGE_PATIENT)
def mark_contact(request: HttpRequest, patient: Patient) -> HttpResponse:
    """A number or address of this patient that does not work, or works again; another's cannot be named."""
    user: Any = request.user
    typed = {name: request.POST.get(name, "") for name in ("system", "value", "bad")}
    ways = profile_of(user, patient).contacts
    known = any((way.system, way.value) == (typed["system"], typed["value"]) for way in ways)
    if not known or typed["bad"] not in ("", *ContactPoint.Bad.values):
        messages.error(request, _("This number or address is not kept any more. Look at the page again."))
        return redirect("patients:profile", patient.pk)
    bad = ContactPoint.Bad(typed["bad"]) if typed["bad"] else None
    actions.mark_contact(
        by=user, patient_id=patient.pk, system=typed["system"], value=typed["value"], bad=bad, now=timezone.now()
    )
    messages.success(request, _("Kept: nothing is sent there any more.") if bad else _("Kept: it works."))
    return redirect("patients:profile", patient.pk)


@require_safe
@requires(Permission.CHANGE_PATIENT)
def bad_contacts(request: HttpRequest) -> HttpResponse:
    found = actions.list_bad_contacts(by=request.user)  # type: ignore[arg-type]
    return render(request, "patients/bad_contacts.html", {"people": found[:MOST], "more": len(found) > MOST})


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_CONSENT)
def preferences(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    known = ContactPreference.objects.visible_to(user).current().filter(patient=patient)
    form = (
        PreferencesForm(request.POST, own=False) if request.method == "POST" else PreferencesForm.of(known, own=False)
    )
    if not form.is_valid():
        return form_page(request, "patients/preferences.html", context_of(request, patient) | {"form": form})
    actions.set_preferences(by=user, patient=patient, answers=form.answers(), method=form.told_by(), now=timezone.now())
    messages.success(request, _("Kept."))
    return redirect("patients:profile", patient.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_CONSENT)
def letter_wishes(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    known = LetterWish.objects.visible_to(user).current().filter(patient=patient)
    form = (
        LetterWishesForm(request.POST, own=False) if request.method == "POST" else LetterWishesForm.of(known, own=False)
    )
    if not form.is_valid():
        return form_page(request, "patients/letter_wishes.html", context_of(request, patient) | {"form": form})
    actions.set_letter_wishes(by=user, patient=patient, wishes=form.wishes(), method=form.told_by(), now=timezone.now())
    messages.success(request, _("Kept."))
    return redirect("patients:profile", patient.pk)


def _form_of(kind: str) -> type[DetailForm]:
    if kind not in FORMS:
        raise Http404
    return FORMS[kind]


def _row_of(request: HttpRequest, patient: Patient, kind: str, detail_id: UUID) -> Detail:
    rows = _form_of(kind).kind.objects.visible_to(request.user)  # type: ignore[arg-type]
    return get_object_or_404(rows.current(), pk=detail_id, patient=patient)
