"""The doors to a person's pages, for this app and those to its right: who comes in, and what every such page shows."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.guards import Missing, missing, requires
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.events.parts import parts_of
from patients import actions, queries
from patients.access import NotInScope, can_break_glass, check_can_open_chart, find_visible
from patients.acting import PORTAL, own_address
from patients.models import Patient
from patients.parts import ChartTab
from patients.queries.emergencies import minutes_left
from patients.queries.merging import kept_instead

ChartView = Callable[..., HttpResponseBase]
PortalView = Callable[..., HttpResponseBase]
NEEDS_CODE = _("Who acts for somebody else signs in with a code, too. Set it up: it takes a minute.")
OVERVIEW = ChartTab(_("Overview"), "patients:chart", Permission.OPEN_CHART, order=0)
PROFILE = ChartTab(_("Profile"), "patients:profile", Permission.OPEN_CHART, order=10)
CONSENTS = ChartTab(_("Consents"), "patients:consents", Permission.RECORD_CONSENT, order=950)
KEPT_AS_IT_IS = _("The person whose record this is has died. It can be read, and nothing is added to it.")
SAFE = frozenset({"GET", "HEAD"})
ACCESS = ChartTab(_("Access"), "patients:access", Permission.OPEN_CHART, order=1000)


def of_patient(permission: Permission) -> Callable[[ChartView], ChartView]:
    """A page about one patient, for roles that hold the permission: the opening is said before anything is shown.

    A patient of somebody else and no patient at all get the same answer: one fixed page for staff, 404 for patients.
    """

    def decorate(view: ChartView) -> ChartView:
        @requires(permission)
        def door(request: HttpRequest, patient_id: UUID, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user
            try:
                patient = check_can_open_chart(user, patient_id)
            except NotInScope:
                if kept := kept_instead(user, patient_id):
                    return lead_on(request, kept)
                actions.refuse_chart(by=user, patient_id=patient_id)
                return not_in_scope(request, patient_id)
            actions.open_chart(by=user, patient=patient)
            request.printed_about = patient  # type: ignore[attr-defined]
            with timezone.override(patient.site.time_zone):
                return view(request, patient, **kwargs)

        @wraps(door)
        def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if can(request.user, Permission.OWN_RECORD):
                raise missing(request.user)
            return door(request, *args, **kwargs)

        return wraps(view, updated=())(seen)

    return decorate


def not_in_scope(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The one fixed page: the same for every id, somebody's or nobody's, but for that id in its links."""
    context = {"patient_id": patient_id, "may_break_glass": can_break_glass(request.user)}  # type: ignore[arg-type]
    return render(request, "patients/not_in_scope.html", context, status=403)


def lead_on(request: HttpRequest, kept: Patient) -> HttpResponse:
    """From the address of a record that was merged to the same page of the one that was kept; nothing is written."""
    match = request.resolver_match
    if match is None or request.method not in ("GET", "HEAD"):
        messages.info(request, _("This record was made one with another. Nothing was saved: do it again here."))
        return redirect("patients:chart", kept.pk)
    address = reverse(match.view_name, kwargs=match.kwargs | {"patient_id": kept.pk})
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{query}" if query else address)


def _lead_on_for(request: HttpRequest, kept: Patient) -> HttpResponse:
    """The same in the portal, for somebody whom one acts for; nothing is written."""
    here = f"{get_script_prefix()}{PORTAL}for/{kept.pk}/"
    if request.method not in SAFE:
        messages.info(request, _("This record was made one with another. Nothing was saved: do it again here."))
        return redirect(here)
    old = f"/{PORTAL}for/{request.acting_for}/"  # type: ignore[attr-defined]
    return redirect(request.get_full_path().replace(old, here, 1))


