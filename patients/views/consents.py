"""The pages of the staff about what a patient agreed to, and about who must not see the record."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.permissions import Permission
from patients import actions, queries
from patients.doors import chart_context, of_patient
from patients.forms.consents import ConsentForm, RestrictForm
from patients.models import Consent, Patient, Restriction

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "patients:consents"


@require_safe
@of_patient(Permission.RECORD_CONSENT)
def consents(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = chart_context(request, patient) | {"lines": queries.consents_of(user, patient, timezone.now())}
    return render(request, "patients/consents.html", context)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RECORD_CONSENT)
def consent(request: HttpRequest, patient: Patient, purpose: str) -> HttpResponse:
    """Today's words and where they stand; by POST the patient's answer to them."""
    user: Any = request.user
    line = line_or_404(user, patient, purpose)
    form = ConsentForm(
        request.POST if request.method == "POST" else None,
        initial={"shown": line.text.digest},
        zone=patient.site.time_zone,
    )
    if form.is_valid():
        said = form.cleaned_data
        try:
            actions.give_consent(
                by=user,
                patient=patient,
                purpose=Consent.Purpose(purpose),
                decision=Consent.Decision(said["decision"]),
                method=Consent.Method(said["method"]),
                shown=said["shown"],
                until=form.until_moment(),
                now=timezone.now(),
            )
        except actions.NotGiven as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Kept. It counts from now on, and the patient can change it at any time."))
            return redirect("patients:consents", patient.pk)
    context = chart_context(request, patient, tab=TAB) | {"line": line, "form": form}
    return render(request, "patients/consent.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.RECORD_CONSENT)
def withdraw(request: HttpRequest, patient: Patient, purpose: str) -> HttpResponse:
    user: Any = request.user
    line = line_or_404(user, patient, purpose)
    if actions.withdraw_consent(by=user, patient=patient, purpose=Consent.Purpose(line.purpose), now=timezone.now()):
        messages.success(request, _("Taken back. What rested on it has ended."))
    return redirect("patients:consents", patient.pk)


def line_or_404(user: Any, patient: Patient, purpose: str) -> queries.ConsentLine:
    line = queries.consent_line(user, patient, purpose, timezone.now())
    if line is None:
        raise Http404
    return line


# == Who must not see it ==
@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.RESTRICT)
def restrict(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Whom the patient does not want to see the record: the list, and by POST one more."""
    user: Any = request.user
    form = RestrictForm(request.POST if request.method == "POST" else None, by=user)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            actions.restrict(by=user, patient=patient, user=form.picked(), reason=reason, now=timezone.now())
        except actions.NotRestricted as problem:
            form.add_error("colleague", str(problem))
        else:
            messages.success(request, _("From now on this person cannot open the record, in any role at the clinic."))
            return redirect("patients:restrict", patient.pk)
    context = chart_context(request, patient, tab="patients:access") | {
        "form": form,
        "restrictions": queries.restrictions_of(user, patient),
    }
    return render(request, "patients/restrict.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.RESTRICT)
def end_restriction(request: HttpRequest, patient: Patient, restriction_id: UUID) -> HttpResponse:
    user: Any = request.user
    rows = Restriction.objects.visible_to(user).filter(patient=patient).select_related("patient")
    restriction: Restriction = get_object_or_404(rows, pk=restriction_id)
    try:
        actions.end_restriction(by=user, restriction=restriction, now=timezone.now())
    except PermissionDenied as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Ended. What else opens the record to them counts again."))
    return redirect("patients:restrict", patient.pk)
