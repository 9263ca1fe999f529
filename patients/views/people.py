"""The pages of the staff about patients: find, list, register, open a chart, and say who may open it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission, Sensitivity
from healthcare.accounts.roles import ROLES
from healthcare.ui.frames import frame
from patients import actions, queries
from patients.access import can_end
from patients.doors import chart_context, of_patient
from patients.forms import SCOPE_WORDS, ChangeForm, GrantForm, ListForm, RegisterForm, answer_for
from patients.forms.people import disclosure_rows
from patients.models import CareRelationship, Patient
from patients.rules.births import UNKNOWN

SHORTEST_SEARCH = 2
READ_AND_WRITE = ["GET", "HEAD", "POST"]


# == Find ==
@require_safe
@requires(Permission.SEARCH_PATIENTS)
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    context: dict[str, Any] = {"text": text, "frame": frame(request), "too_short": 0 < len(text) < SHORTEST_SEARCH}
    user: Any = request.user
    try:
        if not text:
            context["recent"] = actions.list_recent_patients(by=user)
        elif not context["too_short"]:
            context["found"] = actions.search_patients(by=user, text=text)
    except queries.TooManySearches as problem:
        return render(request, "patients/search.html", context | {"refusal": str(problem)}, status=429)
    return render(request, "patients/search.html", context)


@require_safe
@requires(Permission.OPEN_CHART)
def list_(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = ListForm(request.GET, sites=queries.sites_of(user))
    context: dict[str, Any] = {"form": form, "page": None, "next_url": "", "first_url": ""}
    if form.is_valid():
        after = form.cleaned_data["after"]
        page = actions.list_patients(by=user, filters=form.filters(), today=timezone.localdate(), after=after)
        context |= {"page": page, "filtered": bool(form.filters().names())}
        context["next_url"] = address_of_list(request, page.after) if page.after else ""
        context["first_url"] = address_of_list(request, None) if after else ""
    return render(request, "patients/list.html", context, status=200 if form.is_valid() else 422)


def address_of_list(request: HttpRequest, after: UUID | None) -> str:
    kept = {name: value for name, value in request.GET.items() if name != "after" and value}
    return f"{reverse('patients:list')}?{urlencode(kept | ({'after': str(after)} if after else {}))}"


# == Who somebody is ==
@require_http_methods(READ_AND_WRITE)
@requires(Permission.REGISTER_PATIENT)
def register(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    caller = {"birth_date": UNKNOWN, "sex": "unknown"} if request.GET.get("caller") else None
    form = RegisterForm(request.POST if request.method == "POST" else None, by=user, initial=caller)
    context: dict[str, Any] = {"form": form, "may_review": can(user, Permission.REVIEW_REGISTRATIONS)}
    if not form.is_valid():
        return form_page(request, "patients/register.html", context)
    try:
        alike = actions.find_alike(by=user, demographics=form.demographics(), number=form.cleaned_data["number"])
        if alike and not form.is_answered(alike):
            context |= {"alike": alike, "answer": answer_for(alike)}
            return render(request, "patients/register.html", context, status=422)
        patient = actions.register_patient(
            by=user,
            site=form.cleaned_data["site"],
            demographics=form.demographics(),
            now=timezone.now(),
            seen=[found.id for found in alike],
            identifier=form.identifier(),
        )
    except (actions.PatientNotRegistered, actions.IdentifierRefused, queries.TooManySearches) as problem:
        form.add_error("number" if isinstance(problem, actions.IdentifierRefused) else None, str(problem))
        return form_page(request, "patients/register.html", context)
    messages.success(request, _("Registered. The teams of the site can open the chart from now on."))
    return redirect("patients:chart", patient.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.CHANGE_PATIENT)
def change(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = ChangeForm(request.POST) if request.method == "POST" else ChangeForm.of(patient)
    if not form.is_valid():
        return form_page(request, "patients/change.html", chart_context(request, patient) | {"form": form})
    details, seen = form.demographics(), form.cleaned_data["seen"]
    try:
        changed = actions.change_patient(by=user, patient=patient, demographics=details, seen=seen)
    except actions.ChangedMeanwhile as problem:
        form = form.beside(patient, str(problem))
        return form_page(request, "patients/change.html", chart_context(request, patient) | {"form": form})
    messages.success(request, _("Changed.") if changed else _("Nothing was different, so nothing was changed."))
    return redirect("patients:chart", patient.pk)


def form_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The form as it stands: fresh, or refused with what was typed and what is wrong with it."""
    form: forms.Form = context["form"]
    return render(request, template, context, status=422 if form.is_bound else 200)


