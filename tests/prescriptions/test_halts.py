"""A medicine on hold, taken up again, and stopped with a reason: who may, what it changes, and that it stays said."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from prescriptions import actions, queries
from prescriptions.models import Halt, MedicationStatement, Prescription
from prescriptions.queries.hidden import hidden_findings
from prescriptions.rules.halts import why_not_from
from tests.factories import MedicationStatementFactory, PatientFactory, staff
from tests.prescriptions.conftest import NOW, audit_of, drafted, provider, ready, reload, signed
from tests.prescriptions.test_death import die
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
Medicine = Prescription | MedicationStatement


def today(patient: Patient) -> date:
    return NOW.astimezone(ZoneInfo(patient.site.time_zone)).date()


def hold(by: User, medicine: Medicine, **said: Any) -> Halt:
    return _say(actions.hold_medicine, by, medicine, {"reason": "operation", **said})


def stop(by: User, medicine: Medicine, **said: Any) -> Halt:
    return _say(actions.stop_medicine, by, medicine, {"reason": "side_effect", **said})


def _say(verb: Any, by: User, medicine: Medicine, said: dict[str, Any]) -> Halt:
    with acting_as(by):
        day = said.pop("day", None) or today(medicine.patient)
        return verb(**{"by": by, "medicine": medicine, "day": day, "now": NOW, **said})


def resume(by: User, medicine: Medicine, **said: Any) -> Halt:
    with acting_as(by):
        return actions.resume_medicine(**{"by": by, "medicine": medicine, "now": NOW, **said})


def again(row: Medicine) -> Any:
    with as_the_system():
        return type(row).objects.get(pk=row.pk)


@pytest.fixture
def nurse(patient: Patient) -> User:
    return staff("nurse", patient.site)


@pytest.fixture
def told(patient: Patient) -> MedicationStatement:
    return MedicationStatementFactory(patient=patient)


# == Who may, and what is kept ==
def test_a_nurse_puts_a_prescribed_medicine_on_hold_and_has_it_taken_up_again(
    doctor: User, nurse: User, patient: Patient
) -> None:
    row = signed(doctor, patient)
    said = hold(nurse, row, words="Knee  on Friday")
    assert (said.act, said.reason, said.words, said.said_by, said.starts_at) == (
        "hold",
        "operation",
        "Knee on Friday",
        nurse,
        NOW,
    )
    assert again(row).is_on_hold(NOW)
    assert not again(row).is_stopped
    resume(nurse, row, words="Went well")
    found = again(row)
    assert (found.halt, found.halt_from, found.signature) == ("", None, row.signature)
    assert audit_of(row)[-2:] == ["prescriptions.hold", "prescriptions.resume"]
    with acting_as(doctor):
        assert [halt.act for halt in queries.halts_of(doctor, row)] == ["resume", "hold"]


def test_one_told_from_elsewhere_is_held_stopped_and_taken_after_all(
    doctor: User, nurse: User, told: MedicationStatement
) -> None:
    hold(nurse, told)
    stop(doctor, told, reason="other", words="Muscle pain")
    assert again(told).is_stopped
    with as_the_system():
        assert not MedicationStatement.objects.active(NOW).exists()
    resume(nurse, told)
    with as_the_system():
        assert MedicationStatement.objects.active(NOW).get() == told


@pytest.mark.parametrize("role", ["pharmacist", "front_desk"])
def test_who_does_not_treat_halts_nothing(role: str, doctor: User, patient: Patient) -> None:
    row, other = signed(doctor, patient), staff(role, patient.site)
    for verb in (hold, stop):
        with pytest.raises(NotAllowed):
            verb(other, row)
    with pytest.raises(NotAllowed):
        resume(other, row)


def test_what_is_over_cancelled_a_draft_or_stopped_is_not_halted(doctor: User, patient: Patient) -> None:
    draft, row = drafted(doctor, patient), signed(doctor, patient, "ibuprofen 400 mg, tablet")
    stop(doctor, row)
    for medicine in (draft, row):
        for verb in (hold, stop):
            with pytest.raises(actions.NotPossible, match="no longer on the list"):
                verb(doctor, medicine)


def test_held_once_and_taken_up_once(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    hold(doctor, row)
    with pytest.raises(actions.NotPossible, match="on hold already"):
        hold(doctor, row)
    resume(doctor, row)
    with pytest.raises(actions.NotPossible, match="Somebody was quicker"):
        resume(doctor, row)


def test_what_was_stopped_here_is_prescribed_again(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    stop(doctor, row)
    with pytest.raises(actions.NotPossible, match="prescribed again"):
        resume(doctor, row)


def test_nothing_is_halted_of_who_has_died(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    die(patient)
    with pytest.raises(actions.NotPossible, match="has died"):
        hold(doctor, row)


def test_other_is_said_in_words_and_a_reason_is_one(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    with pytest.raises(actions.NotPossible, match="in your words"):
        hold(doctor, row, reason="other", words="  ")
    for reason in ("", "weather"):
        with pytest.raises(ValueError, match="is not a valid"):
            stop(doctor, row, reason=reason)


# == From when ==
def test_from_a_day_ahead_it_is_taken_until_then(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    said = hold(doctor, row, day=today(patient) + timedelta(days=9))
    found = again(row)
    assert not found.is_on_hold(NOW)
    assert found.is_on_hold(said.starts_at)
    assert timezone.localtime(said.starts_at, ZoneInfo(patient.site.time_zone)).hour == 0
    stop(doctor, row)
    assert again(row).is_stopped


def test_from_a_day_before_it_counts_from_that_day(doctor: User, told: MedicationStatement) -> None:
    said = stop(doctor, told, day=today(told.patient) - timedelta(days=30))
    assert timedelta(days=29) < NOW - said.starts_at < timedelta(days=32)


@pytest.mark.parametrize(
    ("verb", "days", "why"),
    [(hold, 181, "six months"), (stop, 1, "today at the latest"), (hold, -367, "last year"), (stop, -1, "not before")],
)
def test_a_day_that_cannot_be_is_refused(verb: Any, days: int, why: str, doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    with pytest.raises(actions.NotPossible, match=why):
        verb(doctor, row, day=today(patient) + timedelta(days=days))


def test_the_day_it_was_signed_begins_with_the_signature(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    later = NOW + timedelta(days=3)
    said = stop(doctor, row, day=today(patient), now=later)
    assert said.starts_at == row.signed_at


def test_the_days_are_counted_whole() -> None:
    day, one = date(2026, 11, 23), timedelta(days=1)
    told = {"today": day, "given": date.min}
    assert why_not_from(day - 366 * one, ahead=True, **told) == ""
    assert why_not_from(day - 367 * one, ahead=True, **told) == "early"
    assert why_not_from(day + 180 * one, ahead=True, **told) == ""
    assert why_not_from(day + 181 * one, ahead=True, **told) == "late"
    assert why_not_from(day, ahead=False, **told) == ""
    assert why_not_from(day + one, ahead=False, **told) == "late"
    assert why_not_from(day - one, ahead=False, today=day, given=day) == "before"


# == The dispensary ==
def test_what_is_on_hold_is_not_prepared_and_a_sentence_says_why(
    doctor: User, pharmacist: User, patient: Patient
) -> None:
    row = signed(doctor, patient)
    hold(doctor, row)
    with acting_as(pharmacist):
        with pytest.raises(actions.NotPossible, match=f"On hold from .* by {doctor.full_name}: Before an operation"):
            actions.mark_ready(by=pharmacist, prescription=row, now=NOW)
        assert [one.last_halt.reason for one in queries.queue_of(pharmacist, "signed")] == ["operation"]
    resume(doctor, row)
    with acting_as(pharmacist):
        actions.mark_ready(by=pharmacist, prescription=row, now=NOW)


def test_what_is_ready_and_on_hold_is_not_handed_out_and_waits_its_days_anew(
    doctor: User, pharmacist: User, patient: Patient
) -> None:
    row = ready(doctor, patient)
    hold(doctor, row)
    who = {"name": "Rosa", "relation": "self", "identity_checked": True}
    with acting_as(pharmacist), pytest.raises(actions.NotPossible, match="until it is taken up again"):
        actions.pick_up(by=pharmacist, prescription=row, now=NOW, **who)
    late = NOW + timedelta(days=60)
    with as_the_system():
        assert actions.expire_uncollected(by=None, prescription_id=row.pk, now=late) is False
    resume(doctor, row, now=late)
    found = reload(row)
    assert found.status == "ready"
    assert found.collect_by == late + timedelta(days=found.pick_up_days)
    with acting_as(pharmacist):
        assert actions.pick_up(by=pharmacist, prescription=row, now=late, **who).status == "picked_up"


def test_what_is_stopped_goes_back_to_the_shelf_and_leaves_the_queue(
    doctor: User, pharmacist: User, patient: Patient
) -> None:
    row = ready(doctor, patient)
    stop(doctor, row)
    found = reload(row)
    assert (found.status, found.dispensed, found.is_stopped) == ("signed", 0, True)
    with acting_as(pharmacist):
        assert queries.queue_of(pharmacist, "signed") == []
        assert not any(queries.counts_of_queue(pharmacist).values())
        with pytest.raises(actions.NotPossible, match=r"Stopped from .*: Side effect or allergy\. Nothing of it"):
            actions.mark_ready(by=pharmacist, prescription=row, now=NOW)
    with acting_as(doctor):
        assert actions.list_written(by=doctor) == []


def test_stopped_after_a_part_was_handed_out_it_stands_as_collected(
    doctor: User, pharmacist: User, patient: Patient
) -> None:
    row = signed(doctor, patient)
    with acting_as(pharmacist):
        actions.mark_ready(by=pharmacist, prescription=row, quantity=5, part_reason="wish", now=NOW)
        who = {"name": "Rosa", "relation": "self", "identity_checked": True}
        actions.pick_up(by=pharmacist, prescription=row, now=NOW, **who)
    stop(doctor, row)
    assert (reload(row).status, reload(row).dispensed) == ("picked_up", 5)


def test_neither_repeated_nor_taken_up_nor_kept_while_on_hold(doctor: User, pharmacist: User, patient: Patient) -> None:
    row = ready(doctor, patient, repeats=2)
    with acting_as(pharmacist):
        actions.pick_up(by=pharmacist, prescription=row, name="Rosa", relation="self", identity_checked=True, now=NOW)
    hold(doctor, row)
    with acting_as(doctor), pytest.raises(actions.NotPossible, match="On hold"):
        actions.repeat_prescription(by=doctor, prescription=row, now=NOW)
    other = signed(doctor, patient, "ibuprofen 400 mg, tablet")
    hold(doctor, other)
    with acting_as(pharmacist):
        actions.not_dispense(by=pharmacist, prescription=other, reason="out_of_stock", now=NOW)
        with pytest.raises(actions.NotPossible, match="On hold"):
            actions.take_up_again(by=pharmacist, prescription=other, now=NOW)


def test_not_kept_ready_while_on_hold(doctor: User, patient: Patient) -> None:
    row = ready(doctor, patient)
    late = NOW + timedelta(days=60)
    with as_the_system():
        assert actions.expire_uncollected(by=None, prescription_id=row.pk, now=late)
    hold(doctor, row)
    with acting_as(doctor), pytest.raises(actions.NotPossible, match="On hold"):
        actions.keep_ready(by=doctor, prescription=row, days=3, now=late)


# == The list and the check ==
def test_the_check_counts_what_is_on_hold_and_not_what_is_stopped(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient, "warfarin 5 mg, tablet")
    draft = drafted(doctor, patient, "ibuprofen 400 mg, tablet")
    hold(doctor, row)
    with acting_as(doctor):
        checked = queries.check_prescription(doctor, draft, NOW)
        assert any(one.other.startswith("warfarin") for one in checked.result.findings)
        assert [one.on_hold for one in queries.taken_with_marks(checked, NOW)] == [True]
    stop(doctor, row)
    with acting_as(doctor):
        checked = queries.check_prescription(doctor, draft, NOW)
        assert not any(one.other.startswith("warfarin") for one in checked.result.findings)


def test_the_same_for_who_may_not_see_which_it_is(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient, "warfarin 5 mg, tablet", sensitivity="mental_health")
    colleague = provider(patient)
    draft = drafted(colleague, patient, "ibuprofen 400 mg, tablet")
    found = []
    for step in (hold, stop):
        step(doctor, row)
        with acting_as(colleague):
            found.append(hidden_findings(colleague, [draft])[draft.pk].severity)
    assert found == ["severe", ""]


def test_the_list_keeps_what_is_on_hold_and_ends_what_is_stopped(
    doctor: User, patient: Patient, told: MedicationStatement
) -> None:
    held, over = signed(doctor, patient), signed(doctor, patient, "ibuprofen 400 mg, tablet")
    hold(doctor, held)
    stop(doctor, over)
    stop(doctor, told)
    with acting_as(doctor):
        found = queries.medicine_list(doctor, patient, NOW)
        assert (found.active, found.past, found.told, found.told_past) == ([held], [over], [], [told])
        assert found.active[0].last_halt.said_by == doctor
        assert "Before an operation" in queries.halt_words(found.active[0])
        assert queries.halt_words(drafted(doctor, patient, "cetirizine 10 mg, tablet")) == ""
        assert [row.medicine for row in queries.taken_then(doctor, patient, NOW - timedelta(seconds=1))] == []


def test_of_all_that_is_taken_what_is_on_hold_is_not_prescribed_again(doctor: User, patient: Patient) -> None:
    held, other = signed(doctor, patient), signed(doctor, patient, "cetirizine 10 mg, tablet")
    hold(doctor, held)
    told = {"by": doctor, "patient": patient, "encounter": None, "now": NOW}
    with acting_as(doctor):
        drafts = actions.prescribe_again(prescriptions=None, **told)
        assert [one.medicine for one in drafts] == [other.medicine]
        assert len(actions.prescribe_again(prescriptions=[held.pk], **told)) == 1


# == What stays said ==
def test_history_and_where_it_stands_are_changed_by_nobody(doctor: User, patient: Patient) -> None:
    row = signed(doctor, patient)
    said = hold(doctor, row)
    for statement, key in (
        ("UPDATE prescriptions_halt SET reason = 'illness' WHERE id = %s", said.pk),
        ("DELETE FROM prescriptions_halt WHERE id = %s", said.pk),
        ("UPDATE prescriptions_prescription SET halt = '', halt_from = NULL WHERE id = %s", row.pk),
    ):
        with acting_as(doctor), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [key])
    assert again(row).is_on_hold(NOW)


def test_nobody_halts_past_the_verb_what_they_do_not_see(doctor: User, nurse: User, patient: Patient) -> None:
    row = signed(doctor, patient, sensitivity="mental_health")
    told = {"prescription": row, "patient": patient, "act": "stop", "reason": "not_needed"}
    with acting_as(nurse):
        with pytest.raises(Prescription.DoesNotExist):
            actions.stop_medicine(by=nurse, medicine=row, day=today(patient), reason="not_needed", now=NOW)
        with pytest.raises(DatabaseError, match="who sees it"), transaction.atomic():
            Halt(**told, starts_at=NOW, said_at=NOW, said_by=nurse).save(force_insert=True)
        with pytest.raises(DatabaseError), transaction.atomic():
            Halt(**told, starts_at=NOW, said_at=NOW, said_by=doctor).save(force_insert=True)


def test_what_is_said_of_a_marked_medicine_is_marked(doctor: User, nurse: User, patient: Patient) -> None:
    row = signed(doctor, patient, sensitivity="mental_health")
    hold(doctor, row)
    for by, seen in ((doctor, 1), (nurse, 0)):
        with acting_as(by):
            assert (Halt.objects.visible_to(by).count(), Halt.objects.count()) == (seen, seen)


def test_a_medicine_of_another_is_none(doctor: User, patient: Patient) -> None:
    stranger, row = provider(PatientFactory()), signed(doctor, patient)
    with pytest.raises(Prescription.DoesNotExist):
        hold(stranger, row, day=today(patient))
