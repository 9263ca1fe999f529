"""At dispensing the check runs once more, and what nobody has answered yet stops it until somebody does."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from prescriptions import actions, queries
from prescriptions.models import Dispense, SafetyCheck, SafetyRule
from prescriptions.queries.dispensing import new_since_signing
from prescriptions.queries.overrides import overrides_since
from prescriptions.rules.safety import PROBLEM, Answer
from tests.factories import EntryFactory, PatientFactory, staff
from tests.prescriptions.conftest import NOW, allergy, audit_of, provider, ready, reload, signed
from tests.prescriptions.test_prescribe_page import address, text_of
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
AMOXICILLIN, WARFARIN, ASPIRIN = "amoxicillin 500 mg, capsule", "warfarin 5 mg, tablet", "aspirin 81 mg, tablet"


def asked(pharmacist, prescription):
    with acting_as(pharmacist):
        return new_since_signing(pharmacist, prescription, NOW).result


def test_what_was_answered_at_the_signature_is_not_asked_again(doctor, patient, pharmacist) -> None:
    allergy(patient, "penicillin")
    allergy(patient, "the pink pill")
    signed(doctor, patient, WARFARIN)
    prescription = signed(doctor, patient, AMOXICILLIN)
    result = asked(pharmacist, prescription)
    assert (result.findings, result.unchecked, result.to_answer) == ((), (), ())


def test_an_allergy_and_a_medicine_that_came_later_are_said(doctor, patient, pharmacist) -> None:
    amoxicillin, warfarin = signed(doctor, patient, AMOXICILLIN), signed(doctor, patient, WARFARIN)
    allergy(patient, "penicillin")
    allergy(patient, "the pink pill")
    signed(provider(patient), patient, ASPIRIN)
    first = asked(pharmacist, amoxicillin)
    assert [one.rule for one in first.findings if one.must_be_answered] == ["ALG-01"]
    assert [one.why for one in first.unchecked] == ["unknown_allergen"]
    assert [one.rule for one in asked(pharmacist, warfarin).findings if one.severity == "severe"] == ["INR-01"]


def test_a_check_that_cannot_run_says_so(doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    assert asked(pharmacist, prescription).to_answer == (PROBLEM,)


# == It stops ==
LATER = NOW + timedelta(hours=1)
WHO = {"name": "Rosa Delgado", "relation": "self", "identity_checked": True}
TYPED = WHO | {"identity_checked": "on"}


def prepare(pharmacist, prescription, *answers, now=NOW):
    with acting_as(pharmacist):
        return actions.mark_ready(by=pharmacist, prescription=prescription, overrides=answers, now=now)


def hand_out(pharmacist, prescription, *answers, now=LATER):
    with acting_as(pharmacist):
        return actions.pick_up(by=pharmacist, prescription=prescription, overrides=answers, now=now, **WHO)


def kept(prescription, *occasions):
    with as_the_system():
        rows = SafetyCheck.objects.filter(prescription=prescription, occasion__in=occasions or ["preparing"])
        return list(rows.select_related("answered_by").order_by("ran_at", "id"))


def key_of(pharmacist, prescription) -> str:
    (key,) = asked(pharmacist, prescription).to_answer
    return key


def without_rules() -> None:
    with taking_role("owner"):
        SafetyRule.objects.all().delete()


def test_that_it_ran_and_found_nothing_new_is_kept_at_both_times(doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient)
    prepare(pharmacist, prescription)
    hand_out(pharmacist, prescription)
    first, second = kept(prescription, "preparing", "hand_out")
    assert [first.occasion, second.occasion] == ["preparing", "hand_out"]
    assert (first.says_something, first.overrides, first.answered_by) == (False, [], pharmacist)
    with acting_as(doctor):
        assert queries.last_check_of(doctor, prescription).occasion == "signing"


def test_what_is_new_stops_the_preparing_until_it_is_answered(doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    allergy(patient, "penicillin")
    with pytest.raises(actions.FindingsUnanswered, match="ask the prescriber") as refused:
        prepare(pharmacist, prescription)
    (key,) = refused.value.missing
    for wrong in (Answer(key, "benefit"), Answer(key, "other"), Answer("another", "prescriber")):
        with pytest.raises(actions.FindingsUnanswered):
            prepare(pharmacist, prescription, wrong)
    assert (reload(prescription).status, kept(prescription)) == ("signed", [])
    prepare(pharmacist, prescription, Answer(key, "prescriber"))
    (check,) = kept(prescription)
    assert check.overrides == [{"key": key, "reason": "prescriber", "words": ""}]
    assert (check.answered_by, check.findings[0]["rule"]) == (pharmacist, "ALG-01")
    with taking_role("owner"):
        event = AuditEvent.objects.get(target_id=prescription.pk, action="prescriptions.ready")
    assert (event.detail["overrides"], event.detail["rules"]) == (1, ["ALG-01"])


def test_what_is_learned_between_preparing_and_handing_out_stops_the_handing_out(doctor, patient, pharmacist) -> None:
    prescription = ready(doctor, patient, label=AMOXICILLIN)
    allergy(patient, "penicillin")
    with pytest.raises(actions.FindingsUnanswered):
        hand_out(pharmacist, prescription)
    with as_the_system():
        assert Dispense.objects.get(prescription=prescription).state == "prepared"
    hand_out(pharmacist, prescription, Answer(key_of(pharmacist, prescription), "not_true_allergy"))
    assert (reload(prescription).status, len(kept(prescription, "hand_out"))) == ("picked_up", 1)


def test_what_was_answered_when_it_was_prepared_is_asked_again_with_the_next_supply_alone(
    doctor, patient, pharmacist
) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN, repeats=1)
    allergy(patient, "penicillin")
    allergy(patient, "the pink pill")
    answers = [Answer(key, "other", "Asked") for key in asked(pharmacist, prescription).to_answer]
    assert len(answers) == 2
    prepare(pharmacist, prescription, *answers)
    assert hand_out(pharmacist, prescription).status == "picked_up"
    with acting_as(pharmacist):
        actions.repeat_prescription(by=pharmacist, prescription=prescription, now=LATER)
    with pytest.raises(actions.FindingsUnanswered) as refused:
        prepare(pharmacist, prescription, now=LATER + timedelta(hours=1))
    assert sorted(refused.value.missing) == sorted(answer.key for answer in answers)


def test_a_check_that_cannot_run_stops_both_until_somebody_says_how_they_checked(doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient)
    without_rules()
    for deed in (prepare, hand_out):
        with pytest.raises(actions.FindingsUnanswered) as refused:
            deed(pharmacist, prescription)
        assert refused.value.missing == (PROBLEM,)
        deed(pharmacist, prescription, Answer(PROBLEM, "other_source", "The leaflet"))
    assert [check.problem for check in kept(prescription, "preparing", "hand_out")] == ["no_knowledge"] * 2


def test_lesser_findings_stop_nothing_and_are_kept(doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient, ASPIRIN)
    signed(provider(patient), patient, "aspirin 325 mg, tablet")
    prepare(pharmacist, prescription)
    (check,) = kept(prescription)
    assert ([one["severity"] for one in check.findings], check.overrides) == (["moderate"], [])


def test_the_prescriber_can_cancel_it_and_then_nothing_is_to_prepare(doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    allergy(patient, "penicillin")
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=prescription, reason="changed", now=NOW)
    with pytest.raises(actions.NotPossible):
        prepare(pharmacist, prescription)


def test_an_answer_at_the_dispensary_says_who_gave_it_whoever_writes(doctor, patient, pharmacist) -> None:
    check = kept(ready(doctor, patient))[0]
    with pytest.raises(IntegrityError, match="safety_check_answered_says_who"), as_the_system():
        SafetyCheck(
            prescription_id=check.prescription_id,
            patient_id=check.patient_id,
            kb_version="1",
            ran_at=NOW,
            occasion="preparing",
            overrides=[{"key": "a", "reason": "other", "words": "b"}],
        ).save(force_insert=True)


def test_answers_of_the_dispensary_are_counted_with_those_before_a_signature(doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    allergy(patient, "penicillin")
    prepare(pharmacist, prescription, Answer(key_of(pharmacist, prescription), "prescriber"))
    with acting_as(pharmacist):
        (rule,) = overrides_since(NOW - timedelta(days=1))
    assert (rule.code, rule.spoke, rule.answered) == ("ALG-01", 1, {"prescriber": 1})


def weighed(patient, kg: float, **fields) -> None:
    EntryFactory(patient=patient, kind="vital_signs", code="29463-7", value=Decimal(str(kg)), unit="kg", **fields)


def test_a_child_who_was_weighed_since_is_judged_by_that() -> None:
    child = PatientFactory(birth_date=(NOW - timedelta(days=700)).date())
    allergy(child, "none")
    prescription = signed(provider(child), child, AMOXICILLIN)
    dispenser = staff("pharmacist", child.site)
    assert not [one for one in asked(dispenser, prescription).findings if one.kind == "dose"]
    weighed(child, 9)
    result = asked(dispenser, prescription)
    assert [one.must_be_answered for one in result.findings if one.kind == "dose"] == [True]
    with pytest.raises(actions.FindingsUnanswered):
        prepare(dispenser, prescription)


def test_the_weight_alone_is_told_and_to_who_dispenses_for_the_patient_alone(doctor, patient, pharmacist) -> None:
    weighed(patient, 70)
    weighed(patient, 12, sensitivity="mental_health", effective_at=NOW)
    for user, told in ((pharmacist, 1), (doctor, 0), (staff("pharmacist"), 0)):
        with acting_as(user), connection.cursor() as cursor:
            cursor.execute("SELECT value FROM app.weight_to_dispense(%s)", [patient.pk])
            assert [row[0] for row in cursor.fetchall()] == [Decimal(70)] * told


# == In the browser ==
def test_one_press_shows_what_is_new_and_asks_for_a_reason(browser, doctor, patient, pharmacist) -> None:
    prescription, client = signed(doctor, patient, AMOXICILLIN), browser(pharmacist)
    clean = text_of(client.get(address(patient, prescription, "/ready")))
    assert "Nothing new since it was signed" in clean
    allergy(patient, "penicillin")
    page = text_of(client.post(address(patient, prescription, "/ready")), 422)
    assert "Allergic to a penicillin" in page
    assert "Choose a reason to go on" in page
    key = key_of(pharmacist, prescription)
    page = text_of(client.post(address(patient, prescription, "/ready"), {f"reason.{key}": "other"}), 422)
    assert "This reason needs your words" in page
    client.post(address(patient, prescription, "/ready"), {f"reason.{key}": "prescriber"})
    page = text_of(client.get(address(patient, prescription)))
    assert reload(prescription).status == "ready"
    assert "Safety check when it was prepared" in page
    assert f"Answer of {pharmacist.full_name}:" in page
    assert "The prescriber knows of it and wants it so" in page


def test_the_desk_of_the_dispensary_is_stopped_before_it_hands_out(browser, doctor, patient, pharmacist) -> None:
    prescription, client = ready(doctor, patient, label=AMOXICILLIN), browser(pharmacist)
    allergy(patient, "penicillin")
    page = text_of(client.post(address(patient, prescription, "/pick-up"), TYPED), 422)
    assert 'value="Rosa Delgado"' in page
    key = key_of(pharmacist, prescription)
    short = TYPED | {f"reason.{key}": "other"}
    assert "needs your words" in text_of(client.post(address(patient, prescription, "/pick-up"), short), 422)
    client.post(address(patient, prescription, "/pick-up"), TYPED | {f"reason.{key}": "tolerated"})
    assert reload(prescription).status == "picked_up"
    assert "Safety check when it was handed out" in text_of(client.get(address(patient, prescription)))
    assert client.get(address(patient, prescription, "/pick-up")).status_code == 302


def test_lesser_findings_are_said_to_who_prepared_in_one_press(browser, doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient, ASPIRIN)
    signed(provider(patient), patient, "aspirin 325 mg, tablet")
    page = text_of(browser(pharmacist).post(address(patient, prescription, "/ready"), follow=True))
    assert "Safety check now: Moderate: with aspirin 325 mg, tablet. aspirin twice." in page


def test_what_came_between_the_page_and_the_press_is_asked(browser, doctor, patient, pharmacist, monkeypatch) -> None:
    """The page asks first and the verb asks last; here something is learned between the two."""
    one, two = signed(doctor, patient, AMOXICILLIN), ready(doctor, patient, label="ampicillin 500 mg, capsule")
    before = new_since_signing

    def learned_meanwhile(user, prescription, now):
        checked = before(user, prescription, now)
        allergy(patient, "penicillin")
        return checked

    monkeypatch.setattr(queries, "new_since_signing", learned_meanwhile)
    client = browser(pharmacist)
    for prescription, tail, typed in ((one, "/ready", {}), (two, "/pick-up", TYPED)):
        page = text_of(client.post(address(patient, prescription, tail), typed), 422)
        assert "Choose a reason to go on" in page


def test_without_rules_the_page_asks_how_it_was_checked(browser, doctor, patient, pharmacist) -> None:
    prescription, client = signed(doctor, patient), browser(pharmacist)
    without_rules()
    page = text_of(client.post(address(patient, prescription, "/ready")), 422)
    assert "It waits until you say, with a reason, how you checked." in page
    client.post(
        address(patient, prescription, "/ready"), {"reason.problem": "other_source", "words.problem": "The leaflet"}
    )
    assert audit_of(prescription)[-1] == "prescriptions.ready"


def test_the_forms_cost_the_same_with_more_to_check(browser, doctor, patient, pharmacist, assert_queries) -> None:
    prescription, client = signed(doctor, patient, AMOXICILLIN), browser(pharmacist)
    text_of(client.get(address(patient, prescription, "/ready")))
    with assert_queries() as one:
        text_of(client.get(address(patient, prescription, "/ready")))
    for label in ("lisinopril 20 mg, tablet", "metformin 850 mg, tablet", "cranberry", "zinc"):
        signed(doctor, patient, label)
    allergy(patient, "penicillin")
    with assert_queries() as many:
        text_of(client.get(address(patient, prescription, "/ready")))
    assert len(one) == len(many)


def test_a_colleague_at_another_site_is_not_asked_at_all(browser, doctor, patient) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    assert browser(staff("pharmacist")).get(address(patient, prescription, "/ready")).status_code == 403
