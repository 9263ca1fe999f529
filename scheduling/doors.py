"""The doors to one visit: the chart's own door, then the visit through `visible_to`, in the zone of its site."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone

from healthcare.accounts.permissions import Permission, Scope
from patients.doors import of_patient, portal_page
from patients.models import Patient
from scheduling.models import Appointment, AppointmentQuerySet

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