# == The chart ==
@require_safe
@of_patient(Permission.OPEN_CHART)
def chart(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    once = {(row["line"].who, row["role"], row["line"].kind): row for row in access_rows(request, patient)}
    reader = patient.reader  # type: ignore[attr-defined]
    context = chart_context(request, patient) | {
        "lines": list(once.values()),
        "cards": queries.cards_of("patients.ChartCard", patient, reader, timezone.now()),
        "former_numbers": patient.former_numbers,  # type: ignore[attr-defined]
        "may_merge": can(user, Permission.MERGE_PATIENTS),
    }
    return render(request, "patients/chart.html", context)


@require_safe
@of_patient(Permission.OPEN_CHART)
def access(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient) | {
        "lines": access_rows(request, patient),
        "openings": queries.openings_of(patient, at_most=25),
        "proxies": queries.proxy_lines(user, patient, timezone.now()),
        "may_restrict": can(user, Permission.RESTRICT),
        "restrictions": queries.restrictions_of(user, patient) if can(user, Permission.RESTRICT) else [],
        "disclosures": disclosure_rows(queries.disclosures_of(user, patient)),
    }
    return render(request, "patients/access.html", context)


def access_rows(request: HttpRequest, patient: Patient) -> list[dict[str, Any]]:
    user: Any = request.user
    return [
        {
            "line": line,
            "role": ROLES[line.relationship.role].name if line.relationship.role else _("The teams of this site"),
            "scopes": [SCOPE_WORDS[scope] for scope in SCOPE_WORDS if scope in line.scopes],
            "can_end": can_end(user, line.relationship),
        }
        for line in queries.access_lines(patient.reader, patient)  # type: ignore[attr-defined]
    ]


# == Who may open it ==
@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.GRANT_ACCESS)
def grant(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    typed = request.POST if request.method == "POST" else None
    form = GrantForm(typed, by=user, zone=patient.site.time_zone, labels=queries.labels_open(patient))
    if form.is_valid():
        colleague = form.picked()
        try:
            actions.grant_access(
                by=user,
                patient=patient,
                user=colleague.user,
                role=colleague.role,
                scopes=form.cleaned_data["scopes"],
                kind=CareRelationship.Kind(form.cleaned_data["kind"]),
                valid_from=timezone.now(),
                valid_until=form.valid_until(),
                labels=[Sensitivity(label) for label in form.cleaned_data.get("labels", [])],
                reason=form.cleaned_data["reason"],
            )
        except (NotAllowed, actions.ShareTooLong) as problem:
            form.add_error("scopes", str(problem))
        else:
            messages.success(request, _("Access is given from now on. The patient can see that it was you."))
            return redirect("patients:access", patient.pk)
    return form_page(request, "patients/grant.html", chart_context(request, patient) | {"form": form})


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.GRANT_ACCESS)
def end(request: HttpRequest, patient: Patient, relationship_id: UUID) -> HttpResponse:
    user: Any = request.user
    relationships = CareRelationship.objects.visible_to(user).select_related("user", "site")
    relationship = get_object_or_404(relationships, pk=relationship_id, patient=patient)
    if request.method != "POST":
        if not can_end(user, relationship):
            raise Http404
        context = chart_context(request, patient) | {"relationship": relationship}
        return render(request, "patients/end.html", context)
    try:
        actions.end_access(by=user, relationship=relationship, now=timezone.now())
    except PermissionDenied as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Access has ended. The list of who could open the chart keeps the line."))
    return redirect("patients:access", patient.pk)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.INVITE_TO_PORTAL)
def portal_code(request: HttpRequest, patient: Patient) -> HttpResponse:
    """The code is in this one answer and nowhere else; to load the page again is to make another."""
    context = chart_context(request, patient) | {"public_url": settings.PUBLIC_URL}
    if request.method == "POST":
        try:
            context["code"] = actions.issue_portal_code(by=request.user, patient=patient, now=timezone.now())  # type: ignore[arg-type]
        except (actions.AlreadyLinked, actions.BirthNotKnown) as problem:
            context["refusal"] = str(problem)
    answer = render(request, "patients/portal_code.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
