"""Who may write, take and close: the role says ever, the scope MESSAGE says with which patient."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can, passes
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import PATIENT
from patients.access import NotInScope
from patients.models import Patient
from records.access.entries import check_can_record


def check_can_write(user: User, patient: Patient) -> None:
    """Raises NotAllowed for a role that writes no messages, NotInScope where messages with this patient are not open.

    A patient writes for their own record, or for somebody they act for; the staff to patients in their reach.
    """
    check_can(user, Permission.OWN_RECORD if user.acting_role == PATIENT else Permission.MESSAGE_PATIENTS)
    if not Patient.objects.visible_to(user, Scope.MESSAGE).filter(pk=patient.pk).exists():
        raise NotInScope(_("Messages with this patient are not open to you."))


def check_can_file(user: User, patient: Patient) -> None:
    """Raises NotAllowed for who does not read charts, or writes no messages, and NotInScope where either is closed."""
    check_can(user, Permission.READ_CLINICAL)
    check_can_write(user, patient)
    check_can_record(user, patient, "conversation")


def can_file(user: User, patient: Patient) -> bool:
    return passes(check_can_file, user, patient)


def can_write(user: User, patient: Patient) -> bool:
    return passes(check_can_write, user, patient)
