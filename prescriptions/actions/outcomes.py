"""What else becomes of a prescription in the dispensary: not dispensed, after all, and once more."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from prescriptions.access import check_can_repeat
from prescriptions.actions.settling import settle_prepared
from prescriptions.actions.standing import STANDING, check_not_halted, collected, take_back, to_prepare, why_no_repeat
from prescriptions.actions.steps import (
    NotPossible,
    check_is,
    check_lives,
    end_wait,
    locked,
    where_it_stands,
)
from prescriptions.events import PrescriptionNotDispensed, PrescriptionToPrepare
from prescriptions.models import Prescription

Status = Prescription.Status
PUT_OFF = (Status.SIGNED, Status.READY, Status.NOT_COLLECTED)


@transaction.atomic
def not_dispense(*, by: User, prescription: Prescription, reason: str, note: str = "", now: datetime) -> Prescription:
    """The dispensary gives nothing of it, or no more of it, for a coded reason; the prescriber hears.

    What is prepared is put back. Where some was handed out before, that is what was collected, and the rest does not
    come; else it stands as not dispensed until it is taken up again or cancelled. Raises NotAllowed, NotPossible, and
    ValueError for a reason that is none.
    """
    check_can(by, Permission.DISPENSE)
    reason, note = Prescription.WhyNot(reason).value, " ".join(note.split())
    if reason == Prescription.WhyNot.OTHER and not note:
        raise NotPossible(_("Say why in your words."))
    found = locked(by, prescription)
    if found.status not in PUT_OFF:
        raise NotPossible(where_it_stands(found))
    last = take_back(by, found, now)
    if last is None:
        to_prepare(found)
        found.status = Status.NOT_DISPENSED
    else:
        collected(found, last)
    found.not_dispensed_at, found.not_dispensed_by = now, by
    found.not_dispensed_reason, found.not_dispensed_note = reason, note
    found.save(update_fields=STANDING)
    end_wait(found)
    record("prescriptions.not_dispense", by=by, patient_id=found.patient_id, target=found, detail={"reason": reason})
    publish(
        PrescriptionNotDispensed(prescription_id=found.pk, patient_id=found.patient_id, provider_id=found.prescriber_id)
    )
    return found


@transaction.atomic
def take_up_again(*, by: User, prescription: Prescription, now: datetime) -> Prescription:
    """What was not dispensed is to be prepared after all. Raises NotAllowed and NotPossible."""
    check_can_repeat(by)
    found = locked(by, prescription)
    check_is(found, Status.NOT_DISPENSED)
    check_lives(found)
    check_not_halted(by, found, now)
    to_prepare(found)
    found.save(update_fields=STANDING)
    record("prescriptions.take_up_again", by=by, patient_id=found.patient_id, target=found)
    publish(PrescriptionToPrepare(prescription_id=found.pk, patient_id=found.patient_id))
    return found


@transaction.atomic
def repeat_prescription(*, by: User, prescription: Prescription, now: datetime) -> Prescription:
    """The next of its repeats is to be prepared: as often as was prescribed, within a year of the signature.

    Raises NotAllowed and NotPossible.
    """
    check_can_repeat(by)
    found = locked(by, prescription)
    check_is(found, Status.PICKED_UP)
    check_lives(found)
    check_not_halted(by, found, now)
    if why := why_no_repeat(found, now):
        raise NotPossible(why)
    to_prepare(found)
    found.fill += 1
    found.save(update_fields=STANDING)
    settle_prepared(by, found, now)
    record("prescriptions.repeat", by=by, patient_id=found.patient_id, target=found, detail={"fill": found.fill})
    publish(PrescriptionToPrepare(prescription_id=found.pk, patient_id=found.patient_id))
    return found
