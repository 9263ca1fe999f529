"""The doors to one visit: the chart's own door, then the visit through `visible_to`."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from healthcare.accounts.permissions import Permission, Scope
from patients.doors import of_patient, portal_page
from patients.models import Patient
from records.models import Encounter
from records.queries.encounters import with_names

View = Callable[..., HttpResponseBase]


def of_encounter(permission: Permission) -> Callable[[View], View]:
    """A page about one visit, for roles that hold the permission: `view(request, patient, encounter)`.

    The URL holds the patient's id and the visit's, and both have to fit.
    """

    def decorate(view: View) -> View:
        return wraps(view, updated=())(of_patient(permission)(_found(view)))

    return decorate


def own_encounter(view: View) -> View:
    """A visit of one's own, or of somebody one acts for: `view(request, patient, encounter)`; else not found."""
    return wraps(view, updated=())(portal_page(Scope.CLINICAL)(_found(view)))


def find_encounter(user: Any, patient_id: UUID, encounter_id: UUID) -> Encounter:
    """Raises Http404 for a visit that is out of reach, or another patient's."""
    seen = with_names(Encounter.objects.visible_to(user)).select_related("closed_by", "reopened_by", "voided_by")
    return get_object_or_404(seen, pk=encounter_id, patient_id=patient_id)


def _found(view: View) -> View:
    def door(request: HttpRequest, patient: Patient, *, encounter_id: UUID, **kwargs: Any) -> HttpResponseBase:
        return view(request, patient, find_encounter(request.user, patient.pk, encounter_id), **kwargs)

    return door
