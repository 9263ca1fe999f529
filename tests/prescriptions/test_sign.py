"""The verbs `draft_prescription`, `change_draft` and `sign_prescription`, and the check they run."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from psycopg.types.range import DateRange

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from prescriptions import actions, queries
from prescriptions.access import can_prescribe, can_sign
from prescriptions.actions import Content, FindingsUnanswered, NotPossible, NotPrescribable
from prescriptions.actions.steps import signature_of
from prescriptions.events import PrescriptionSigned
from prescriptions.models import Prescription, SafetyCheck, SafetyRule
from prescriptions.rules.safety import BROKEN, MIXED_KNOWLEDGE, NO_KNOWLEDGE, PROBLEM, Answer
from scheduling.queries.licences import day_at
from tests.factories import (
    EncounterFactory,
    PatientFactory,
    PrescriptionFactory,
    ProviderFactory,
    QualificationFactory,
    staff,
)
from tests.prescriptions.conftest import NOW, SIG, allergy, audit_of, drafted, medication, provider, reload, signed
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
AMOXICILLIN = "amoxicillin 500 mg, capsule"


def sign(doctor, draft, *answers, content=None):
    with acting_as(doctor):
        return actions.sign_prescription(by=doctor, prescription=draft, overrides=answers, content=content, now=NOW)


def refused(doctor, draft, *answers) -> FindingsUnanswered:
    with pytest.raises(FindingsUnanswered) as problem:
        sign(doctor, draft, *answers)
    assert reload(draft).status == "draft"
    return problem.value


def checks(doctor, prescription) -> list[SafetyCheck]:
    with acting_as(doctor):
        return list(SafetyCheck.objects.visible_to(doctor).filter(prescription=prescription).order_by("ran_at", "id"))


# == Drafts ==
def test_a_draft_says_what_the_label_will_say_and_how_much(doctor, patient) -> None:
    encounter = EncounterFactory(patient=patient)
    with acting_as(doctor):
        draft = actions.draft_prescription(
            by=doctor,
            patient=patient,
            medication=medication("ibuprofen 400 mg, tablet"),
            content=Content(sig=SIG, reason="Back pain", repeats=1, may_substitute=False),
            encounter=encounter,
            now=NOW,
        )
    kept = reload(draft)
    assert kept.medicine == "ibuprofen 400 mg, tablet"
    assert kept.sig_text == "Take 1 tablet by mouth twice a day for 7 days."
    assert (kept.quantity, kept.quantity_unit, kept.quantity_words) == (14, "tablet", "14 tablets")
    assert (kept.reason, kept.repeats, kept.may_substitute) == ("Back pain", 1, False)
    assert (kept.status, kept.site_id, kept.encounter_id) == ("draft", patient.site_id, encounter.pk)
    assert kept.directions == SIG
    assert audit_of(kept) == ["prescriptions.draft"]


def test_a_draft_may_begin_without_directions_and_by_hand(doctor, patient) -> None:
    with acting_as(doctor):
        draft = actions.draft_prescription(
            by=doctor, patient=patient, medication=None, medicine="  cranberry   capsules ", now=NOW
        )
        assert (draft.medicine, draft.is_by_hand, draft.quantity_words) == ("cranberry capsules", True, "")
        with pytest.raises(NotPrescribable, match="dose, how often and for how long"):
            actions.sign_prescription(by=doctor, prescription=draft, now=NOW)
        with pytest.raises(NotPrescribable, match="which medicine"):
            actions.draft_prescription(by=doctor, patient=patient, medication=None, medicine=" ", now=NOW)


def test_a_draft_is_overwritten_and_audited_once(doctor, patient) -> None:
    draft = drafted(doctor, patient)
    with acting_as(doctor):
        for days in (3, 5):
            content = Content(sig=replace(SIG, dose_unit="capsule", duration_days=days), repeats=2)
            actions.change_draft(by=doctor, prescription=draft, content=content, now=NOW)
        actions.change_draft(by=doctor, prescription=draft, content=content, now=NOW)
    assert reload(draft).quantity == 10
    assert audit_of(draft) == ["prescriptions.draft"]


@pytest.mark.parametrize("content", [Content(sig=replace(SIG, dose=Decimal(0))), Content(sig=SIG, repeats=13)])
def test_what_nobody_could_follow_is_refused(doctor, patient, content) -> None:
    draft = drafted(doctor, patient)
    with acting_as(doctor), pytest.raises(NotPrescribable):
        actions.change_draft(by=doctor, prescription=draft, content=content, now=NOW)


# == Who ==
def test_only_providers_prescribe_and_only_their_own_drafts(doctor, patient) -> None:
    draft = drafted(doctor, patient)
    without_entry, nurse = staff("doctor", patient.site), staff("nurse", patient.site)
    colleague = provider(patient)
    for user in (without_entry, nurse):
        assert not can_prescribe(user)
        with acting_as(user), pytest.raises(NotAllowed):
            actions.draft_prescription(by=user, patient=patient, medication=None, medicine="x", now=NOW)
    assert can_prescribe(colleague)
    assert not can_sign(colleague, draft)
    for user in (without_entry, nurse, colleague):
        with acting_as(user), pytest.raises(NotAllowed):
            actions.sign_prescription(by=user, prescription=draft, now=NOW)
        with acting_as(user), pytest.raises(NotAllowed):
            actions.change_draft(by=user, prescription=draft, content=Content(), now=NOW)


def test_a_stranger_reaches_nothing(doctor, patient) -> None:
    draft = drafted(doctor, patient)
    stranger = staff("doctor")
    ProviderFactory(user=stranger)
    with acting_as(stranger), pytest.raises(Prescription.DoesNotExist):
        actions.sign_prescription(by=stranger, prescription=draft, now=NOW)
    with acting_as(stranger), pytest.raises(Exception, match="row-level security"):
        actions.draft_prescription(by=stranger, patient=patient, medication=None, medicine="x", now=NOW)


# == Signing ==
def test_signing_keeps_the_check_and_what_was_signed(doctor, patient, announced) -> None:
    prescription = sign(doctor, drafted(doctor, patient))
    kept = reload(prescription)
    assert (kept.status, kept.signed_at, kept.signed_by_id) == ("signed", NOW, doctor.pk)
    assert kept.ends_at == NOW + timedelta(days=7)
    assert kept.signature == signature_of(kept)
    assert len(kept.signature) == 64
    (check,) = checks(doctor, kept)
    assert check.kb_version == SafetyRule.objects.first().kb_version
    assert (check.problem, check.findings, check.unchecked, check.overrides) == ("", [], [], [])
    assert check.ran_at == NOW
    assert audit_of(kept) == ["prescriptions.draft", "prescriptions.sign"]
    assert announced(PrescriptionSigned) == [PrescriptionSigned(prescription_id=kept.pk, patient_id=patient.pk)]


def test_what_was_typed_last_is_what_is_signed(doctor, patient) -> None:
    content = Content(sig=replace(SIG, dose_unit="capsule", ongoing=True), repeats=3)
    kept = reload(sign(doctor, drafted(doctor, patient), content=content))
    assert (kept.sig_text, kept.repeats, kept.ends_at) == ("Take 1 capsule by mouth twice a day.", 3, None)


def test_it_is_signed_once(doctor, patient) -> None:
    prescription = sign(doctor, drafted(doctor, patient))
    with pytest.raises(NotPossible, match="signed, to prepare"):
        sign(doctor, prescription)
    with acting_as(doctor), pytest.raises(NotPossible):
        actions.change_draft(by=doctor, prescription=prescription, content=Content(), now=NOW)


# == What holds the signature ==
def test_a_penicillin_allergy_holds_amoxicillin_until_it_is_answered(doctor, patient) -> None:
    allergy(patient, "penicillin", reaction="anaphylaxis")
    draft = drafted(doctor, patient, AMOXICILLIN)
    problem = refused(doctor, draft)
    (finding,) = problem.result.findings
    assert (finding.severity, finding.other) == ("contraindicated", "penicillin (anaphylaxis)")
    assert problem.missing == (finding.key,)
    refused(doctor, draft, Answer(finding.key, "made_up"))
    refused(doctor, draft, Answer(finding.key, "other", ""))
    refused(doctor, draft, Answer("another", "benefit"))
    prescription = sign(doctor, draft, Answer(finding.key, "not_true_allergy"))
    (check,) = checks(doctor, prescription)
    assert check.overrides == [{"key": finding.key, "reason": "not_true_allergy", "words": ""}]
    assert check.findings[0]["rule"] == "ALG-01"


def test_a_draft_beside_it_and_what_is_taken_already_are_checked(doctor, patient) -> None:
    drafted(doctor, patient, "warfarin 5 mg, tablet")
    aspirin = drafted(doctor, patient, "aspirin 81 mg, tablet")
    assert [f.other for f in refused(doctor, aspirin).result.findings] == ["warfarin 5 mg, tablet"]
    other = PatientFactory(site=patient.site)
    allergy(other, "none")
    signed(doctor, other, "warfarin 5 mg, tablet")
    refused(doctor, drafted(doctor, other, "aspirin 81 mg, tablet"))


def test_what_is_cancelled_or_over_is_checked_no_more(doctor, patient) -> None:
    warfarin = signed(doctor, patient, "warfarin 5 mg, tablet")
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=warfarin, reason="changed", now=NOW)
    PrescriptionFactory(
        patient=patient, medication=medication("warfarin 2 mg, tablet"), ends_at=NOW - timedelta(seconds=1)
    )
    sign(doctor, drafted(doctor, patient, "aspirin 81 mg, tablet"))


def test_a_colleagues_draft_is_not_yet_taken(doctor, patient) -> None:
    drafted(provider(patient), patient, "warfarin 5 mg, tablet")
    sign(doctor, drafted(doctor, patient, "aspirin 81 mg, tablet"))


def test_combination_products_are_checked_by_each_ingredient(doctor, patient) -> None:
    allergy(patient, "sulfa")
    draft = drafted(doctor, patient, "sulfamethoxazole 800 mg + trimethoprim 160 mg, tablet")
    signed(doctor, patient, "methotrexate 2.5 mg, tablet")
    rules = {finding.rule for finding in refused(doctor, draft).result.findings}
    assert rules == {"ALG-06", "MTX-01"}


def test_allergies_never_asked_hold_the_signature(doctor) -> None:
    someone = PatientFactory(site=doctor.memberships.get().site)
    draft = drafted(doctor, someone)
    assert refused(doctor, draft).missing == ("unchecked.allergies",)
    sign(doctor, draft, Answer("unchecked.allergies", "asked_now"))


def test_a_misspelt_drug_is_unchecked_and_never_silent(doctor, patient) -> None:
    draft = drafted(doctor, patient, "warfarrin 5")
    problem = refused(doctor, draft)
    assert [(one.what, one.why) for one in problem.result.unchecked] == [("warfarrin 5", "by_hand")]
    sign(doctor, draft, Answer(f"unchecked.{draft.pk}", "checked_myself"))
    later = drafted(doctor, patient, "aspirin 81 mg, tablet")
    assert refused(doctor, later).missing == (f"unchecked.{draft.pk}",)


def test_an_allergy_nobody_can_place_is_unchecked(doctor, patient) -> None:
    written = allergy(patient, "the pink pill")
    assert refused(doctor, drafted(doctor, patient)).missing == (f"unchecked.allergy-{written.pk}",)


# == A check that does not run ==
def test_with_the_knowledge_emptied_signing_waits_for_a_reason_in_words(doctor, patient) -> None:
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    draft = drafted(doctor, patient)
    problem = refused(doctor, draft)
    assert (problem.result.problem, problem.missing) == (NO_KNOWLEDGE, (PROBLEM,))
    refused(doctor, draft, Answer(PROBLEM, "urgent"))
    prescription = sign(doctor, draft, Answer(PROBLEM, "other_source", "Looked up in the BNF"))
    (check,) = checks(doctor, prescription)
    assert (check.problem, check.kb_version) == (NO_KNOWLEDGE, "")
    assert check.overrides[0]["words"] == "Looked up in the BNF"


def test_knowledge_of_two_versions_is_no_knowledge(doctor, patient) -> None:
    with taking_role("owner"):
        rule = SafetyRule.objects.get(code="INR-01")
        rule.kb_version = "older"
        rule.save(update_fields=["kb_version"])
    assert refused(doctor, drafted(doctor, patient)).result.problem == MIXED_KNOWLEDGE


def test_a_check_that_breaks_holds_the_signature_and_spoils_nothing(doctor, patient, monkeypatch) -> None:
    def breaks(*_given):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    monkeypatch.setattr(queries.checking.records, "allergies_of", breaks)
    draft = drafted(doctor, patient)
    assert refused(doctor, draft).result.problem == BROKEN
    assert sign(doctor, draft, Answer(PROBLEM, "other", "Asked the pharmacist")).status == "signed"


def test_who_cannot_see_the_allergies_is_told_so(doctor, patient, monkeypatch) -> None:
    monkeypatch.setattr(
        queries.checking.records,
        "allergies_of",
        lambda ids: {key: queries.checking.records.AllergyList("not_shown") for key in ids},
    )
    problem = refused(doctor, drafted(doctor, patient))
    assert [one.why for one in problem.result.unchecked] == ["not_shown"]


def test_a_rule_that_is_changed_counts_from_the_next_check_on(doctor, patient) -> None:
    """The index is kept for one state of the table, not for the life of the process."""
    signed(doctor, patient, "warfarin 5 mg, tablet")
    draft = drafted(doctor, patient, "aspirin 81 mg, tablet")
    refused(doctor, draft)
    with taking_role("owner"):
        rule = SafetyRule.objects.get(code="INR-01")
        rule.severity = "moderate"
        rule.save(update_fields=["severity", "updated_at"])
        SafetyRule.objects.filter(code="INR-05").delete()
    assert sign(doctor, draft).status == "signed"


# == The prescriber's licence ==
def licence(doctor, last_day, **more) -> None:
    days = DateRange(date(2020, 1, 1), last_day + timedelta(days=1))
    QualificationFactory(provider=doctor.provider, validity=days, **more)


def test_nothing_is_signed_after_the_last_day_of_the_licence(doctor, patient, browser) -> None:
    draft = drafted(doctor, patient)
    today = day_at(patient.site, NOW)
    licence(doctor, today - timedelta(days=1))
    with pytest.raises(NotPossible, match=r"ended after .+, and no later one is recorded\. It stays a draft"):
        sign(doctor, draft)
    assert reload(draft).status == "draft"
    page = browser(doctor).get(f"/prescriptions/patients/{patient.pk}/{draft.pk}")
    assert "no later one is recorded" in page.content.decode(), page.status_code


def test_on_the_last_day_it_is_signed_still(doctor, patient) -> None:
    licence(doctor, day_at(patient.site, NOW))
    assert signed(doctor, patient).status == "signed"


def test_a_site_may_demand_a_licence_of_everybody(doctor, patient) -> None:
    with as_the_system():
        patient.site.demands_licence = True
        patient.site.save(update_fields=["demands_licence"])
    draft = drafted(doctor, patient)
    licence(doctor, date(2099, 1, 1), kind="certification")
    with pytest.raises(NotPossible, match="this site demands one"):
        sign(doctor, draft)
    licence(doctor, date(2099, 1, 1))
    assert signed(doctor, patient).status == "signed"
