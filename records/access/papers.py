"""Who may ask for a paper, sign a sick note, open one, and declare one void. Which papers one sees is `visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can, passes
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import PATIENT
from patients.access import NotInScope
from patients.models import Patient
from records.access.signing import is_in_training
from records.models import Encounter, Paper
from records.rules.states import WRONG


def check_can_ask(user: User, patient: Patient) -> None:
    """Whoever reads the chart, or whose it is; a sick note is signed, not asked for. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.OWN_RECORD if user.acting_role == PATIENT else Permission.READ_CLINICAL)
    if not Patient.objects.visible_to(user, Scope.CLINICAL).filter(pk=patient.pk).exists():
        raise NotInScope(_("This patient is not in your scope."))


def can_ask(user: User, patient: Patient) -> bool:
    return passes(check_can_ask, user, patient)


def check_can_sign_sick_note(user: User, encounter: Encounter) -> None:
    """The provider who holds the visit, and is not in training. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    if encounter.source or not encounter.is_held_by(user):
        raise NotAllowed(_("A sick note is signed by the provider who holds the visit."))
    if encounter.state == WRONG or encounter.status == Encounter.Status.PLANNED:
        raise NotAllowed(_("This visit has not begun, or was entered in error. There is no sick note of it."))
    if is_in_training(user):
        raise NotAllowed(_("You are in training. Your supervisor signs sick notes."))
    if not Encounter.objects.visible_to(user).filter(pk=encounter.pk).exists():
        raise NotInScope(_("This visit is not in your scope."))


def can_sign_sick_note(user: User, encounter: Encounter) -> bool:
    return passes(check_can_sign_sick_note, user, encounter)


def check_can_void(user: User, paper: Paper) -> None:
    """A sick note, by whoever signs such. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    if paper.kind != Paper.Kind.SICK_NOTE:
        raise NotAllowed(_("Only a sick note is declared void."))
    check_sees(user, paper)


def can_void(user: User, paper: Paper) -> bool:
    return passes(check_can_void, user, paper)


def check_sees(user: User, paper: Paper) -> None:
    """Raises NotInScope."""
    if not Paper.objects.visible_to(user).filter(pk=paper.pk, patient_id=paper.patient_id).exists():
        raise NotInScope(_("This paper is not in your scope."))
