"""The doors to one visit: the chart's own door, then the visit through `visible_to`, in the zone of its site.

And to one line of the waitlist, with the answer to what is kept for it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.permissions import Permission, Scope
from patients.doors import of_patient, portal_page
from patients.models import Patient
from scheduling import actions
from scheduling.models import Appointment, AppointmentQuerySet, Wait, WaitOffer
from scheduling.queries.waitlist import find_wait

View = Callable[..., HttpResponseBase]


def visits_of(user: Any, patient: Patient) -> AppointmentQuerySet:
    """The patient's visits that this user may see, each with whom, where and what for."""
    seen = Appointment.objects.visible_to(user).filter(patient=patient)
    found: AppointmentQuerySet = seen.select_related("provider", "site", "visit_type", "patient")
    return found


def of_visit(permission: Permission) -> Callable[[View], View]:
    """A page about one visit, for roles that hold the permission: `view(request, patient, visit)`.

    The URL holds the patient's id and the visit's, and both have to fit: a patient who is not in scope gets the one
    fixed page, a visit that is not this patient's is not found.
    """

    def decorate(view: View) -> View:
        return wraps(view, updated=())(of_patient(permission)(_found(view)))

    return decorate


def own_visit(view: View) -> View:
    """A visit of one's own, or of somebody one acts for: `view(request, patient, visit)`; else not found."""
    return wraps(view, updated=())(portal_page(Scope.SCHEDULE)(_found(view)))


def _found(view: View) -> View:
    def door(request: HttpRequest, patient: Patient, *, appointment_id: UUID, **kwargs: Any) -> HttpResponseBase:
        visit = get_object_or_404(visits_of(request.user, patient), pk=appointment_id)
        with timezone.override(visit.time_zone):
            return view(request, patient, visit, **kwargs)

    return door


# == A line of the waitlist ==
def wait_of(user: Any, patient: Patient, wait_id: UUID) -> Wait:
    found = find_wait(user, patient, wait_id)
    if found is None:
        raise Http404
    return found


def answer(request: HttpRequest, wait: Wait) -> WaitOffer | None:
    """The newest offer of this line, accepted or declined by the button that was pressed; what came of it is said."""
    user: Any = request.user
    offers: list[WaitOffer] = wait.offered  # type: ignore[attr-defined]
    if not offers:
        messages.info(request, _("Nothing is kept at the moment."))
        return None
    accepts = request.POST.get("answer") == "accept"
    verb = actions.accept_offer if accepts else actions.decline_offer
    try:
        offer = verb(by=user, offer=offers[0], now=timezone.now())
    except actions.NotBookable as problem:
        messages.error(request, str(problem))
        return None
    if offer.state == WaitOffer.State.LOST:
        messages.error(request, _("This time cannot be had any more. The line stays on the waitlist."))
    elif accepts:
        messages.success(request, _("The visit is booked. A message with the time and the address goes out."))
    else:
        messages.success(request, _("Declined. The time goes to the next, and the line stays on the waitlist."))
    return offer
