"""Who may see bills and take money. The rule of rows itself is `visible_to`, in the scope billing."""

from uuid import UUID

from billing.models import Invoice
from healthcare.accounts.access import NotAllowed, can, check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from patients.access import NotInScope
from patients.models import Patient


def check_can_see_bills(user: User, patient: Patient) -> None:
    """Raises NotAllowed for a role that reads no bills, NotInScope where this patient's bills are not in its care."""
    if not can(user, Permission.OWN_RECORD):
        check_can(user, Permission.READ_BILLING)
    if not Patient.objects.visible_to(user, Scope.BILLING).filter(pk=patient.pk).exists():
        raise NotInScope


def can_see_bills(user: User, patient: Patient) -> bool:
    try:
        check_can_see_bills(user, patient)
    except (NotAllowed, NotInScope):
        return False
    return True


def check_can_take_payment(user: User, invoice: Invoice) -> None:
    """Raises NotAllowed for a role that takes no money, NotInScope for a bill that is not in its care."""
    check_can(user, Permission.TAKE_PAYMENT)
    if not Invoice.objects.visible_to(user).filter(pk=invoice.pk).exists():
        raise NotInScope


def can_take_payment(user: User, invoice: Invoice) -> bool:
    try:
        check_can_take_payment(user, invoice)
    except (NotAllowed, NotInScope):
        return False
    return True


def check_can_record_coverage(user: User, patient_id: UUID) -> None:
    """Raises NotAllowed for a role that keeps no insurance cards, NotInScope for a patient not in its care."""
    check_can(user, Permission.RECORD_COVERAGE)
    if not Patient.objects.visible_to(user, Scope.BILLING).filter(pk=patient_id).exists():
        raise NotInScope


def can_record_coverage(user: User, patient_id: UUID) -> bool:
    try:
        check_can_record_coverage(user, patient_id)
    except (NotAllowed, NotInScope):
        return False
    return True
