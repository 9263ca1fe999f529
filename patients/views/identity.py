"""Who somebody is, beyond the form of a registration: family, further numbers, label, newborns and the unknown."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients import actions, queries
from patients.doors import chart_context, of_patient
from patients.forms.identity import IdentifierForm, LinkForm, NewbornForm, UnidentifiedForm
from patients.models import DuplicatePair, Patient, PatientIdentifier, PatientLink
from patients.rules.barcodes import bars

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_WRITE)
@requires(Permission.REGISTER_PATIENT)
def register_unidentified(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = UnidentifiedForm(request.POST if request.method == "POST" else None, by=user)
    if form.is_valid():
        typed = form.cleaned_data
        patient = actions.register_unidentified(
            by=user, site=typed["site"], sex=typed["sex"], birth=typed["birth"], now=timezone.now()
        )
        messages.success(request, _("Registered. Every page says that nobody knows yet who it is."))
        return redirect("patients:chart", patient.pk)
    return render(request, "patients/register_unidentified.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.REGISTER_PATIENT)
def newborn(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = NewbornForm(request.POST if request.method == "POST" else None, by=user)
    if form.is_valid():
        typed = form.cleaned_data
        child = actions.register_newborn(
            by=user,
            mother=patient,
            site=typed["site"],
            birth_date=typed["birth_date"],
            sex=typed["sex"],
            now=timezone.now(),
        )
        messages.success(request, _("Registered, and linked to the mother."))
        return redirect("patients:chart", child.pk)
    context = chart_context(request, patient, tab="patients:chart") | {"form": form}
    return render(request, "patients/newborn.html", context, status=422 if form.is_bound else 200)


@require_safe
@of_patient(Permission.OPEN_CHART)
def family(request: HttpRequest, patient: Patient) -> HttpResponse:
    return family_page(request, patient, {})


@require_POST
@of_patient(Permission.CHANGE_PATIENT)
def link(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = LinkForm(request.POST)
    try:
        if form.is_valid():
            other = get_object_or_404(Patient.objects.visible_to(user), pk=form.cleaned_data["number"])
            relation = PatientLink.Relation(form.cleaned_data["relation"])
            actions.link_patients(by=user, patient=patient, other=other, relation=relation)
            messages.success(request, _("Linked. Each of the two is shown the other."))
            return redirect("patients:family", patient.pk)
    except (actions.LinkRefused, queries.TooManySearches) as problem:
        form.add_error(None, str(problem))
    return family_page(request, patient, {"link_form": form})


@require_POST
@of_patient(Permission.CHANGE_PATIENT)
def unlink(request: HttpRequest, patient: Patient, link_id: UUID) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(PatientLink.objects.visible_to(user), pk=link_id, patient=patient)
    actions.unlink_patients(by=user, link=found)
    messages.success(request, _("They are not linked any more."))
    return redirect("patients:family", patient.pk)


@require_POST
@of_patient(Permission.CHANGE_PATIENT)
def identify(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Keep a further number."""
    user: Any = request.user
    form = IdentifierForm(request.POST)
    if form.is_valid():
        try:
            actions.add_identifier(by=user, patient=patient, **form.cleaned_data)
        except actions.IdentifierRefused as problem:
            form.add_error("value", str(problem))
        else:
            messages.success(request, _("Kept. The number is found by the search."))
            return redirect("patients:family", patient.pk)
    return family_page(request, patient, {"number_form": form})


def family_page(request: HttpRequest, patient: Patient, forms: dict[str, Any]) -> HttpResponse:
    user: Any = request.user
    links = PatientLink.objects.visible_to(user).filter(patient=patient, other__in=Patient.objects.visible_to(user))
    context = chart_context(request, patient, tab="patients:chart") | {
        "links": list(links.select_related("other").order_by("other__birth_date", "pk")),
        "numbers": list(PatientIdentifier.objects.visible_to(user).filter(patient=patient).order_by("pk")),
        "link_form": LinkForm(),
        "number_form": IdentifierForm(),
        "may_change": can(user, Permission.CHANGE_PATIENT),
        "may_register": can(user, Permission.REGISTER_PATIENT),
    }
    return render(request, "patients/family.html", context | forms, status=422 if forms else 200)


@require_safe
@of_patient(Permission.OPEN_CHART)
def label(request: HttpRequest, patient: Patient) -> HttpResponse:
    """To print and stick on a tube, a form or a wristband."""
    number = queries.site_number_of(request.user, patient) or patient.mrn  # type: ignore[arg-type]
    found, width = bars(number)
    shown = {"bars": found, "width": width, "number": number}
    context = chart_context(request, patient, tab="patients:chart") | shown
    return render(request, "patients/label.html", context)


@require_safe
@requires(Permission.REGISTER_PATIENT)
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs that somebody has to look at; who is out of reach is not named."""
    user: Any = request.user
    pairs = DuplicatePair.objects.visible_to(user).waiting().select_related("patient").order_by("-weight", "pk")[:50]
    names = queries.names_of(user, [pair.other_id for pair in pairs])
    lines = [{"pair": pair, "other": names.get(pair.other_id, "")} for pair in pairs]
    return render(
        request, "patients/duplicates.html", {"lines": lines, "may_merge": can(user, Permission.MERGE_PATIENTS)}
    )


@require_POST
@requires(Permission.MERGE_PATIENTS)
def settle(request: HttpRequest, pair_id: UUID) -> HttpResponse:
    user: Any = request.user
    get_object_or_404(DuplicatePair.objects.visible_to(user).waiting(), pk=pair_id)
    verdict = DuplicatePair.Verdict.DIFFERENT
    actions.settle_duplicate(by=user, pair_id=pair_id, verdict=verdict, now=timezone.now())
    messages.success(request, _("Kept: they are two people, and nobody is asked again."))
    return redirect("patients:duplicates")
