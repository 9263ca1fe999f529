"""The verbs `mark_ready`, `pick_up`, `keep_ready`, `expire_uncollected` and `cancel_prescription`."""

from datetime import timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from prescriptions import actions, tasks
from prescriptions.access import can_cancel, can_keep_ready
from prescriptions.actions import NotPossible
from prescriptions.events import (
    PrescriptionCancelled,
    PrescriptionNotCollected,
    PrescriptionPickedUp,
    PrescriptionReady,
)
from prescriptions.models import CollectionDeadline, Prescription
from tests.factories import PrescriptionFactory, portal_user, staff
from tests.prescriptions.conftest import NOW, audit_of, drafted, provider, ready, reload, signed
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def hand_out(user, prescription, *, name="Rosa Delgado", relation="self", checked=True, now=NOW):
    with acting_as(user):
        return actions.pick_up(
            by=user, prescription=prescription, name=name, relation=relation, identity_checked=checked, now=now
        )


def deadline_of(prescription) -> CollectionDeadline:
    with as_the_system():
        return CollectionDeadline.objects.get(prescription=prescription)


def expire(prescription, now) -> bool:
    with as_the_system():
        return actions.expire_uncollected(by=None, prescription_id=prescription.pk, now=now)


def cancel(user, prescription, reason="changed", note=""):
    with acting_as(user):
        actions.cancel_prescription(by=user, prescription=prescription, reason=reason, note=note, now=NOW)


# == Ready ==
def test_ready_starts_the_wait_by_the_medicines_own_days(doctor, pharmacist, patient, announced) -> None:
    prescription = signed(doctor, patient)
    with acting_as(pharmacist):
        actions.mark_ready(by=pharmacist, prescription=prescription, now=NOW)
    kept = reload(prescription)
    assert (kept.status, kept.ready_at, kept.ready_by_id) == ("ready", NOW, pharmacist.pk)
    assert kept.collect_by == NOW + 3 * DAY, "an antibiotic waits three days"
    assert deadline_of(kept).next_at == kept.collect_by
    assert announced(PrescriptionReady) == [PrescriptionReady(prescription_id=kept.pk, patient_id=patient.pk)]
    assert audit_of(kept)[-1] == "prescriptions.ready"
    by_hand = ready(doctor, patient, label="cranberry capsules")
    assert by_hand.collect_by == NOW + 7 * DAY


def test_ready_once_and_by_the_dispensary_alone(doctor, pharmacist, patient) -> None:
    prescription = signed(doctor, patient)
    with acting_as(doctor), pytest.raises(NotAllowed):
        actions.mark_ready(by=doctor, prescription=prescription, now=NOW)
    with acting_as(pharmacist):
        actions.mark_ready(by=pharmacist, prescription=prescription, now=NOW)
        with pytest.raises(NotPossible, match="ready to collect"):
            actions.mark_ready(by=pharmacist, prescription=prescription, now=NOW)
    elsewhere = staff("pharmacist")
    with acting_as(elsewhere), pytest.raises(Prescription.DoesNotExist):
        actions.mark_ready(by=elsewhere, prescription=prescription, now=NOW)


# == Picked up ==
def test_a_pick_up_says_by_whom_and_tells_the_prescriber_once(doctor, pharmacist, patient, announced) -> None:
    prescription = ready(doctor, patient)
    hand_out(pharmacist, prescription, name="  Theo   Delgado ", relation="child", now=NOW + DAY)
    kept = reload(prescription)
    assert (kept.status, kept.picked_up_at, kept.handed_out_by_id) == ("picked_up", NOW + DAY, pharmacist.pk)
    assert (kept.picked_up_by, kept.picked_up_relation) == ("Theo Delgado", "child")
    assert kept.ends_at == NOW + 8 * DAY, "the supply is counted from the pick-up"
    assert deadline_of(kept).next_at is None
    for _again in range(2):
        with pytest.raises(NotPossible, match="handed out already: to Theo Delgado"):
            hand_out(pharmacist, prescription)
    (told,) = announced(PrescriptionPickedUp)
    assert (told.prescription_id, told.patient_id, told.provider_id) == (kept.pk, patient.pk, kept.prescriber_id)
    assert audit_of(kept)[-1] == "prescriptions.pick_up"


