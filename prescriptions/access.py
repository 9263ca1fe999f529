"""Who may prescribe, hand out and cancel. Which rows they reach is `Prescription.objects.visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can, check_can, passes
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission, Sensitivity
from healthcare.accounts.queries import own_provider
from healthcare.accounts.roles import PATIENT
from patients.access import NotInScope, find_visible
from prescriptions.models import FavouritePrescription, Prescription, RefillRequest


def check_can_prescribe(user: User) -> Provider:
    """Raises NotAllowed without the permission, or without a provider's own entry to sign as; returns that entry."""
    check_can(user, Permission.PRESCRIBE)
    provider = own_provider(user)
    if provider is None:
        raise NotAllowed(_("Your account belongs to no provider, so you cannot sign prescriptions."))
    return provider


def can_prescribe(user: User) -> bool:
    return passes(check_can_prescribe, user)


def check_can_arrange(user: User, favourite: FavouritePrescription) -> None:
    """Raises NotAllowed. Favourites are used, renamed and removed by whose they are."""
    check_can_prescribe(user)
    if favourite.user_id != user.pk:
        raise NotAllowed(_("This favourite is somebody else's."))


def check_can_sign(user: User, prescription: Prescription) -> None:
    """Raises NotAllowed. A draft is changed and signed by whoever wrote it."""
    check_can(user, Permission.PRESCRIBE)
    if prescription.prescriber.user_id != user.pk:
        raise NotAllowed(_("Only who wrote this draft can change or sign it."))


def can_sign(user: User, prescription: Prescription) -> bool:
    return passes(check_can_sign, user, prescription)


def check_can_cancel(user: User, prescription: Prescription) -> None:
    """Raises NotAllowed. What is signed is cancelled by any prescriber of the patient, a draft by its author."""
    check_can(user, Permission.PRESCRIBE)
    if prescription.status == Prescription.Status.DRAFT:
        check_can_sign(user, prescription)


def can_cancel(user: User, prescription: Prescription) -> bool:
    return passes(check_can_cancel, user, prescription)


def check_can_mark(user: User, prescription: Prescription, label: str = "") -> None:
    """Its prescriber, and whoever prescribes and holds the label: nobody hides it from themself. Raises NotAllowed."""
    check_can(user, Permission.PRESCRIBE)
    if prescription.prescriber.user_id == user.pk or not label:
        return
    if find_visible(user, prescription.patient_id, Sensitivity(label)) is None:
        raise NotAllowed(_("You would no longer see it yourself. Ask somebody who may see items of this kind."))


def can_mark(user: User, prescription: Prescription) -> bool:
    return passes(check_can_mark, user, prescription)


def check_can_keep_ready(user: User) -> None:
    """Raises NotAllowed. Whoever reached the patient says that it waits on: the prescriber, or the dispensary."""
    if not can(user, Permission.PRESCRIBE):
        check_can(user, Permission.DISPENSE)


def can_keep_ready(user: User) -> bool:
    return passes(check_can_keep_ready, user)


def can_reconcile(user: User) -> bool:
    """Whether they put medicines on hold, stop them and say that they went through the list."""
    return can(user, Permission.RECONCILE)


def check_can_print(user: User) -> None:
    """Raises NotAllowed. Whoever reads medicines in their role, and patients their own."""
    if user.acting_role != PATIENT:
        check_can(user, Permission.READ_MEDICATIONS)


def check_can_repeat(user: User) -> None:
    """Raises NotAllowed. The dispensary and whoever prescribes bring it back into the queue."""
    check_can_keep_ready(user)


def can_repeat(user: User) -> bool:
    return passes(check_can_repeat, user)


def check_can_keep_doses(user: User, prescription: Prescription) -> None:
    """Say when it is taken, and what was taken: the patient, or who acts for them. Raises NotAllowed, NotInScope."""
    check_can_ask_refill(user, prescription)


def check_can_ask_refill(user: User, prescription: Prescription) -> None:
    """The patient, or who acts for them, of what they see. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.OWN_RECORD)
    if not Prescription.objects.visible_to(user).filter(pk=prescription.pk).exists():
        raise NotInScope(_("This is not in the record that you see."))


def check_can_answer_refill(user: User, request: RefillRequest) -> None:
    """Whoever prescribes for this patient, and did not ask themself. Raises NotAllowed, NotInScope."""
    check_can_prescribe(user)
    if not RefillRequest.objects.visible_to(user).filter(pk=request.pk).exists():
        raise NotInScope(_("This request is not in your scope."))
    if request.asked_by_id == user.pk:
        raise NotAllowed(_("Who asked does not answer. Leave it to a colleague."))


def can_answer_refill(user: User, request: RefillRequest) -> bool:
    return passes(check_can_answer_refill, user, request)
