"""Whole or in part, another maker's, not at all, after all and once more; and the database that counts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from prescriptions import actions
from prescriptions.access import can_repeat
from prescriptions.actions import NotPossible
from prescriptions.events import MedicinePutBack, PrescriptionNotDispensed, PrescriptionPickedUp, PrescriptionToPrepare
from prescriptions.models import CollectionDeadline, Dispense, Prescription
from tests.factories import DispenseFactory, PrescriptionFactory, staff
from tests.prescriptions.conftest import NOW, audit_of, ready, reload, signed
from tests.prescriptions.test_dispense import expire, hand_out
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def prepare(user, prescription, **said) -> Prescription:
    with acting_as(user):
        return actions.mark_ready(by=user, prescription=prescription, now=NOW, **said)


def put_off(user, prescription, reason="out_of_stock", note="", now=NOW) -> Prescription:
    with acting_as(user):
        return actions.not_dispense(by=user, prescription=prescription, reason=reason, note=note, now=now)


def again(user, prescription) -> Prescription:
    with acting_as(user):
        return actions.take_up_again(by=user, prescription=prescription, now=NOW)


def repeat(user, prescription, now=NOW) -> Prescription:
    with acting_as(user):
        return actions.repeat_prescription(by=user, prescription=prescription, now=now)


def dispenses(prescription) -> list[Dispense]:
    with as_the_system():
        rows = Dispense.objects.filter(prescription=prescription).select_related("prescription")
        return list(rows.order_by("prepared_at", "id"))


# == Whole, in part, another maker's ==
def test_what_is_prepared_is_kept_with_how_much_and_of_whom(doctor, pharmacist, patient) -> None:
    prescription = prepare(pharmacist, signed(doctor, patient), product="  Amoxil   500 ")
    (kept,) = dispenses(prescription)
    assert (kept.state, kept.quantity, kept.product, kept.part_reason) == ("prepared", 14, "Amoxil 500", "")
    assert (kept.prepared_at, kept.prepared_by_id, kept.patient_id) == (NOW, pharmacist.pk, patient.pk)
    assert kept.quantity_words == "14 capsules"
    assert (reload(prescription).dispensed, prescription.dispensed) == (14, 14)


def test_the_rest_of_a_part_stays_in_the_queue(doctor, pharmacist, patient, announced) -> None:
    prescription = signed(doctor, patient)
    prepare(pharmacist, prescription, quantity=Decimal(10), part_reason="out_of_stock")
    hand_out(pharmacist, prescription)
    kept = reload(prescription)
    assert (kept.status, kept.is_part, kept.due_words, kept.picked_up_at) == ("signed", True, "4 capsules", None)
    with pytest.raises(NotPossible, match="signed, to prepare"):
        hand_out(pharmacist, prescription)
    prepare(pharmacist, prescription)
    hand_out(pharmacist, prescription, now=NOW + DAY)
    kept = reload(prescription)
    assert (kept.status, kept.dispensed, kept.picked_up_at) == ("picked_up", 14, NOW + DAY)
    assert [row.quantity for row in dispenses(kept)] == [10, 4]
    assert len({fact.dispense_id for fact in announced(PrescriptionPickedUp)}) == 2


def test_never_more_than_is_due_and_less_with_a_reason(doctor, pharmacist, patient) -> None:
    prescription = signed(doctor, patient)
    for amount in (Decimal(0), Decimal(-1), Decimal("14.01")):
        with pytest.raises(NotPossible, match="at most 14 capsules"):
            prepare(pharmacist, prescription, quantity=amount)
    with pytest.raises(NotPossible, match="Say why it is less"):
        prepare(pharmacist, prescription, quantity=Decimal(3))
    with pytest.raises(ValueError, match="whim"):
        prepare(pharmacist, prescription, quantity=Decimal(3), part_reason="whim")
    prepare(pharmacist, prescription, quantity=Decimal(14), part_reason="wish")
    assert dispenses(prescription)[0].part_reason == "", "all of it is no part"


def test_another_maker_where_that_may_be_given_alone(doctor, pharmacist, patient) -> None:
    prescription = signed(doctor, patient, may_substitute=False)
    with pytest.raises(NotPossible, match="exactly this one"):
        prepare(pharmacist, prescription, product="Amoxil")
    assert prepare(pharmacist, prescription).status == "ready"


# == Not dispensed ==
def test_what_is_not_dispensed_says_why_and_the_prescriber_hears(doctor, pharmacist, patient, announced) -> None:
    prescription = ready(doctor, patient)
    put_off(pharmacist, prescription, "unclear", "Which  strength?")
    kept = reload(prescription)
    assert (kept.status, kept.not_dispensed_at, kept.not_dispensed_by_id) == ("not_dispensed", NOW, pharmacist.pk)
    assert (kept.not_dispensed_reason, kept.not_dispensed_note) == ("unclear", "Which strength?")
    assert (kept.ready_at, kept.dispensed) == (None, 0)
    (row,) = dispenses(kept)
    assert (row.state, row.returned_at, row.returned_by_id) == ("returned", NOW, pharmacist.pk)
    with as_the_system():
        assert CollectionDeadline.objects.get(prescription=kept).next_at is None
    told = PrescriptionNotDispensed(prescription_id=kept.pk, patient_id=patient.pk, provider_id=kept.prescriber_id)
    assert announced(PrescriptionNotDispensed) == [told]
    assert [fact.dispense_id for fact in announced(MedicinePutBack)] == [row.pk]
    assert audit_of(kept)[-1] == "prescriptions.not_dispense"
    assert not expire(prescription, NOW + 90 * DAY)
    with pytest.raises(NotPossible, match="not dispensed"):
        put_off(pharmacist, prescription)


def test_other_reasons_need_words_and_none_but_the_dispensary_says_them(doctor, pharmacist, patient) -> None:
    prescription = signed(doctor, patient)
    with pytest.raises(NotPossible, match="in your words"):
        put_off(pharmacist, prescription, "other", " ")
    with pytest.raises(ValueError, match="boredom"):
        put_off(pharmacist, prescription, "boredom")
    with pytest.raises(NotAllowed):
        put_off(doctor, prescription)
    assert reload(prescription).status == "signed"


def test_it_is_prepared_after_all(doctor, pharmacist, patient, announced) -> None:
    prescription = signed(doctor, patient)
    with pytest.raises(NotPossible):
        again(pharmacist, prescription)
    put_off(pharmacist, prescription)
    again(doctor, prescription)
    kept = reload(prescription)
    assert (kept.status, kept.not_dispensed_at, kept.not_dispensed_reason) == ("signed", None, "")
    assert announced(PrescriptionToPrepare) == [PrescriptionToPrepare(kept.pk, patient.pk)]
    nurse = staff("nurse", patient.site)
    assert not can_repeat(nurse)
    put_off(pharmacist, prescription)
    with pytest.raises(NotAllowed):
        again(nurse, prescription)
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=prescription, reason="changed", now=NOW)
    assert reload(prescription).status == "cancelled"


def test_where_some_was_handed_out_the_rest_does_not_come(doctor, pharmacist, patient) -> None:
    prescription = signed(doctor, patient, repeats=1)
    prepare(pharmacist, prescription, quantity=Decimal(10), part_reason="out_of_stock")
    hand_out(pharmacist, prescription, name="Theo", relation="child")
    prepare(pharmacist, prescription)
    put_off(pharmacist, prescription)
    kept = reload(prescription)
    assert (kept.status, kept.picked_up_by, kept.dispensed) == ("picked_up", "Theo", 10)
    assert kept.not_dispensed_reason == "out_of_stock"
    repeat(doctor, prescription)
    assert reload(prescription).due_words == "14 capsules", "one supply at a time"
    put_off(pharmacist, prescription, "declined")
    kept = reload(prescription)
    assert (kept.status, kept.fill, kept.repeats_left) == ("picked_up", 0, 1), "what nobody had counts as no repeat"


# == Once more ==
def test_it_is_repeated_as_often_as_was_prescribed(doctor, pharmacist, patient, announced) -> None:
    prescription = ready(doctor, patient, repeats=1)
    with pytest.raises(NotPossible):
        repeat(pharmacist, prescription)
    hand_out(pharmacist, prescription)
    repeat(pharmacist, prescription)
    kept = reload(prescription)
    assert (kept.status, kept.fill, kept.dispensed, kept.picked_up_by, kept.collect_by) == ("signed", 1, 14, "", None)
    assert len(announced(PrescriptionToPrepare)) == 1
    assert audit_of(kept)[-1] == "prescriptions.repeat"
    prepare(pharmacist, prescription)
    hand_out(pharmacist, prescription, now=NOW + 9 * DAY)
    kept = reload(prescription)
    assert (kept.dispensed, kept.ends_at) == (28, NOW + 16 * DAY), "the last supply is counted from its own pick-up"
    with pytest.raises(NotPossible, match="no repeats left"):
        repeat(pharmacist, prescription)
    with pytest.raises(NotAllowed):
        repeat(staff("nurse", patient.site), prescription)


def test_nothing_is_repeated_a_year_after_the_signature(doctor, pharmacist, patient) -> None:
    prescription = ready(doctor, patient, repeats=1)
    hand_out(pharmacist, prescription)
    with pytest.raises(NotPossible, match="more than a year ago"):
        repeat(pharmacist, prescription, now=NOW + 366 * DAY)


# == What the database keeps ==
def change(row, **fields) -> None:
    """Past the verbs."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


