"""Who may write, take and close: the role says ever, the scope MESSAGE says with which patient."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import PATIENT
from patients.access import NotInScope
from patients.models import Patient


def check_can_write(user: User, patient: Patient) -> None:
    """Raises NotAllowed for a role that writes no messages, NotInScope where messages with this patient are not open.

    A patient writes for their own record, or for somebody they act for; the staff to patients in their reach.
    """
    check_can(user, Permission.OWN_RECORD if user.acting_role == PATIENT else Permission.MESSAGE_PATIENTS)
    if not Patient.objects.visible_to(user, Scope.MESSAGE).filter(pk=patient.pk).exists():
        raise NotInScope(_("Messages with this patient are not open to you."))


def can_write(user: User, patient: Patient) -> bool:
    try:
        check_can_write(user, patient)
    except PermissionDenied:
        return False
    return True
