"""The verbs of the pick-up loop: make ready, hand out, give back what nobody collected, keep it ready after all."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from prescriptions.access import check_can_keep_ready
from prescriptions.actions.steps import (
    NotPossible,
    begin_wait,
    check_becomes,
    check_is,
    check_lives,
    end_of,
    end_wait,
    locked,
)
from prescriptions.events import PrescriptionNotCollected, PrescriptionPickedUp, PrescriptionReady
from prescriptions.models import Prescription

Status = Prescription.Status
LONGEST_WAIT = 30  # days more, when somebody says that the patient will come
PICKED_UP = ("status", "picked_up_at", "picked_up_by", "picked_up_relation", "handed_out_by", "ends_at", "updated_at")


@transaction.atomic
def mark_ready(*, by: User, prescription: Prescription, now: datetime) -> Prescription:
    """It is prepared and waits; after its days without a pick-up it goes back to the prescriber.

    Raises NotAllowed and NotPossible.
    """
    check_can(by, Permission.DISPENSE)
    found = locked(by, prescription)
    check_is(found, Status.SIGNED)
    check_lives(found)
    found.status, found.ready_at, found.ready_by = Status.READY, now, by
    found.collect_by = now + timedelta(days=found.pick_up_days)
    found.save(update_fields=["status", "ready_at", "ready_by", "collect_by", "updated_at"])
    begin_wait(found)
    record("prescriptions.ready", by=by, patient_id=found.patient_id, target=found)
    publish(PrescriptionReady(prescription_id=found.pk, patient_id=found.patient_id))
    return found


@transaction.atomic
def pick_up(
    *, by: User, prescription: Prescription, name: str, relation: str, identity_checked: bool, now: datetime
) -> Prescription:
    """Hand it out to somebody whose identity was checked, also after it counted as not collected; the prescriber hears.

    Of two who hand out at once, one does. Raises NotAllowed, NotPossible (who was first, and when), and ValueError for
    a relation that is none.
    """
    check_can(by, Permission.DISPENSE)
    name, relation = " ".join(name.split()), Prescription.Relation(relation).value
    if not identity_checked or not name:
        raise NotPossible(_("Check who it is first: the name on an ID, and that it fits the person."))
    found = locked(by, prescription)
    check_becomes(found, Status.PICKED_UP)
    check_lives(found)
    found.status, found.picked_up_at, found.handed_out_by = Status.PICKED_UP, now, by
    found.picked_up_by, found.picked_up_relation = name, relation
    sig = found.directions
    found.ends_at = end_of(found, sig, now) if sig else found.ends_at
    found.save(update_fields=PICKED_UP)
    end_wait(found)
    record("prescriptions.pick_up", by=by, patient_id=found.patient_id, target=found, detail={"relation": relation})
    publish(
        PrescriptionPickedUp(prescription_id=found.pk, patient_id=found.patient_id, provider_id=found.prescriber_id)
    )
    return found


@transaction.atomic
def keep_ready(*, by: User, prescription: Prescription, days: int, now: datetime) -> Prescription:
    """Nobody came, and somebody says that the patient will: it waits so many days more, 1 to 30.

    For the prescriber who reached the patient, and for the dispensary. Raises NotAllowed, NotPossible.
    """
    check_can_keep_ready(by)
    found = locked(by, prescription)
    check_is(found, Status.NOT_COLLECTED)
    if not 1 <= days <= LONGEST_WAIT:
        raise NotPossible(_("It can wait 1 to 30 days more."))
    found.status, found.collect_by, found.not_collected_at = Status.READY, now + timedelta(days=days), None
    found.save(update_fields=["status", "collect_by", "not_collected_at", "updated_at"])
    begin_wait(found)
    record("prescriptions.keep_ready", by=by, patient_id=found.patient_id, target=found, detail={"days": days})
    publish(PrescriptionReady(prescription_id=found.pk, patient_id=found.patient_id))
    return found


@transaction.atomic
def expire_uncollected(*, by: User | None, prescription_id: UUID, now: datetime) -> bool:
    """Its days are over and nobody came: it goes back to the prescriber, once. Returns whether this call did it.

    What was collected, cancelled or kept for longer in the meantime stays as it is; an unknown id does nothing.
    """
    found = Prescription.objects.select_for_update(of=("self",)).filter(pk=prescription_id).first()
    if found is None:
        return False
    if found.status != Status.READY or found.collect_by is None:
        end_wait(found)
        return False
    if found.collect_by > now:
        begin_wait(found)
        return False
    found.status, found.not_collected_at = Status.NOT_COLLECTED, now
    found.save(update_fields=["status", "not_collected_at", "updated_at"])
    end_wait(found)
    record("prescriptions.not_collected", by=by, patient_id=found.patient_id, target=found)
    publish(
        PrescriptionNotCollected(prescription_id=found.pk, patient_id=found.patient_id, provider_id=found.prescriber_id)
    )
    return True
