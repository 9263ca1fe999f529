"""The doors to a person's pages, for this app and those to its right: who comes in, and what every such page shows."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.events.parts import parts_of
from patients import actions, queries
from patients.access import NotInScope, check_can_open_chart
from patients.models import Patient
from patients.parts import ChartTab

ChartView = Callable[..., HttpResponseBase]
PortalView = Callable[..., HttpResponseBase]
OVERVIEW = ChartTab(_("Overview"), "patients:chart", Permission.OPEN_CHART, order=0)
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
                actions.refuse_chart(by=user, patient_id=patient_id)
                return render(request, "patients/not_in_scope.html", status=403)
            actions.open_chart(by=user, patient=patient)
            with timezone.override(patient.site.time_zone):
                return view(request, patient, **kwargs)

        @wraps(door)
        def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if can(request.user, Permission.OWN_RECORD):
                raise Http404
            return door(request, *args, **kwargs)

        return wraps(view, updated=())(seen)

    return decorate


def own_record(view: PortalView) -> PortalView:
    """A page of one's own record, audited before it is shown; whose account is not linked yet goes to link it."""

    @requires(Permission.OWN_RECORD)
    @wraps(view)
    def door(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        user: Any = request.user
        patient = queries.own_patient(user)
        if patient is None:
            return redirect("portal:link")
        actions.open_chart(by=user, patient=patient)
        with timezone.override(patient.site.time_zone):
            return view(request, patient, **kwargs)

    return door


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
        "notes": queries.banner_notes(user, [patient.pk])[patient.pk],
        "tabs": [
            {"label": found.label, "url": reverse(found.url_name, args=[patient.pk]), "current": found.url_name == here}
            for found in sorted([OVERVIEW, ACCESS, *parts_of("patients.ChartTab")], key=lambda found: found.order)
            if can(user, found.permission)
        ],
        "print_subject": f"{patient.name}, {_('MRN')} {patient.mrn}.",
        "change_url": may_change and reverse("patients:change", args=[patient.pk]),
        "may_grant": can(user, Permission.GRANT_ACCESS),
        "may_invite": can(user, Permission.INVITE_TO_PORTAL),
    }
