"""The verbs of the pick-up loop: make ready, hand out, give back what nobody collected, keep it ready after all."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from prescriptions.access import check_can_keep_ready
from prescriptions.actions.checking_anew import check_anew
from prescriptions.actions.standing import STANDING, check_not_halted, check_waits, collected, to_prepare
from prescriptions.actions.steps import NotPossible, begin_wait, check_is, check_lives, end_of, end_wait, locked
from prescriptions.events import PrescriptionNotCollected, PrescriptionPickedUp, PrescriptionReady
from prescriptions.models import Dispense, Prescription, SafetyCheck
from prescriptions.rules.safety import Answer

Status = Prescription.Status
LONGEST_WAIT = 30  # days more, when somebody says that the patient will come
HANDED_OUT = ("state", "picked_up_at", "picked_up_by", "picked_up_relation", "handed_out_by", "updated_at")


@transaction.atomic
def mark_ready(
    *,
    by: User,
    prescription: Prescription,
    quantity: Decimal | None = None,
    product: str = "",
    part_reason: str = "",
    overrides: Iterable[Answer] = (),
    now: datetime,
) -> Prescription:
    """It is prepared and waits; after its days without a pick-up it goes back to the prescriber.

    `quantity` is what is due unless it is said, and less with a reason; `product` names another maker's, where that may
    be given; `overrides` answer what the safety check says anew. Raises NotAllowed, NotPossible, FindingsUnanswered,
    and ValueError for a reason that is none.
    """
    check_can(by, Permission.DISPENSE)
    found = locked(by, prescription)
    check_is(found, Status.SIGNED)
    check_lives(found)
    check_not_halted(by, found, now)
    product = " ".join(product.split())
    amount = _amount(found, quantity, part_reason)
    if product and not found.may_substitute:
        raise NotPossible(_("The prescriber wants exactly this one. Prepare it, or say why it is not dispensed."))
    said = check_anew(by, found, overrides, SafetyCheck.Occasion.PREPARING, now)
    prepared = Dispense(
        prescription=found,
        patient_id=found.patient_id,
        fill=found.fill,
        quantity=amount,
        product=product,
        part_reason=Dispense.PartReason(part_reason).value if amount < found.due_quantity else "",
        prepared_at=now,
        prepared_by=by,
    )
    prepared.save(force_insert=True)
    found.dispensed += amount
    found.status, found.ready_at, found.ready_by = Status.READY, now, by
    found.collect_by = now + timedelta(days=found.pick_up_days)
    found.save(update_fields=["status", "ready_at", "ready_by", "collect_by", "updated_at"])
    begin_wait(found)
    detail = {"dispense": str(prepared.pk), "part": bool(prepared.part_reason), "substituted": bool(product)} | said
    record("prescriptions.ready", by=by, patient_id=found.patient_id, target=found, detail=detail)
    publish(PrescriptionReady(prescription_id=found.pk, patient_id=found.patient_id))
    return found


def _amount(prescription: Prescription, quantity: Decimal | None, part_reason: str) -> Decimal:
    due = prescription.due_quantity
    amount = due if quantity is None else quantity
    if not 0 < amount <= due:
        raise NotPossible(_("More than nothing and at most %(due)s.") % {"due": prescription.due_words})
    if amount < due and not part_reason:
        raise NotPossible(_("Say why it is less than %(due)s.") % {"due": prescription.due_words})
    return amount


@transaction.atomic
def pick_up(
    *,
    by: User,
    prescription: Prescription,
    name: str,
    relation: str,
    identity_checked: bool,
    overrides: Iterable[Answer] = (),
    now: datetime,
) -> Prescription:
    """Hand it out to somebody whose identity was checked, also after it counted as not collected; the prescriber hears.

    Where less was prepared than is due, the rest goes back to the queue. Of two who hand out at once, one does. Raises
    NotAllowed, NotPossible (who was first, and when), FindingsUnanswered, and ValueError for a relation that is none.
    """
    check_can(by, Permission.DISPENSE)
    name, relation = " ".join(name.split()), Prescription.Relation(relation).value
    if not identity_checked or not name:
        raise NotPossible(_("Check who it is first: the name on an ID, and that it fits the person."))
    found = locked(by, prescription)
    check_waits(found)
    check_lives(found)
    check_not_halted(by, found, now)
    said = check_anew(by, found, overrides, SafetyCheck.Occasion.HAND_OUT, now)
    given = Dispense.objects.visible_to(by).waiting().select_for_update(of=("self",)).get(prescription=found)
    given.state, given.picked_up_at, given.handed_out_by = Dispense.State.HANDED_OUT, now, by
    given.picked_up_by, given.picked_up_relation = name, relation
    given.save(update_fields=HANDED_OUT)
    if found.due_quantity > 0:
        to_prepare(found)
    else:
        collected(found, given)
    sig = found.directions
    found.ends_at = end_of(found, sig, now) if sig else found.ends_at
    found.save(update_fields=[*STANDING, "ends_at"])
    end_wait(found)
    detail = {"relation": relation, "dispense": str(given.pk)} | said
    record("prescriptions.pick_up", by=by, patient_id=found.patient_id, target=found, detail=detail)
    publish(
        PrescriptionPickedUp(
            prescription_id=found.pk,
            patient_id=found.patient_id,
            provider_id=found.prescriber_id,
            dispense_id=given.pk,
        )
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
    check_not_halted(by, found, now)
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

    What was collected, cancelled, put on hold or kept for longer in the meantime stays as it is; an unknown id does
    nothing.
    """
    found = Prescription.objects.select_for_update(of=("self",)).filter(pk=prescription_id).first()
    if found is None:
        return False
    if found.status != Status.READY or found.collect_by is None or found.is_on_hold(now):
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
