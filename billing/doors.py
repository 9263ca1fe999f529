"""The door to a patient's account: who may open the chart and not the bills gets the page of what is not in scope."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from billing.access import check_can_see_bills
from healthcare.accounts.permissions import Permission
from patients.access import NotInScope
from patients.doors import not_in_scope, of_patient
from patients.models import Patient


def of_account(permission: Permission) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponseBase]]:
    """A page about one patient's money: `view(request, patient, …)`."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
        @of_patient(permission)
        @wraps(view)
        def door(request: HttpRequest, patient: Patient, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            try:
                check_can_see_bills(user, patient)
            except NotInScope:
                return not_in_scope(request, patient.pk)
            return view(request, patient, **kwargs)

        return door

    return decorate
