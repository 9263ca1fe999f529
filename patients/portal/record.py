"""The patient's pages: their own details, who opened their record, and how the account is linked to it."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission, Scope
from patients import actions, queries
from patients.doors import portal_page
from patients.forms import LinkForm, OpeningsForm
from patients.models import Patient
from patients.queries.merging import merges_of
from patients.queries.profile import profile_of

MONTH = timedelta(days=30)


@require_safe
@portal_page(Scope.IDENTITY)
def home(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    acted_for: queries.ActedFor | None = request.acted_for  # type: ignore[attr-defined]
    scopes = acted_for.scopes if acted_for else None
    context: dict[str, Any] = {
        "patient": patient,
        "acted_for": acted_for,
        "cards": queries.cards_of("patients.PortalCard", patient, user, now, scopes),
        "others": [] if acted_for else actions.list_people_acted_for(by=user),
        "shows_openings": scopes is None or Scope.CLINICAL in scopes,
    }
    if context["shows_openings"]:
        context["people"] = queries.people_who_opened(patient, since=now - MONTH, besides=user)
    return render(request, "patients/portal_home.html", context)


@require_safe
@portal_page(Scope.IDENTITY)
def record(request: HttpRequest, patient: Patient) -> HttpResponse:
    acted_for: queries.ActedFor | None = request.acted_for  # type: ignore[attr-defined]
    context = {
        "patient": patient,
        "profile": profile_of(request.user, patient),  # type: ignore[arg-type]
        "acted_for": acted_for,
        "shows_openings": acted_for is None or Scope.CLINICAL in acted_for.scopes,
        "print_subject": f"{patient.name}.",
        "former_numbers": [merge.former_mrn for merge in merges_of(request.user, patient)],  # type: ignore[arg-type]
        "may_merge": False,
    }
    return render(request, "patients/portal_record.html", context)


@require_safe
@portal_page(Scope.CLINICAL)
def openings(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    form = OpeningsForm(request.GET)
    if not form.is_valid():
        form = OpeningsForm({})
        form.is_valid()
    since, with_me = form.since(timezone.now()), form.cleaned_data["who"] == "all"
    found = queries.openings_of(
        patient,
        since=since,
        besides=None if with_me else user,
        at_most=OpeningsForm.MOST,
        acting=user if request.acted_for else None,  # type: ignore[attr-defined]
    )
    people = {opening.actor_id for opening in found}
    context = {
        "patient": patient,
        "acted_for": request.acted_for,  # type: ignore[attr-defined]
        "form": form,
        "openings": found,
        "people": len(people),
        "times": sum(opening.times for opening in found),
        "cut": sum(opening.times for opening in found) >= OpeningsForm.MOST,
        "print_subject": f"{patient.name}.",
    }
    return render(request, "patients/portal_openings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.OWN_RECORD)
def link(request: HttpRequest) -> HttpResponse:
    """A refused try is counted with the code, so the refusal is an answer, never an exception."""
    user: Any = request.user
    form = LinkForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "patients/portal_link.html", {"form": form}, status=422 if form.is_bound else 200)
    typed = form.cleaned_data
    try:
        actions.link_portal_account(by=user, code=typed["portal_code"], birth_date=typed["birth_date"])
    except (actions.PortalCodeRefused, actions.TooManyTries) as problem:
        form.add_error(None, str(problem))
        return render(request, "patients/portal_link.html", {"form": form}, status=422)
    except actions.AlreadyLinked as problem:
        messages.info(request, str(problem))
        return redirect("portal:home")
    messages.success(request, _("Your account is linked to your record."))
    return redirect("portal:home")
