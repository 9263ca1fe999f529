"""Who may prepare, order, take a specimen and end an order. Which orders one sees is `visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can, passes
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from patients.access import NotInScope
from patients.models import Patient
from records.models import ServiceRequest


def check_can_order(user: User, patient: Patient) -> None:
    """Raises NotAllowed without the permission, NotInScope out of reach."""
    check_can(user, Permission.ORDER)
    _check_reaches(user, patient)


def can_order(user: User, patient: Patient) -> bool:
    return passes(check_can_order, user, patient)


def check_can_prepare(user: User, patient: Patient) -> None:
    """Write an order down for a doctor to place: whoever takes specimens. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.ENTER_RESULT)
    _check_reaches(user, patient)


def check_can_answer(user: User, request: ServiceRequest) -> None:
    """Take its specimen, write down what came, or that nothing comes. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.ENTER_RESULT)
    check_ours(request)
    _check_sees(user, request)


def can_answer(user: User, request: ServiceRequest) -> bool:
    return passes(check_can_answer, user, request)


def check_can_decide(user: User, request: ServiceRequest) -> None:
    """Place, put off or revoke it: whoever orders, also for a colleague. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.ORDER)
    check_ours(request)
    _check_sees(user, request)


def can_decide(user: User, request: ServiceRequest) -> bool:
    return passes(check_can_decide, user, request)


def check_ours(request: ServiceRequest) -> None:
    """Raises NotAllowed for one that another system tells of: it is answered and ended there."""
    if request.source:
        raise NotAllowed(_("This was ordered elsewhere. What becomes of it is told from there."))


def _check_reaches(user: User, patient: Patient) -> None:
    if not Patient.objects.visible_to(user, Scope.CLINICAL).filter(pk=patient.pk).exists():
        raise NotInScope(_("This patient is not in your scope."))


def _check_sees(user: User, request: ServiceRequest) -> None:
    if not ServiceRequest.objects.visible_to(user).filter(pk=request.pk, patient_id=request.patient_id).exists():
        raise NotInScope(_("This order is not in your scope."))
