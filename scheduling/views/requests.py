"""Times that patients asked for: the list of those that wait for an answer, and the answer."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context
from patients.models import Patient
from scheduling import actions
from scheduling.doors import of_visit
from scheduling.forms import DeclineForm
from scheduling.models import Appointment
from scheduling.queries.pages import requests_for
from scheduling.views.visits import TAB, stepped


@require_safe
@requires(Permission.BOOK_APPOINTMENT)
def requests(request: HttpRequest) -> HttpResponse:
    """What waits at the sites where this person works."""
    user: Any = request.user
    actions.list_appointments(by=user)
    return render(request, "scheduling/requests.html", {"waiting": list(requests_for(user, timezone.now()))})


@require_POST
@of_visit(Permission.BOOK_APPOINTMENT)
def accept(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    said = _("Agreed. The visit is booked, and the patient gets a message with the time and the address.")
    return stepped(request, visit, actions.accept_request, said)


@require_http_methods(["GET", "HEAD", "POST"])
@of_visit(Permission.BOOK_APPOINTMENT)
def decline(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    form = DeclineForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user: Any = request.user
        try:
            reason = form.cleaned_data["reason"]
            actions.decline_request(by=user, appointment=visit, reason=reason, now=timezone.now())
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Declined. The patient gets a message, and the time is free again."))
            return redirect("scheduling:requests")
    context = chart_context(request, patient, tab=TAB) | {"visit": visit, "form": form}
    return render(request, "scheduling/decline.html", context, status=422 if form.is_bound else 200)