def test_nothing_is_handed_out_unchecked_unprepared_or_by_others(doctor, pharmacist, patient) -> None:
    prescription = signed(doctor, patient)
    with pytest.raises(NotPossible, match="Somebody was quicker"):
        hand_out(pharmacist, prescription)
    with acting_as(pharmacist):
        actions.mark_ready(by=pharmacist, prescription=prescription, now=NOW)
    for given in ({"checked": False}, {"name": "  "}):
        with pytest.raises(NotPossible, match="Check who it is"):
            hand_out(pharmacist, prescription, **given)
    with pytest.raises(ValueError, match="neighbour"):
        hand_out(pharmacist, prescription, relation="neighbour")
    for user in (doctor, staff("nurse", patient.site), portal_user(patient)):
        with pytest.raises(NotAllowed):
            hand_out(user, prescription)
    assert reload(prescription).status == "ready"


def test_the_name_of_who_collected_is_in_no_audit_line(doctor, pharmacist, patient) -> None:
    prescription = ready(doctor, patient)
    hand_out(pharmacist, prescription, name="Ulysses Zabriskie")
    with taking_role("owner"):
        details = [str(event.detail) for event in AuditEvent.objects.filter(target_id=prescription.pk)]
    assert not any("Zabriskie" in detail for detail in details)


# == Not collected ==
def test_what_nobody_collects_goes_back_to_the_prescriber_once(doctor, patient, announced) -> None:
    prescription = ready(doctor, patient)
    assert not expire(prescription, NOW + 3 * DAY - timedelta(seconds=1))
    assert deadline_of(prescription).next_at == NOW + 3 * DAY
    assert expire(prescription, NOW + 3 * DAY)
    assert not expire(prescription, NOW + 3 * DAY)
    kept = reload(prescription)
    assert (kept.status, kept.not_collected_at) == ("not_collected", NOW + 3 * DAY)
    assert deadline_of(kept).next_at is None
    told = PrescriptionNotCollected(prescription_id=kept.pk, patient_id=patient.pk, provider_id=kept.prescriber_id)
    assert announced(PrescriptionNotCollected) == [told]
    assert audit_of(kept)[-1] == "prescriptions.not_collected"


@pytest.mark.parametrize("status", ["signed", "picked_up", "cancelled", "not_collected", "draft"])
def test_only_what_is_ready_expires(status, announced) -> None:
    prescription = PrescriptionFactory(status=status)
    assert not expire(prescription, NOW + 90 * DAY)
    assert reload(prescription).status == status
    assert announced(PrescriptionNotCollected) == []


def test_an_unknown_row_is_no_work() -> None:
    assert not expire(Prescription(), NOW)


def test_the_due_row_is_worked_off_as_the_system(doctor, patient) -> None:
    prescription = ready(doctor, patient)
    with as_the_system():
        row = Prescription.objects.get(pk=prescription.pk)
        row.collect_by = NOW - DAY
        row.save(update_fields=["collect_by"])
    with taking_role("worker"):
        tasks.give_back_uncollected(deadline_of(prescription).pk)
        tasks.give_back_uncollected(deadline_of(prescription).pk)
    assert reload(prescription).status == "not_collected"


def test_who_comes_late_still_gets_it(doctor, pharmacist, patient) -> None:
    prescription = ready(doctor, patient)
    expire(prescription, NOW + 4 * DAY)
    hand_out(pharmacist, prescription, now=NOW + 5 * DAY)
    assert reload(prescription).status == "picked_up"


