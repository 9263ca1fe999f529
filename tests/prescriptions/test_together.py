"""Several drafts on one page: each checked against all and the others, answered once, signed all or none."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Session
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.events.models import OutboxEvent
from prescriptions import actions, queries
from prescriptions.models import Prescription, SafetyCheck, SafetyRule
from prescriptions.rules.safety import Answer
from prescriptions.rules.sig import Sig
from tests.factories import PatientFactory
from tests.prescriptions.conftest import NOW, allergy, audit_of, drafted, provider, reload, signed
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
WARFARIN, IBUPROFEN = "warfarin 5 mg, tablet", "ibuprofen 400 mg, tablet"
METFORMIN, AMOXICILLIN = "metformin 850 mg, tablet", "amoxicillin 500 mg, capsule"
SIG = Sig(Decimal(1), "tablet", "oral", "once_daily", 5)


def checks(doctor: Any, *drafts: Prescription, **typed: Any) -> list[Any]:
    with acting_as(doctor):
        return [one.result for one in queries.check_together(doctor, drafts, NOW, typed)]


def typed(draft: Prescription, *answers: Answer, sig: Sig | None = None) -> actions.Typed:
    return actions.Typed(draft, actions.Content(sig or draft.directions), answers)


def sign(doctor: Any, *several: actions.Typed) -> list[Prescription]:
    with acting_as(doctor):
        return actions.sign_together(by=doctor, typed=several, now=NOW)


# == Checked together ==
def test_each_says_of_the_other_that_they_do_not_go_together_in_both_orders(doctor, patient) -> None:
    first, second = drafted(doctor, patient, WARFARIN), drafted(doctor, patient, IBUPROFEN)
    for several in ((first, second), (second, first)):
        found = checks(doctor, *several)
        for one, other, result in zip(several, reversed(several), found, strict=True):
            said = {finding.other for finding in result.findings if finding.key.endswith(str(other.pk))}
            assert said == {other.medicine}, one.medicine


def test_it_is_what_each_alone_would_say(doctor, patient) -> None:
    allergy(patient, "penicillin")
    allergy(patient, "unheard-of stuff")
    signed(doctor, patient, "atorvastatin 40 mg, tablet")
    drafts = [drafted(doctor, patient, label) for label in (WARFARIN, IBUPROFEN, AMOXICILLIN, "zinc paste")]
    with acting_as(doctor):
        alone = [queries.check_prescription(doctor, draft, NOW).result for draft in drafts]
    assert checks(doctor, *drafts) == alone


def test_what_is_marked_and_not_seen_counts_for_each_of_them(doctor, patient) -> None:
    signed(provider(patient), patient, WARFARIN, sensitivity="mental_health")
    drafts = [drafted(doctor, patient, IBUPROFEN), drafted(doctor, patient, "zinc paste")]
    bad, _fine = checks(doctor, *drafts)
    assert [finding.rule for finding in bad.findings] == ["HIDDEN"]
    with acting_as(doctor, using="audit"):
        told = AuditEvent.objects.using("audit").filter(action="prescriptions.check_hidden")
        assert list(told.values_list("target_id", flat=True)) == [drafts[0].pk]


def test_a_check_that_cannot_run_runs_for_none(doctor, patient) -> None:
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    found = checks(doctor, drafted(doctor, patient, WARFARIN), drafted(doctor, patient, IBUPROFEN))
    assert [result.problem for result in found] == ["no_knowledge"] * 2


def test_ten_cost_as_many_statements_as_two(doctor, patient, assert_queries) -> None:
    labels = (WARFARIN, IBUPROFEN, METFORMIN, AMOXICILLIN, "lisinopril 20 mg, tablet", "atorvastatin 40 mg, tablet")
    drafts = [drafted(doctor, patient, label) for label in labels]
    checks(doctor, *drafts)
    with acting_as(doctor):
        with assert_queries() as few:
            queries.check_together(doctor, drafts[:2], NOW, {})
        with assert_queries() as many:
            queries.check_together(doctor, drafts, NOW, {})
    assert len(few) == len(many)


# == Signed together ==
def test_all_are_signed_each_with_its_check_and_answers_as_typed_last(doctor, patient) -> None:
    drafts = [drafted(doctor, patient, METFORMIN), drafted(doctor, patient, AMOXICILLIN)]
    made = sign(doctor, typed(drafts[0], sig=SIG), typed(drafts[1]))
    assert [one.status for one in made] == ["signed", "signed"]
    assert made[0].sig_text == "Take 1 tablet by mouth once a day for 5 days."
    for draft in drafts:
        assert audit_of(draft)[-1] == "prescriptions.sign"
    with as_the_system():
        kept = SafetyCheck.objects.filter(occasion="signing")
        assert {check.prescription_id for check in kept} == {draft.pk for draft in drafts}
    with taking_role("owner"):
        assert OutboxEvent.objects.filter(name="prescriptions.PrescriptionSigned").count() == 2


def test_one_that_cannot_be_signed_holds_all(doctor, patient) -> None:
    fine, held = drafted(doctor, patient, METFORMIN), drafted(doctor, patient, AMOXICILLIN)
    allergy(patient, "penicillin")
    with pytest.raises(actions.FindingsUnanswered):
        sign(doctor, typed(fine), typed(held))
    assert [reload(one).status for one in (fine, held)] == ["draft", "draft"]
    with as_the_system():
        assert not SafetyCheck.objects.exists()
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=held, reason="wrong", now=NOW)
    with pytest.raises(actions.NotPossible):
        sign(doctor, typed(fine), typed(held))
    assert reload(fine).status == "draft"


def test_a_pair_that_does_not_go_together_is_answered_on_both_sides(doctor, patient) -> None:
    first, second = drafted(doctor, patient, WARFARIN), drafted(doctor, patient, IBUPROFEN)
    (one,), (other,) = (result.to_answer for result in checks(doctor, first, second))
    with pytest.raises(actions.FindingsUnanswered):
        sign(doctor, typed(first, Answer(one, "benefit")), typed(second))
    sign(doctor, typed(first, Answer(one, "benefit")), typed(second, Answer(other, "benefit")))
    with as_the_system():
        said = {check.prescription_id: check.overrides for check in SafetyCheck.objects.all()}
    assert [said[draft.pk][0]["key"] for draft in (first, second)] == [one, other]


def test_drafts_are_changed_together_or_not_at_all(doctor, patient) -> None:
    draft, gone = drafted(doctor, patient, METFORMIN), signed(doctor, patient, AMOXICILLIN)
    with acting_as(doctor):
        with pytest.raises(actions.NotPossible):
            actions.change_together(by=doctor, typed=[typed(draft, sig=SIG), typed(gone)], now=NOW)
        assert reload(draft).directions != SIG
        actions.change_together(by=doctor, typed=[typed(draft, sig=SIG)], now=NOW)
    assert reload(draft).directions == SIG


def test_a_colleagues_draft_is_neither_changed_nor_signed(doctor, patient, pharmacist) -> None:
    draft, colleague = drafted(doctor, patient, METFORMIN), provider(patient)
    with pytest.raises(NotAllowed, match="Only who wrote"):
        sign(colleague, typed(draft))
    with acting_as(pharmacist), pytest.raises(NotAllowed):
        actions.change_together(by=pharmacist, typed=[], now=NOW)


# == The page ==
def address(patient: Any, *drafts: Prescription, then: str = "") -> str:
    asked = "&".join(f"draft={draft.pk}" for draft in drafts)
    return f"/prescriptions/patients/{patient.pk}/together{then}{'?' if asked else ''}{asked}"


def form_of(*drafts: Prescription, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"draft": [str(draft.pk) for draft in drafts]}
    for draft in drafts:
        values = {"dose": "1", "frequency": "twice_daily", "duration_days": "7", "may_substitute": "on"}
        if draft.medication_id is None:
            values |= {"dose_unit": "g", "route": "topical"}
        said |= {f"{draft.pk}-{name}": value for name, value in values.items()}
    return said | more


def fields_in(page: str) -> list[str]:
    return re.findall(r'<select name="(reason\.[^"]+)"', page)


def test_all_lines_stand_there_with_their_checks_and_each_question_once(browser, doctor, patient) -> None:
    taken = signed(doctor, patient, "atorvastatin 40 mg, tablet")
    first, second = drafted(doctor, patient, WARFARIN), drafted(doctor, patient, IBUPROFEN)
    page = browser(doctor).get(address(patient, first, second)).text
    for text in (WARFARIN, IBUPROFEN, taken.medicine, "2 prescriptions to sign", "Sign 2 prescriptions"):
        assert text in page
    assert page.count("Against 2 medicines") == 2
    assert len(fields_in(page)) == 1
    assert f"beside {WARFARIN}" in page
    assert 'hx-trigger="load' not in page


def test_the_address_names_which_and_without_names_it_is_all_of_ones_own(browser, doctor, patient) -> None:
    first, second = drafted(doctor, patient, METFORMIN), drafted(doctor, patient, AMOXICILLIN)
    drafted(provider(patient), patient, WARFARIN)
    client = browser(doctor)
    one = client.get(address(patient, second)).text
    assert "1 prescription to sign" in one
    assert f'id="medicine-{first.pk}"' not in one
    every = client.get(address(patient)).text
    assert "2 prescriptions to sign" in every
    assert "/together" in client.get(f"/prescriptions/patients/{patient.pk}/").text
    other = PatientFactory(site=patient.site)
    elsewhere = drafted(doctor, other, METFORMIN)
    gone = client.get(address(patient, elsewhere), follow=True).text
    assert "No draft of yours waits" in gone
    assert client.get(address(patient) + "?draft=nonsense").status_code == 404


def test_one_signature_signs_all_with_what_was_answered_once(browser, doctor, patient) -> None:
    first, second = drafted(doctor, patient, WARFARIN), drafted(doctor, patient, IBUPROFEN)
    client, post = browser(doctor), address(patient, then="/sign")
    refused = client.post(post, form_of(first, second))
    assert refused.status_code == 422
    (field,) = fields_in(refused.text)
    assert f"Choose a reason to go on: {IBUPROFEN}" in refused.text
    words = field.replace("reason.", "words.", 1)
    refused = client.post(post, form_of(first, second, **{field: "other"}))
    assert "This reason needs your words" in refused.text
    said = form_of(first, second, **{field: "other", words: "Three days, INR on the third"})
    answer = client.post(post, said, follow=True)
    assert "Signed: 2 prescriptions." in answer.text
    with as_the_system():
        kept = [check.overrides[0]["words"] for check in SafetyCheck.objects.all()]
    assert kept == ["Three days, INR on the third"] * 2


def test_signing_asks_who_it_is_anew_once_and_loses_nothing(browser, doctor, patient) -> None:
    first, second = drafted(doctor, patient, METFORMIN), drafted(doctor, patient, AMOXICILLIN)
    client = browser(doctor)
    Session.objects.filter(user=doctor).update(stepped_up_at=timezone.now() - timezone.timedelta(hours=2))
    page = client.post(address(patient, then="/sign"), form_of(first, second, **{f"{first.pk}-note": "at noon"})).text
    assert "Is it still you?" in page
    assert f'name="{first.pk}-note" value="at noon"' in page
    assert page.count('name="draft"') == 2
    assert reload(first).status == "draft"


def test_one_is_left_out_and_the_others_keep_what_was_typed(browser, doctor, patient) -> None:
    first, second = drafted(doctor, patient, WARFARIN), drafted(doctor, patient, IBUPROFEN)
    allergy(patient, "unheard-of stuff")
    client, post = browser(doctor), address(patient, then="/change")
    before = fields_in(client.get(address(patient, first, second)).text)
    unknown = next(name for name in before if "unchecked.allergy" in name)
    said = form_of(first, second, leave_out=str(second.pk), **{f"{first.pk}-note": "at noon", unknown: "asked_now"})
    page = client.post(post, said).text
    assert f"Left out: {IBUPROFEN}." in page
    assert "1 prescription to sign" in page
    assert fields_in(page) == [unknown]
    assert '<option value="asked_now" selected>' in page
    assert [reload(first).directions.note, reload(second).status] == ["at noon", "cancelled"]
    last = client.post(post, form_of(first, leave_out=str(first.pk)), follow=True).text
    assert "No draft of yours waits" in last


def test_what_cannot_be_followed_is_said_with_its_medicine_and_stays_typed(browser, doctor, patient) -> None:
    first, second = drafted(doctor, patient, METFORMIN), drafted(doctor, patient, "zinc paste")
    client = browser(doctor)
    said = form_of(first, second, **{f"{first.pk}-dose": "0.3", f"{second.pk}-note": "thin"})
    for then in ("/change", "/sign"):
        answer = client.post(address(patient, then=then), said)
        assert answer.status_code == 422
        assert f"{METFORMIN}: This cannot be divided so finely" in answer.text
        assert 'value="0.3"' in answer.text
        assert 'value="thin"' in answer.text
        assert "<details open" in answer.text
    assert reload(second).directions.note == "thin"
    assert reload(first).status == "draft"


def test_htmx_keeps_one_of_them_and_gets_its_label_back(browser, doctor, patient) -> None:
    first, second = drafted(doctor, patient, METFORMIN), drafted(doctor, patient, AMOXICILLIN)
    said = form_of(first, second, **{f"{first.pk}-dose": "2"})
    page = browser(doctor).post(
        f"/prescriptions/patients/{patient.pk}/{first.pk}/change", said, headers={"HX-Request": "true"}
    )
    assert f'id="preview-{first.pk}"' in page.text
    assert "Take 2 tablets by mouth twice a day" in page.text
    assert "Repeats</span> <b>0</b>" in page.text
    assert reload(first).directions.dose == 2


def test_what_was_signed_or_thrown_away_meanwhile_is_said_and_nothing_is_signed(browser, doctor, patient) -> None:
    first, second = drafted(doctor, patient, METFORMIN), drafted(doctor, patient, AMOXICILLIN)
    client = browser(doctor)
    with acting_as(doctor):
        actions.cancel_prescription(by=doctor, prescription=second, reason="wrong", now=NOW)
    for then in ("/sign", "/change"):
        page = client.post(address(patient, then=then), form_of(first, second), follow=True).text
        assert "1 of them was signed or thrown away meanwhile" in page
        assert "1 prescription to sign" in page
    assert reload(first).status == "draft"
    for named in (form_of(second), {}):
        for then in ("/sign", "/change"):
            gone = client.post(address(patient, then=then), named, follow=True).text
            assert "No draft of yours waits" in gone
    assert reload(first).status == "draft"


@pytest.mark.parametrize(("then", "verb"), [("/change", "change_together"), ("/sign", "sign_together")])
def test_what_the_verb_finds_to_be_late_is_said(browser, doctor, patient, monkeypatch, then, verb) -> None:
    draft = drafted(doctor, patient, METFORMIN)

    def late(**_given):
        raise actions.NotPossible("Somebody was quicker.")

    monkeypatch.setattr(f"prescriptions.views.together.actions.{verb}", late)
    page = browser(doctor).post(address(patient, then=then), form_of(draft), follow=True)
    assert "Somebody was quicker." in page.text


def test_the_knowledge_emptied_is_one_question_for_all(browser, doctor, patient) -> None:
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    first, second = drafted(doctor, patient, METFORMIN), drafted(doctor, patient, AMOXICILLIN)
    client = browser(doctor)
    page = client.get(address(patient, first, second)).text
    assert page.count("The safety check did not run") == 2
    (field,) = fields_in(page)
    words = field.replace("reason.", "words.", 1)
    said = form_of(first, second, **{field: "other_source", words: "The book of the state"})
    assert "Signed: 2 prescriptions" in client.post(address(patient, then="/sign"), said, follow=True).text


def test_without_a_licence_the_page_says_so(browser, doctor, patient, monkeypatch) -> None:
    monkeypatch.setattr("prescriptions.views.together.unlicensed", lambda *_given, **_known: "No licence today.")
    assert "No licence today." in browser(doctor).get(address(patient, drafted(doctor, patient, METFORMIN))).text


def test_the_page_costs_the_same_with_more_of_them(browser, doctor, patient, assert_queries) -> None:
    client = browser(doctor)
    drafted(doctor, patient, METFORMIN)
    client.get(address(patient))
    with assert_queries(at_most=12) as few:
        assert client.get(address(patient)).status_code == 200
    for label in (AMOXICILLIN, WARFARIN, IBUPROFEN, "lisinopril 20 mg, tablet"):
        drafted(doctor, patient, label)
    with assert_queries(at_most=12) as many:
        assert client.get(address(patient)).status_code == 200
    assert len(few) == len(many)
