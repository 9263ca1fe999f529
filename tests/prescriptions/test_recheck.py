"""What is signed is checked again when an allergy or another medicine is learned later, and its prescriber hears."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from healthcare.db.context import acting_as
from prescriptions import actions, queries, subscribers
from prescriptions.events import ConflictFoundLater, PrescriptionSigned
from prescriptions.models import Prescription, SafetyCheck
from prescriptions.queries.checking import KnowledgeProblem
from prescriptions.rules.safety import Answer
from records.actions.allergies import change_allergy, record_allergy, record_no_known_allergies
from records.events import AllergyRecorded
from records.rules.said import Reaction
from tests.events.draining import as_worker
from tests.factories import PatientFactory
from tests.prescriptions.conftest import NOW, allergy, drafted, provider, signed
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
AMOXICILLIN, WARFARIN, ASPIRIN = "amoxicillin 500 mg, capsule", "warfarin 5 mg, tablet", "aspirin 81 mg, tablet"


def later(prescription: Prescription) -> list[SafetyCheck]:
    with as_the_system():
        return list(SafetyCheck.objects.filter(prescription=prescription).exclude(occasion="signing").order_by("id"))


def told(patient: Any, entry: Any) -> AllergyRecorded:
    return AllergyRecorded(entry_id=entry.pk, patient_id=patient.pk)


def rows() -> list[Any]:
    return list(SafetyCheck.objects.exclude(occasion="signing").values_list("pk", "occasion"))


# == An allergy ==
def test_an_allergy_added_after_the_signature_and_told_twice_is_found_once(doctor, patient, announced) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    entry = allergy(patient, "penicillin", reaction="hives")
    deliver_twice(subscribers.recheck_after_allergy, told(patient, entry), rows)
    (check,) = later(prescription)
    assert check.occasion == "allergy"
    assert (check.findings[0]["rule"], check.findings[0]["severity"]) == ("ALG-01", "contraindicated")
    assert "penicillin" in check.findings[0]["other"]
    assert len(announced(ConflictFoundLater)) == 1


def test_the_verb_that_records_it_leads_there(doctor, patient, announced) -> None:
    signed(doctor, patient, AMOXICILLIN)
    with acting_as(doctor):
        record_allergy(by=doctor, patient=patient, reaction=Reaction(substance="penicillin"), now=NOW)
    (fact,) = announced(AllergyRecorded)
    assert as_worker(lambda: actions.recheck_after_allergy(by=None, now=NOW, **vars(fact))) == 1


def test_what_was_answered_at_the_signature_is_not_said_again(doctor, patient) -> None:
    entry = allergy(patient, "penicillin")
    prescription = signed(doctor, patient, AMOXICILLIN)
    as_worker(lambda: subscribers.recheck_after_allergy(told(patient, entry)))
    assert later(prescription) == []


def test_an_allergy_of_which_worse_was_learned_is_said_again(doctor, patient) -> None:
    mild = allergy(patient, "penicillin", reaction="rash")
    prescription = signed(doctor, patient, AMOXICILLIN)
    with acting_as(doctor):
        worse = change_allergy(
            by=doctor, entry=mild, reaction=Reaction(substance="penicillin", reaction="anaphylaxis"),
            standing="active", now=NOW,
        )  # fmt: skip
    as_worker(lambda: subscribers.recheck_after_allergy(told(patient, worse)))
    (check,) = later(prescription)
    assert "anaphylaxis" in check.findings[0]["other"]


def test_none_known_an_allergy_that_is_over_and_one_that_clashes_with_nothing_concern_nobody(doctor, patient) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    with acting_as(doctor):
        none = record_no_known_allergies(by=doctor, patient=patient, now=NOW)
        latex = record_allergy(by=doctor, patient=patient, reaction=Reaction(substance="latex"), now=NOW)
        over = change_allergy(
            by=doctor, entry=latex, reaction=Reaction(substance="latex"), standing="resolved", now=NOW
        )
    for entry in (none, latex, over):
        assert as_worker(lambda entry=entry: actions.recheck_after_allergy(
            by=None, entry_id=entry.pk, patient_id=patient.pk, now=NOW
        )) == 0  # fmt: skip
    assert later(prescription) == []


def test_what_is_over_or_cancelled_or_anothers_is_left_alone(doctor, patient) -> None:
    gone = signed(doctor, patient, AMOXICILLIN)
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=gone, reason="wrong", now=NOW)
    other = PatientFactory(site=patient.site)
    allergy(other, "none")
    theirs = signed(doctor, other, AMOXICILLIN)
    past = signed(doctor, patient, AMOXICILLIN)
    entry = allergy(patient, "penicillin")
    after = NOW + timedelta(days=60)
    found = as_worker(
        lambda: actions.recheck_after_allergy(by=None, entry_id=entry.pk, patient_id=patient.pk, now=after)
    )
    assert found == 0
    assert later(gone) == later(theirs) == later(past) == []


def test_without_rules_it_fails_loudly_and_is_tried_again(doctor, patient) -> None:
    entry = allergy(patient, "penicillin")
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM prescriptions_safetyrule")
    with pytest.raises(KnowledgeProblem):
        as_worker(lambda: subscribers.recheck_after_allergy(told(patient, entry)))


# == Another medicine ==
def fact_of(prescription: Prescription) -> PrescriptionSigned:
    return PrescriptionSigned(prescription_id=prescription.pk, patient_id=prescription.patient_id)


def test_a_colleagues_later_medicine_told_twice_is_found_once_for_who_prescribed_before(doctor, patient) -> None:
    before = signed(doctor, patient, WARFARIN)
    new = signed(provider(patient), patient, ASPIRIN)
    deliver_twice(subscribers.recheck_after_signing, fact_of(new), rows)
    (check,) = later(before)
    assert (check.occasion, check.findings[0]["rule"]) == ("medicine", "INR-01")
    assert later(new) == []


def test_ones_own_later_medicine_was_answered_already(doctor, patient) -> None:
    before = signed(doctor, patient, WARFARIN)
    new = signed(doctor, patient, ASPIRIN)
    as_worker(lambda: subscribers.recheck_after_signing(fact_of(new)))
    assert later(before) == []


def test_a_draft_or_what_is_gone_concerns_nobody(doctor, patient) -> None:
    signed(doctor, patient, WARFARIN)
    draft = drafted(provider(patient), patient, ASPIRIN)
    assert as_worker(lambda: actions.recheck_after_signing(
        by=None, prescription_id=draft.pk, patient_id=patient.pk, now=NOW
    )) == 0  # fmt: skip


def test_a_marked_medicine_is_never_named(doctor, patient) -> None:
    before = signed(doctor, patient, WARFARIN)
    new = signed(provider(patient), patient, ASPIRIN, sensitivity="mental_health")
    deliver_twice(subscribers.recheck_after_signing, fact_of(new), rows)
    (check,) = later(before)
    assert (check.labels, check.findings[0]["severity"]) == ([], "severe")
    assert "aspirin" not in str([check.findings, check.unchecked, check.checked])
    with acting_as(doctor):
        (shown,) = queries.later_checks_of(doctor, before)
    assert shown == check


def test_a_second_marked_medicine_is_said_though_a_first_one_was(doctor, patient) -> None:
    before = signed(doctor, patient, WARFARIN)
    for days, label in enumerate((ASPIRIN, "ibuprofen 400 mg, tablet")):
        at, colleague = NOW + timedelta(days=days), provider(patient)
        new = drafted(colleague, patient, label, sensitivity="mental_health")
        with acting_as(colleague):
            keys = queries.check_prescription(colleague, new, at).result.to_answer
            answers = [Answer(key, "specialist") for key in keys]
            actions.sign_prescription(by=colleague, prescription=new, overrides=answers, now=at)
        for seconds in (5, 6):
            as_worker(lambda new=new, now=at + timedelta(seconds=seconds): actions.recheck_after_signing(
                by=None, prescription_id=new.pk, patient_id=patient.pk, now=now
            ))  # fmt: skip
    assert [check.findings[0]["rule"] for check in later(before)] == ["HIDDEN", "HIDDEN"]


# == On the page ==
def test_the_page_says_what_was_found_since_apart_from_the_check_of_the_signature(browser, doctor, patient) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    entry = allergy(patient, "penicillin", reaction="hives")
    as_worker(lambda: subscribers.recheck_after_allergy(told(patient, entry)))
    page = browser(doctor).get(f"/prescriptions/patients/{patient.pk}/{prescription.pk}").content.decode()
    since, at_signing = page.split("Safety check when it was signed")
    assert "After an allergy was recorded" in since
    assert "Allergic to a penicillin" in since
    assert "Nothing found" in at_signing


def test_a_check_that_came_later_is_no_override(doctor, patient) -> None:
    prescription = signed(doctor, patient, AMOXICILLIN)
    entry = allergy(patient, "penicillin")
    as_worker(lambda: subscribers.recheck_after_allergy(told(patient, entry)))
    with as_the_system():
        assert not Prescription.objects.with_overrides().get(pk=prescription.pk).was_overridden