def test_it_is_kept_ready_for_longer_and_expires_again(doctor, pharmacist, patient, announced) -> None:
    prescription = ready(doctor, patient)
    expire(prescription, NOW + 4 * DAY)
    with acting_as(doctor):
        actions.keep_ready(by=doctor, prescription=prescription, days=5, now=NOW + 4 * DAY)
    kept = reload(prescription)
    assert (kept.status, kept.collect_by, kept.not_collected_at) == ("ready", NOW + 9 * DAY, None)
    assert deadline_of(kept).next_at == NOW + 9 * DAY
    assert len(announced(PrescriptionReady)) == 2
    assert audit_of(kept)[-1] == "prescriptions.keep_ready"
    assert expire(prescription, NOW + 9 * DAY)
    with acting_as(pharmacist):
        actions.keep_ready(by=pharmacist, prescription=prescription, days=1, now=NOW + 10 * DAY)


@pytest.mark.parametrize("days", [0, 31])
def test_it_is_kept_for_a_month_at_most(doctor, patient, days) -> None:
    prescription = ready(doctor, patient)
    expire(prescription, NOW + 4 * DAY)
    with acting_as(doctor), pytest.raises(NotPossible, match="1 to 30"):
        actions.keep_ready(by=doctor, prescription=prescription, days=days, now=NOW)


def test_who_neither_prescribes_nor_dispenses_keeps_nothing(doctor, patient) -> None:
    prescription = ready(doctor, patient)
    expire(prescription, NOW + 4 * DAY)
    nurse = staff("nurse", patient.site)
    assert can_keep_ready(doctor)
    assert not can_keep_ready(nurse)
    with acting_as(nurse), pytest.raises(NotAllowed):
        actions.keep_ready(by=nurse, prescription=prescription, days=1, now=NOW)


# == Cancelled ==
def test_cancelling_reaches_the_queue_at_once(doctor, pharmacist, patient, announced) -> None:
    prescription = ready(doctor, patient)
    cancel(doctor, prescription, note="Takes it already")
    kept = reload(prescription)
    assert (kept.status, kept.cancelled_by_id, kept.cancel_reason) == ("cancelled", doctor.pk, "changed")
    assert kept.cancel_note == "Takes it already"
    assert deadline_of(kept).next_at is None
    with pytest.raises(NotPossible, match="cancelled already"):
        hand_out(pharmacist, prescription)
    assert not expire(prescription, NOW + 9 * DAY)
    assert announced(PrescriptionCancelled) == [PrescriptionCancelled(prescription_id=kept.pk, patient_id=patient.pk)]
    assert audit_of(kept)[-1] == "prescriptions.cancel"


def test_a_draft_is_thrown_away_by_its_author_and_nobody_is_told(doctor, patient, announced) -> None:
    draft = drafted(doctor, patient)
    colleague = provider(patient)
    assert not can_cancel(colleague, draft)
    with pytest.raises(NotAllowed):
        cancel(colleague, draft)
    cancel(doctor, draft)
    assert announced(PrescriptionCancelled) == []
    assert reload(draft).status == "cancelled"


def test_a_colleague_cancels_what_is_signed_and_nobody_what_was_handed_out(doctor, pharmacist, patient) -> None:
    colleague = provider(patient)
    first, second = signed(doctor, patient), ready(doctor, patient, label="ibuprofen 400 mg, tablet")
    assert can_cancel(colleague, first)
    cancel(colleague, first)
    with pytest.raises(NotPossible):
        cancel(doctor, first)
    hand_out(pharmacist, second)
    with pytest.raises(NotPossible, match="handed out already"):
        cancel(doctor, second)
    with pytest.raises(NotAllowed):
        cancel(pharmacist, second)


def test_a_reason_is_one_of_the_list(doctor, patient) -> None:
    with pytest.raises(ValueError, match="boredom"):
        cancel(doctor, signed(doctor, patient), reason="boredom")


def test_every_state_has_its_moves_and_every_move_a_state() -> None:
    assert set(Prescription.MOVES) == set(Prescription.Status)
    assert {state for moves in Prescription.MOVES.values() for state in moves} <= set(Prescription.Status)
