"""What the patient agrees to: read the words, say yes or no, and take it back, each in one press."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients import actions, queries
from patients.access import can_consent
from patients.doors import own_record
from patients.forms.consents import OwnConsentForm
from patients.models import Consent, Patient

PORTAL, PERMIT = Consent.Method.PORTAL, Consent.Decision.PERMIT


@require_safe
@own_record
def consents(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    context = {
        "patient": patient,
        "lines": queries.consents_of(user, patient, timezone.now()),
        "restrictions": queries.restrictions_of(user, patient),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "patients/portal_consents.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_record
def consent(request: HttpRequest, patient: Patient, purpose: str) -> HttpResponse:
    """One of them: its words, where it stands, and the answer."""
    user: Any = request.user
    line = line_or_404(user, patient, purpose)
    form = OwnConsentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        decision = Consent.Decision(form.cleaned_data["decision"])
        try:
            actions.give_consent(
                by=user,
                patient=patient,
                purpose=Consent.Purpose(purpose),
                decision=decision,
                method=PORTAL,
                shown=form.cleaned_data["shown"],
                now=timezone.now(),
            )
        except (actions.NotGiven, PermissionDenied) as problem:
            form.add_error(None, str(problem))
        else:
            said = (
                _("You said yes. You can take it back here at any time.") if decision == PERMIT else _("You said no.")
            )
            messages.success(request, said)
            return redirect("portal:consents")
    context = {
        "patient": patient,
        "line": line,
        "form": form,
        "may_answer": can_consent(user, patient),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "patients/portal_consent.html", context, status=422 if form.is_bound else 200)


@require_POST
@own_record
def withdraw(request: HttpRequest, patient: Patient, purpose: str) -> HttpResponse:
    user: Any = request.user
    line = line_or_404(user, patient, purpose)
    if actions.withdraw_consent(by=user, patient=patient, purpose=Consent.Purpose(line.purpose), now=timezone.now()):
        messages.success(request, _("Taken back. From now on it counts as no."))
    return redirect("portal:consents")


def line_or_404(user: Any, patient: Patient, purpose: str) -> queries.ConsentLine:
    line = queries.consent_line(user, patient, purpose, timezone.now())
    if line is None:
        raise Http404
    return line
