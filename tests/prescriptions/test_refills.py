"""A patient asks for more of a medicine, and whoever prescribes answers: by the next repeat, by a signature, or no."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError
from hypothesis import given
from hypothesis import strategies as some

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.access import NotInScope
from prescriptions import actions
from prescriptions.access import can_answer_refill
from prescriptions.actions.refills import deny_refill
from prescriptions.events import RefillAnswered, RefillRequested, RefillWithdrawn
from prescriptions.models import Prescription, RefillRequest
from prescriptions.queries.refills import own_refills, why_no_refill
from prescriptions.rules.refills import EARLIEST, LATEST, TOO_EARLY, TOO_LATE, asks_from, why_not_ask
from tests.factories import (
    CoverFactory,
    PatientFactory,
    PrescriptionFactory,
    RefillRequestFactory,
    portal_user,
    proxy_of,
)
from tests.prescriptions.conftest import NOW, audit_of, drafted, provider, ready, reload, signed
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
ENDS = NOW + timedelta(days=7)  # the supply that `collected` gives is for seven days


def hand_out(pharmacist: Any, prescription: Prescription, now: Any = NOW) -> Prescription:
    with acting_as(pharmacist):
        return actions.pick_up(
            by=pharmacist, prescription=prescription, name="Rosa", relation="self", identity_checked=True, now=now
        )


@pytest.fixture
def rosa(patient) -> Any:
    return portal_user(patient)


@pytest.fixture
def collected(doctor, patient, pharmacist) -> Prescription:
    """Its only supply was handed out."""
    return hand_out(pharmacist, ready(doctor, patient))


@pytest.fixture
def repeatable(doctor, patient, pharmacist) -> Prescription:
    return hand_out(pharmacist, ready(doctor, patient, repeats=1))


def died(patient: Any) -> None:
    with as_the_system():
        patient.deceased = True
        patient.save(update_fields=["deceased"])


def asks(user: Any, prescription: Prescription, now: Any = ENDS, **said: Any) -> RefillRequest:
    with acting_as(user):
        return actions.ask_refill(by=user, prescription=prescription, now=now, **said)


def does(verb: Any, by: Any, request: RefillRequest, **said: Any) -> Any:
    with acting_as(by):
        return verb(by=by, request=request, now=ENDS, **said)


def now_of(request: RefillRequest) -> RefillRequest:
    with as_the_system():
        return RefillRequest.objects.select_related("made_in").get(pk=request.pk)


def listed(user: Any, **how: Any) -> list[Any]:
    with acting_as(user):
        return [row.pk for row in actions.list_refills(by=user, **how)]


# == Rules ==
@given(some.integers(1, 366), some.integers(0, 900))
def test_one_asks_while_it_runs_out_and_not_long_after(days: int, later: int) -> None:
    begins, end, now = asks_from(NOW, days), NOW + timedelta(days=days), NOW + timedelta(days=later)
    assert NOW < begins < end
    assert end - begins <= EARLIEST
    why = why_not_ask(NOW, days, now)
    assert (why == TOO_EARLY) == (now < begins)
    assert (why == TOO_LATE) == (now > end + LATEST)


def test_the_table_of_moves_names_every_state() -> None:
    assert RefillRequest.MOVES.keys() == set(RefillRequest.State.values)
    assert RefillRequest(state="waiting").can_become("denied")
    assert not RefillRequest(state="denied").can_become("approved")


# == Asking ==
def test_the_patient_asks_once_and_the_prescriber_hears(rosa, collected, announced) -> None:
    request = asks(rosa, collected, note="  None  left ")
    assert (request.state, request.note, request.asked_by) == ("waiting", "None left", rosa)
    assert announced(RefillRequested) == [RefillRequested(request.pk, request.patient_id)]
    assert audit_of(request) == ["prescriptions.ask_refill"]
    with pytest.raises(actions.NotPossible, match="asked already"):
        asks(rosa, collected)


def test_who_acts_for_the_patient_in_medicines_asks_and_others_do_not(patient, collected) -> None:
    driver = proxy_of(patient, extent="appointments", scopes=("identity", "schedule"))
    with pytest.raises(NotInScope):
        asks(driver, collected)
    with pytest.raises(NotInScope):
        asks(portal_user(PatientFactory()), collected)
    mother = proxy_of(patient)
    assert asks(mother, collected).asked_by == mother


def test_staff_asks_for_nobody(doctor, collected) -> None:
    with pytest.raises(NotAllowed):
        asks(doctor, collected)


def test_too_early_too_late_and_what_was_not_handed_out(doctor, patient, rosa, collected) -> None:
    waits = signed(doctor, patient, "lisinopril 20 mg, tablet")
    for prescription, now, words in (
        (collected, NOW + timedelta(days=3), "You can ask for more from"),
        (collected, ENDS + timedelta(days=366), "Please book a visit"),
        (waits, ENDS, "nothing to ask for now"),
    ):
        with pytest.raises(actions.NotPossible, match=words):
            asks(rosa, prescription, now)
    assert why_no_refill(collected, ENDS) == ""


def test_nobody_asks_for_the_dead(patient, rosa, collected) -> None:
    died(patient)
    with pytest.raises(actions.NotPossible, match="died"):
        asks(rosa, collected)


def test_taken_back_it_can_be_asked_again(rosa, doctor, collected, announced) -> None:
    request = asks(rosa, collected)
    does(actions.withdraw_refill, rosa, request)
    assert (now_of(request).state, now_of(request).answered_by) == ("withdrawn", rosa)
    assert len(announced(RefillWithdrawn)) == 1
    assert announced(RefillAnswered) == []
    with pytest.raises(actions.NotPossible, match="Taken back"):
        does(actions.withdraw_refill, rosa, request)
    with pytest.raises(actions.NotPossible, match="Taken back"):
        does(actions.deny_refill, doctor, request, reason="over")
    assert asks(rosa, collected).state == "waiting"


def test_the_patients_page_knows_what_can_be_asked_and_what_waits(patient, doctor, rosa, collected) -> None:
    other = signed(doctor, patient, "lisinopril 20 mg, tablet")
    with acting_as(rosa):
        before = own_refills(rosa, patient, [collected, other], ENDS)
    assert (before.asked, before.may_ask, before.waits) == ([], {collected.pk}, frozenset())
    request = asks(rosa, collected)
    with acting_as(rosa):
        after = own_refills(rosa, patient, [collected, other], ENDS)
    assert (after.asked, after.may_ask, after.waits) == ([request], frozenset(), {collected.pk})


# == The queue ==
def test_the_prescriber_and_who_stands_in_see_it_and_all_prescribers_where_they_look_at_all(
    patient, doctor, rosa, collected
) -> None:
    request = asks(rosa, collected)
    colleague, stand_in = provider(patient), provider(patient)
    assert (listed(doctor), listed(colleague), listed(stand_in)) == ([request.pk], [], [])
    assert listed(colleague, everybody=True) == [request.pk]
    CoverFactory(absent=doctor, cover=stand_in)
    assert listed(User.objects.get(pk=stand_in.pk).in_role("doctor")) == [request.pk]


def test_those_who_do_not_prescribe_have_no_queue(pharmacist) -> None:
    with pytest.raises(NotAllowed):
        listed(pharmacist)


def test_of_the_dead_nothing_waits(patient, doctor, rosa, collected) -> None:
    request = asks(rosa, collected)
    died(patient)
    assert listed(doctor) == []
    with pytest.raises(actions.NotPossible, match="died"):
        does(actions.prescribe_refill, doctor, request)


# == Yes ==
def test_with_a_repeat_left_one_press_approves_and_the_dispensary_has_it(rosa, doctor, repeatable, announced) -> None:
    request = asks(rosa, repeatable)
    with pytest.raises(actions.NotPossible, match="repeats left"):
        does(actions.prescribe_refill, doctor, request)
    does(actions.repeat_refill, doctor, request)
    row = now_of(request)
    assert (row.state, row.answered_by, row.made_in) == ("approved", doctor, None)
    assert (reload(repeatable).status, reload(repeatable).fill) == ("signed", 1)
    assert announced(RefillAnswered) == [RefillAnswered(request.pk, request.patient_id)]
    assert audit_of(request)[-1] == "prescriptions.answer_refill"


def test_what_the_dispensary_repeats_by_itself_waits_for_nobody(rosa, pharmacist, repeatable) -> None:
    request = asks(rosa, repeatable)
    with acting_as(pharmacist):
        actions.repeat_prescription(by=pharmacist, prescription=repeatable, now=ENDS)
    assert (now_of(request).state, now_of(request).answered_by) == ("approved", pharmacist)


def test_without_repeats_it_is_the_signature_that_approves(rosa, doctor, collected, announced) -> None:
    request = asks(rosa, collected)
    with pytest.raises(actions.NotPossible, match="no repeats left"):
        does(actions.repeat_refill, doctor, request)
    draft = does(actions.prescribe_refill, doctor, request)
    assert (draft.status, draft.medicine, draft.sig) == ("draft", collected.medicine, collected.sig)
    assert now_of(request).state == "waiting"
    assert does(actions.prescribe_refill, doctor, request).pk == draft.pk
    with acting_as(doctor):
        actions.sign_prescription(by=doctor, prescription=draft, now=ENDS)
    row = now_of(request)
    assert (row.state, row.made_in_id, row.answered_by) == ("approved", draft.pk, doctor)
    assert len(announced(RefillAnswered)) == 1


def test_a_draft_thrown_away_answers_nothing_and_another_can_be_written(patient, rosa, doctor, collected) -> None:
    request = asks(rosa, collected)
    draft = does(actions.prescribe_refill, doctor, request)
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=draft, reason="other", now=ENDS)
    assert now_of(request).state == "waiting"
    colleague = provider(patient)
    another = does(actions.prescribe_refill, colleague, request)
    assert another.pk != draft.pk
    assert another.prescriber.user_id == colleague.pk
    assert now_of(request).made_in_id == another.pk


def test_a_colleague_writes_their_own(patient, rosa, doctor, collected) -> None:
    request = asks(rosa, collected)
    draft = does(actions.prescribe_refill, doctor, request)
    assert does(actions.prescribe_refill, provider(patient), request).pk != draft.pk


def test_what_one_is_writing_already_is_said(rosa, doctor, patient, collected) -> None:
    request = asks(rosa, collected)
    drafted(doctor, patient)
    with pytest.raises(actions.NotPrescribable, match="nothing to prescribe again"):
        does(actions.prescribe_refill, doctor, request)


# == No ==
def test_denied_with_a_reason_that_the_patient_reads(rosa, doctor, collected, announced) -> None:
    request = asks(rosa, collected)
    with pytest.raises(ValueError, match="bored"):
        does(actions.deny_refill, doctor, request, reason="bored")
    with pytest.raises(actions.NotPossible, match="in your words"):
        does(actions.deny_refill, doctor, request, reason="other", words="  ")
    does(actions.deny_refill, doctor, request, reason="visit_first", words=" Come  soon. ")
    row = now_of(request)
    assert (row.state, row.reason, row.answer, row.answered_by) == ("denied", "visit_first", "Come soon.", doctor)
    assert len(announced(RefillAnswered)) == 1
    with pytest.raises(actions.NotPossible, match="Denied"):
        does(actions.deny_refill, doctor, request, reason="over")


def test_cancelled_it_is_closed(rosa, doctor, pharmacist, repeatable) -> None:
    """Back in the queue with its next repeat it can be cancelled; a request written meanwhile ends with it."""
    with acting_as(pharmacist):
        actions.repeat_prescription(by=pharmacist, prescription=repeatable, now=NOW)
    request = RefillRequestFactory(prescription=reload(repeatable), asked_by=rosa)
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=repeatable, reason="side_effect", now=ENDS)
    assert (now_of(request).state, now_of(request).answered_by) == ("closed", doctor)


def test_of_what_is_stopped_or_on_hold_nobody_asks_for_more(rosa, doctor, collected) -> None:
    request = asks(rosa, collected)
    today = NOW.astimezone(ZoneInfo(collected.site.time_zone)).date()
    with acting_as(doctor):
        actions.stop_medicine(by=doctor, medicine=collected, day=today, reason="side_effect", now=NOW)
    assert (now_of(request).state, now_of(request).answered_by) == ("closed", doctor)
    with pytest.raises(actions.NotPossible, match="on hold or was stopped"):
        asks(rosa, reload(collected))


# == Who ==
def test_who_asked_does_not_answer_and_who_does_not_reach_the_patient_neither(patient, doctor, rosa, collected) -> None:
    own = RefillRequestFactory(prescription=collected, asked_by=doctor)
    with acting_as(doctor):
        assert not can_answer_refill(doctor, own)
    with pytest.raises(NotAllowed):
        does(deny_refill, doctor, own, reason="over")
    stranger = provider(PatientFactory())
    with pytest.raises(NotInScope):
        does(deny_refill, stranger, own, reason="over")


def test_what_was_answered_stays_so_whoever_writes(collected, doctor) -> None:
    request = RefillRequestFactory(
        prescription=collected, state="denied", reason="over", answered_at=NOW, answered_by=doctor
    )
    request.reason = "too_early"
    with pytest.raises(DatabaseError, match="stays so"), acting_as(doctor):
        request.save(update_fields=["reason"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "approved"},
        {"state": "denied", "answered_at": NOW},
        {"reason": "over"},
    ],
)
def test_an_answer_says_who_and_why_whoever_writes(wrong) -> None:
    with pytest.raises(IntegrityError):
        RefillRequestFactory(**wrong)


def test_one_waits_for_each_prescription_whoever_writes() -> None:
    prescription = PrescriptionFactory(status="picked_up")
    RefillRequestFactory(prescription=prescription)
    with pytest.raises(IntegrityError, match="refill_one_waits"):
        RefillRequestFactory(prescription=prescription)
