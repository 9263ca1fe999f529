"""Whom one acts for, who acts for oneself, and how either ends."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission, Scope
from patients import actions, queries
from patients.access import can_end_proxy
from patients.doors import portal_page
from patients.forms import SCOPE_WORDS
from patients.forms.people import disclosure_rows
from patients.models import Patient, Proxy


@require_safe
@requires(Permission.OWN_RECORD)
def people(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    patient = queries.own_patient(user)
    others = actions.list_people_acted_for(by=user)
    lines = queries.proxy_lines(user, patient, timezone.now()) if patient else []
    rows = [
        {
            "line": line,
            "scopes": [words for scope, words in SCOPE_WORDS.items() if scope in line.scopes],
            "can_end": can_end_proxy(user, line.proxy),
        }
        for line in lines
    ]
    return render(request, "patients/portal_people.html", {"patient": patient, "others": others, "rows": rows})


@require_safe
@portal_page(Scope.CLINICAL)
def disclosures(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What was given of the record to others, and why (45 CFR 164.528)."""
    rows = disclosure_rows(queries.disclosures_of(request.user, patient))  # type: ignore[arg-type]
    context = {"patient": patient, "disclosures": rows, "print_subject": f"{patient.name}."}
    return render(request, "patients/portal_disclosures.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.OWN_RECORD)
def end_proxy(request: HttpRequest, proxy_id: UUID) -> HttpResponse:
    """One's own proxy, or one's own acting for somebody; anybody else's is not found."""
    user: Any = request.user
    proxy = get_object_or_404(Proxy.objects.visible_to(user).select_related("user", "patient"), pk=proxy_id)
    if not can_end_proxy(user, proxy):
        raise Http404
    mine = proxy.user_id == user.pk
    actions.open_chart(by=user, patient=proxy.patient)
    if request.method != "POST":
        return render(request, "patients/portal_end_proxy.html", {"proxy": proxy, "mine": mine})
    actions.end_proxy(by=user, proxy=proxy, now=timezone.now())
    messages.success(request, _("You no longer act for them.") if mine else _("They no longer act for you."))
    return redirect("portal:people")
