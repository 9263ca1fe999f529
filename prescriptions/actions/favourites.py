"""Prescriptions kept under a short name: for oneself, and about nobody."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from patients.models import Patient
from prescriptions.access import check_can_arrange, check_can_prescribe
from prescriptions.actions.steps import NotPrescribable
from prescriptions.actions.writing import draft_prescription
from prescriptions.models import FavouritePrescription, Prescription
from prescriptions.rules.sig import Content
from records.models import Encounter

MOST = 100  # of one person: more is no shorter than the search


class NotKept(Exception):
    """The message is a sentence for whoever named it."""


@transaction.atomic
def keep_favourite(*, by: User, prescription: Prescription, name: str) -> FavouritePrescription:
    """Keep medicine, directions and repeats of a prescription that one sees; neither for whom it is nor what for.

    Raises NotAllowed, and NotKept: for what is written in words or has no directions yet, for a name that is empty or
    stands for another one, and beyond a hundred.
    """
    check_can_prescribe(by)
    found = Prescription.objects.visible_to(by).select_related("medication").get(pk=prescription.pk)
    if found.medication is None:
        raise NotKept(_("What is written in words cannot be kept: nothing can be checked about it."))
    if found.directions is None:
        raise NotKept(_("Say first how it is taken: the directions are kept with it."))
    if FavouritePrescription.objects.filter(user=by).count() >= MOST:
        raise NotKept(_("You keep %(most)d already. Remove one that you no longer need.") % {"most": MOST})
    row = FavouritePrescription(
        user=by,
        name=_named(name),
        medication=found.medication,
        sig=found.directions.content(),
        repeats=found.repeats,
        may_substitute=found.may_substitute,
    )
    _save(row, new=True)
    record("prescriptions.keep_favourite", by=by, target=row)
    return row


@transaction.atomic
def rename_favourite(*, by: User, favourite: FavouritePrescription, name: str) -> None:
    """Raises NotAllowed for another's, and NotKept for a name that is empty or stands for another one."""
    check_can_arrange(by, favourite)
    favourite.name = _named(name)
    _save(favourite, new=False)
    record("prescriptions.rename_favourite", by=by, target=favourite)


@transaction.atomic
def remove_favourite(*, by: User, favourite: FavouritePrescription) -> None:
    """What was prescribed with it stays as it is. Raises NotAllowed for another's."""
    check_can_arrange(by, favourite)
    record("prescriptions.remove_favourite", by=by, target=favourite)
    favourite.delete()


@transaction.atomic
def prescribe_favourite(
    *, by: User, patient: Patient, favourite: FavouritePrescription, encounter: Encounter | None, now: datetime
) -> Prescription:
    """A draft with the medicine and the directions of a favourite, checked and signed like any other.

    Raises NotAllowed, and NotPrescribable for what is no longer offered.
    """
    check_can_arrange(by, favourite)
    if not favourite.medication.active:
        raise NotPrescribable(_("%(name)s is no longer offered.") % {"name": favourite.medication.label})
    content = Content(favourite.directions, repeats=favourite.repeats, may_substitute=favourite.may_substitute)
    return draft_prescription(
        by=by, patient=patient, medication=favourite.medication, content=content, encounter=encounter, now=now
    )


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise NotKept(_("Give it a short name."))
    return name


def _save(row: FavouritePrescription, *, new: bool) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=new, update_fields=None if new else ["name", "updated_at"])
    except IntegrityError:
        raise NotKept(_("Another of your favourites has this name. Choose another name.")) from None
