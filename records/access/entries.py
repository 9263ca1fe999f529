"""Who may record, correct, void, read and release entries. Which rows one sees is `visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can, passes
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from patients.access import NotInScope
from patients.models import Patient
from records.kinds import kind_of
from records.models import Entry


def check_can_record(user: User, patient: Patient, kind: str) -> None:
    """Raises NotAllowed without the kind's permission, NotInScope out of reach."""
    check_can(user, kind_of(kind).permission)
    if not Patient.objects.visible_to(user, Scope.CLINICAL).filter(pk=patient.pk).exists():
        raise NotInScope(_("This patient is not in your scope."))


def can_record(user: User, patient: Patient, kind: str) -> bool:
    return passes(check_can_record, user, patient, kind)


def check_can_void(user: User, entry: Entry) -> None:
    """Whoever may record the kind may say that an entry is wrong. Raises NotAllowed and NotInScope."""
    check_can(user, kind_of(entry.kind).permission)
    _check_sees(user, entry)


def can_void(user: User, entry: Entry) -> bool:
    return passes(check_can_void, user, entry)


def check_can_release(user: User, entry: Entry) -> None:
    """Raises NotAllowed for whoever releases nothing, and for what is no result; NotInScope out of reach."""
    check_can(user, Permission.RELEASE_RESULT)
    if kind_of(entry.kind).is_released(entry):
        raise NotAllowed(_("The patient sees this without a release."))
    _check_sees(user, entry)


def can_release(user: User, entry: Entry) -> bool:
    return passes(check_can_release, user, entry)


def check_can_wish(user: User, patient: Patient) -> None:
    """Whether one may say how results come to a patient: the patient, or who acts for them. Raises NotAllowed and
    NotInScope.
    """
    check_can(user, Permission.OWN_RECORD)
    if not Patient.objects.visible_to(user, Scope.CLINICAL).filter(pk=patient.pk).exists():
        raise NotInScope(_("This patient is not in your scope."))


def _check_sees(user: User, entry: Entry) -> None:
    if not Entry.objects.visible_to(user).filter(pk=entry.pk, patient_id=entry.patient_id).exists():
        raise NotInScope(_("This patient is not in your scope."))
