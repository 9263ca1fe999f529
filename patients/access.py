"""Who may do what with which patient. The rule of rows itself is `Patient.objects.visible_to`."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can, check_can, scopes_of
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from patients.models import CareRelationship, Patient


class NotInScope(PermissionDenied):
    """Signed-in staff may hold the permission, but not this patient; whether the patient exists is not told."""


def check_can_open_chart(user: User, patient_id: UUID) -> Patient:
    """Raises NotAllowed for a role that opens no chart, NotInScope for a patient who is not in its care.

    Returns the patient, with the site.
    """
    if not can(user, Permission.OWN_RECORD):
        check_can(user, Permission.OPEN_CHART)
    patient = Patient.objects.visible_to(user).select_related("site").filter(pk=patient_id).first()
    if patient is None:
        raise NotInScope(_("This patient is not in your scope."))
    return patient


def can_open_chart(user: User, patient_id: UUID) -> bool:
    return _holds(check_can_open_chart, user, patient_id)


def check_can_grant(user: User, patient: Patient, role: str, scopes: Iterable[Scope]) -> None:
    """Raises NotAllowed unless the granter reaches each scope, and the receiver's role can hold it."""
    check_can(user, Permission.GRANT_ACCESS)
    for scope in scopes:
        if scope not in scopes_of(role):
            raise NotAllowed(_("This role can never see that part of a chart."))
        if not Patient.objects.visible_to(user, scope).filter(pk=patient.pk).exists():
            raise NotAllowed(_("You can only share what you can see yourself."))


def can_grant(user: User, patient: Patient, role: str, scopes: Iterable[Scope]) -> bool:
    return _holds(check_can_grant, user, patient, role, scopes)


def check_can_end(user: User, relationship: CareRelationship) -> None:
    """Raises NotAllowed. What a site or a sign-up opened is not ended by a colleague, one by one."""
    check_can(user, Permission.GRANT_ACCESS)
    if relationship.kind in (CareRelationship.Kind.SITE, CareRelationship.Kind.SELF):
        raise NotAllowed(_("This access comes with the site or the patient's own account and is not ended here."))


def can_end(user: User, relationship: CareRelationship) -> bool:
    return _holds(check_can_end, user, relationship)


def _holds(check: Callable[..., object], *arguments: object) -> bool:
    try:
        check(*arguments)
    except PermissionDenied:
        return False
    return True
