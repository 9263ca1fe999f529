"""Who may ask that the record be amended, and who answers. Which requests one sees is `visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can, passes
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from patients.access import NotInScope
from patients.models import Patient
from records.models import AmendmentRequest, Entry


def check_can_ask(user: User, patient: Patient, entry: Entry | None) -> None:
    """The patient, or who acts for them in everything, about what they may see. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.OWN_RECORD)
    reached = Patient.objects.visible_to(user, Scope.CLINICAL).filter(pk=patient.pk).exists()
    shown = entry is None or Entry.objects.visible_to(user).filter(pk=entry.pk, patient_id=patient.pk).exists()
    if not reached or not shown:
        raise NotInScope(_("This is not in the record that you see."))


def check_can_reply(user: User, request: AmendmentRequest) -> None:
    """Take it back, or disagree with its answer: whoever is on the patient's side. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.OWN_RECORD)
    _check_sees(user, request)


def check_can_answer(user: User, request: AmendmentRequest) -> None:
    """Whoever writes notes and reaches the patient, not about oneself. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    _check_sees(user, request)
    if request.asked_by_id == user.pk:
        raise NotAllowed(_("Who asked does not answer. Leave it to a colleague."))


def can_answer(user: User, request: AmendmentRequest) -> bool:
    return passes(check_can_answer, user, request)


def _check_sees(user: User, request: AmendmentRequest) -> None:
    if not AmendmentRequest.objects.visible_to(user).filter(pk=request.pk, patient_id=request.patient_id).exists():
        raise NotInScope(_("This request is not in your scope."))
