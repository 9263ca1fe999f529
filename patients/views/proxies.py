"""Who acts for a patient in the portal: added at the desk, and ended."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.permissions import Permission
from patients import actions
from patients.doors import chart_context, of_patient
from patients.forms.proxies import ProxyForm
from patients.models import Patient, Proxy

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.INVITE_TO_PORTAL)
def add_proxy(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    typed = request.POST if request.method == "POST" else None
    form = ProxyForm(typed, by=user, patient=patient, today=timezone.localdate(now), end=settings.PROXY_END_AGE)
    if form.is_valid():
        given = form.cleaned_data
        try:
            actions.add_proxy(
                by=user,
                patient=patient,
                email=given["email"],
                full_name=given["full_name"],
                relation=Proxy.Relation(given["relation"]),
                extent=Proxy.Extent(given["extent"]),
                agreed_by=Proxy.AgreedBy(given["agreed_by"]),
                until=form.day_after(),
                now=now,
            )
        except (actions.ProxyRefused, NotAllowed) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Added. They get a mail that says what to do next."))
            return redirect("patients:access", patient.pk)
    ages = {"step_down": settings.PROXY_STEP_DOWN_AGE, "end": settings.PROXY_END_AGE}
    context = chart_context(request, patient, tab="patients:access") | {"form": form, "ages": ages}
    return render(request, "patients/add_proxy.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.INVITE_TO_PORTAL)
def end_proxy(request: HttpRequest, patient: Patient, proxy_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = Proxy.objects.visible_to(user).filter(patient=patient).select_related("user")
    proxy = get_object_or_404(rows, pk=proxy_id)
    if request.method != "POST":
        context = chart_context(request, patient, tab="patients:access") | {"proxy": proxy}
        return render(request, "patients/end_proxy.html", context)
    actions.end_proxy(by=user, proxy=proxy, now=timezone.now())
    messages.success(request, _("They no longer act for the patient."))
    return redirect("patients:access", patient.pk)