def test_the_database_refuses_a_dispense_that_is_too_much() -> None:
    prescription = PrescriptionFactory(status="signed", repeats=1)
    with pytest.raises(IntegrityError, match="at_most_what_is_due"), transaction.atomic():
        DispenseFactory(prescription=prescription, quantity=prescription.quantity + 1)
    DispenseFactory(prescription=prescription)
    assert reload(prescription).dispensed == prescription.quantity
    with pytest.raises(IntegrityError, match="one_waits_at_a_time"), transaction.atomic():
        DispenseFactory(prescription=prescription, quantity=1)


@pytest.mark.parametrize("inside", [as_the_system, lambda: taking_role("owner")])
@pytest.mark.parametrize("amount", [0, 999])
def test_what_was_dispensed_is_counted_and_never_said(inside, amount) -> None:
    prescription = PrescriptionFactory(status="ready")
    refused = pytest.raises(IntegrityError, match="counted by its dispenses")
    with inside(), refused, transaction.atomic():
        change(prescription, dispensed=amount)


def test_what_was_handed_out_stays_so() -> None:
    given = DispenseFactory(prescription=PrescriptionFactory(status="signed"))
    with as_the_system():
        change(given, state="returned", returned_at=NOW)
        with pytest.raises(IntegrityError, match="stays so"), transaction.atomic():
            change(given, state="prepared", returned_at=None)


def test_what_was_collected_comes_back_with_its_next_repeat_alone() -> None:
    prescription = PrescriptionFactory(status="picked_up", repeats=2)
    empty = {"picked_up_at": None, "picked_up_by": "", "picked_up_relation": "", "handed_out_by": None}
    with as_the_system():
        for fill in (0, 2):
            with pytest.raises(IntegrityError, match="stays so"), transaction.atomic():
                change(prescription, status="signed", fill=fill, **empty)
        change(prescription, status="signed", fill=1, **empty)
    assert reload(prescription).status == "signed"