def own_record(view: PortalView) -> PortalView:
    """A page of one's own record alone, audited before it is shown.

    Whose account is not linked yet goes to link it, or to the people they act for.
    """

    @requires(Permission.OWN_RECORD)
    @wraps(view)
    def door(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        user: Any = request.user
        patient = queries.own_patient(user)
        if patient is None:
            return redirect("portal:people" if queries.acts_for_somebody(user) else "portal:link")
        return _opened(view, request, patient, **kwargs)

    return door


def portal_page(scope: Scope) -> Callable[[PortalView], PortalView]:
    """A page about one's own record, or that of somebody one acts for where this scope is open; audited before.

    `request.acted_for` says whose it is: None for one's own. Who acts for somebody has proven a second factor.
    """

    def decorate(view: PortalView) -> PortalView:
        own = own_record(view)

        @requires(Permission.OWN_RECORD)
        @wraps(view)
        def door(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            user, patient_id = request.user, request.acting_for  # type: ignore[attr-defined]
            if patient_id is None:
                return own(request, **kwargs)
            found = queries.acted_for(user, patient_id, scope)  # type: ignore[arg-type]
            if found is None and (kept := queries.acted_for_instead(user, patient_id, scope)):  # type: ignore[arg-type]
                return _lead_on_for(request, kept.patient)
            if found is None:
                actions.refuse_chart(by=user, patient_id=patient_id)  # type: ignore[arg-type]
                raise Missing
            if request.session.row.verified_at is None:  # type: ignore[attr-defined]
                messages.info(request, NEEDS_CODE)
                return redirect("accounts:enrol")
            request.acted_for = replace(found, back_url=own_address("portal:people"))  # type: ignore[attr-defined]
            return _opened(view, request, found.patient, **kwargs)

        door.for_others = True  # type: ignore[attr-defined]
        return door

    return decorate


def _opened(view: PortalView, request: HttpRequest, patient: Patient, **kwargs: Any) -> HttpResponseBase:
    user: Any = request.user
    actions.open_chart(by=user, patient=patient)
    if patient.deceased and request.method not in SAFE:
        messages.error(request, KEPT_AS_IT_IS)
        return redirect("portal:home")
    request.printed_about = patient  # type: ignore[attr-defined]
    with timezone.override(patient.site.time_zone):
        return view(request, patient, **kwargs)


def patient_asked_for(user: User, patient_id: UUID) -> Patient:
    """The patient that an operation of the API is about; the opening is said before anything is read.

    The id of a record that was merged stands for the one that was kept. Raises Http404 for somebody else's patient and
    for nobody alike, and AuditUnavailable.
    """
    patient = find_visible(user, patient_id) or kept_instead(user, patient_id)
    if patient is None:
        actions.refuse_chart(by=user, patient_id=patient_id)
        raise Missing
    actions.open_chart(by=user, patient=patient)
    return patient


def chart_context(request: HttpRequest, patient: Patient, *, tab: str = "") -> dict[str, Any]:
    """What every page of a chart shows: whose it is, what to know first, and the tabs.

    `tab` is the URL name of the tab the page belongs to, where it is not its own.
    """
    user: Any = request.user
    match = request.resolver_match
    here = tab or (match.view_name if match else "")
    may_change = can(user, Permission.CHANGE_PATIENT)
    return {
        "patient": patient,
        "glass_minutes": minutes_left(patient, timezone.now()),
        "notes": queries.notes_of(getattr(patient, "reader", user), patient),
        "tabs": [
            {"label": found.label, "url": reverse(found.url_name, args=[patient.pk]), "current": found.url_name == here}
            for found in sorted(
                [OVERVIEW, PROFILE, CONSENTS, ACCESS, *parts_of("patients.ChartTab")], key=lambda found: found.order
            )
            if can(user, found.permission)
        ],
        "change_url": may_change and reverse("patients:change", args=[patient.pk]),
        "may_grant": can(user, Permission.GRANT_ACCESS),
        "may_invite": can(user, Permission.INVITE_TO_PORTAL),
    }
