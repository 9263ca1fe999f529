"""Prescribing in the browser: search, directions, findings in the first answer, answers, signing."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import Session
from prescriptions.models import Prescription, SafetyCheck, SafetyRule
from prescriptions.rules.safety import BROKEN
from tests.factories import EncounterFactory, PatientFactory, portal_user, staff
from tests.prescriptions.conftest import allergy, drafted, medication, provider, reload, signed
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
AMOXICILLIN = "amoxicillin 500 mg, capsule"
TYPED = {"dose": "1", "frequency": "twice_daily", "duration_days": "7", "repeats": "0", "may_substitute": "on"}


def address(patient, prescription=None, then="") -> str:
    own = f"{prescription.pk}" if prescription else ""
    return f"/prescriptions/patients/{patient.pk}/{own}{then}"


def text_of(response, status=200) -> str:
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def only(patient) -> Prescription:
    with as_the_system():
        return Prescription.objects.get(patient=patient)


def answer_fields(page: str) -> list[str]:
    return re.findall(r'name="(reason\.[^"]+)"', page)


# == Which medicine ==
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("amox", "amoxicillin"),
        ("amoxicilin", "amoxicillin"),
        ("bactrim", "sulfamethoxazole + trimethoprim"),
        ("trimeth 800", "sulfamethoxazole + trimethoprim"),
        ("Tylenol", "acetaminophen"),
        ("paracetamol", "acetaminophen"),
        ("lisinoprl 20", "lisinopril"),
        ("IBUPROFIN", "ibuprofen"),
    ],
)
def test_the_search_finds_by_any_part_brand_or_ingredient_and_forgives(browser, doctor, patient, typed, found) -> None:
    page = text_of(browser(doctor).get(address(patient, then="new"), {"q": typed}))
    assert re.search(r"<b>([^<]+)</b>", page.split('id="medicines-found"')[1])[1] == found


def test_all_strengths_and_forms_are_shown_the_weakest_first(browser, doctor, patient) -> None:
    page = text_of(browser(doctor).get(address(patient, then="new"), {"q": "amoxicillin"}))
    found = page.split('id="medicines-found"')[1]
    strengths = re.findall(r'<bdi dir="ltr">([^<]+)</bdi> (capsule|tablet|oral suspension)', found)
    assert strengths[:6] == [
        ("250 mg", "capsule"),
        ("500 mg", "capsule"),
        ("50 mg/mL", "oral suspension"),
        ("80 mg/mL", "oral suspension"),
        ("500 mg", "tablet"),
        ("875 mg", "tablet"),
    ]


def test_what_htmx_swaps_in_is_the_part_of_the_page(browser, doctor, patient) -> None:
    client = browser(doctor)
    for typed in ("amox", "a", "zzzzz", ""):
        part = text_of(client.get(address(patient, then="new"), {"q": typed}, headers=HTMX))
        page = text_of(client.get(address(patient, then="new"), {"q": typed}))
        without_tokens = [re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", one) for one in (part, page)]
        assert without_tokens[0].strip() in without_tokens[1]
        assert "<html" not in part


@pytest.mark.parametrize("typed", ["zzzzz", "amox \0x", "'; DROP TABLE", "%", "x" * 5000])
def test_what_is_not_there_gives_a_sentence(browser, doctor, patient, typed) -> None:
    answer = browser(doctor).get(address(patient, then="new"), {"q": typed})
    assert answer.status_code in {200, 400}


def test_choosing_begins_a_draft_in_the_visit_of_the_moment(browser, doctor, patient) -> None:
    visit = EncounterFactory(patient=patient, provider=doctor.provider, started_at=timezone.now())
    chosen = medication(AMOXICILLIN)
    answer = browser(doctor).post(address(patient, then="new"), {"medication": str(chosen.pk)})
    draft = only(patient)
    assert answer["Location"] == address(patient, draft)
    assert (draft.medication_id, draft.status, draft.encounter_id) == (chosen.pk, "draft", visit.pk)


@pytest.mark.parametrize("status", ["in_progress", "finished"])
def test_the_visit_that_the_link_named_goes_along_to_the_draft(browser, doctor, patient, status) -> None:
    """Also of a day before, whose note is being written now, and not another that is open at the same time."""
    EncounterFactory(patient=patient, provider=doctor.provider, started_at=timezone.now())
    before = timezone.now() - timedelta(days=2)
    done = {"finished_at": before} if status == "finished" else {}
    named = EncounterFactory(patient=patient, provider=doctor.provider, started_at=before, status=status, **done)
    client, here = browser(doctor), f"{address(patient, then='new')}?encounter={named.pk}"
    for page in (client.get(here), client.get(f"{here}&q=amox"), client.get(f"{here}&q=amox", headers=HTMX)):
        assert f'method="post" action="{here}"' in text_of(page)
    assert f'<input type="hidden" name="encounter" value="{named.pk}">' in text_of(client.get(here))
    answer = client.post(here, {"medication": str(medication(AMOXICILLIN).pk)})
    assert only(patient).encounter_id == named.pk
    assert f'href="{here}"' in text_of(client.get(answer["Location"])), "another medicine for the same visit"


def test_a_visit_that_is_not_ones_own_is_not_found(browser, doctor, patient) -> None:
    own = {"provider": doctor.provider}
    others = [
        EncounterFactory(patient=patient).pk,
        EncounterFactory(patient=PatientFactory(site=patient.site), **own).pk,
        EncounterFactory(patient=patient, status="entered_in_error", **own).pk,
        "nonsense",
    ]
    client = browser(doctor)
    for named in others:
        here = f"{address(patient, then='new')}?encounter={named}"
        assert client.get(here).status_code == 404
        assert client.post(here, {"medicine": "zinc paste"}).status_code == 404
    with as_the_system():
        assert not Prescription.objects.exists()


def test_a_visit_left_open_on_another_day_is_not_the_one_of_the_moment(browser, doctor, patient) -> None:
    EncounterFactory(patient=patient, provider=doctor.provider, started_at=timezone.now() - timedelta(days=1))
    browser(doctor).post(address(patient, then="new"), {"medicine": "zinc paste"})
    assert only(patient).encounter_id is None


def test_a_medicine_in_words_says_that_it_cannot_be_checked(browser, doctor, patient) -> None:
    client = browser(doctor)
    assert "Say which medicine" in text_of(client.post(address(patient, then="new"), {}), 422)
    page = text_of(client.post(address(patient, then="new"), {"medicine": "cranberry capsules"}, follow=True))
    assert "Not checked: cranberry capsules" in page
    assert "Neither safe nor unsafe" in page
    assert "Counted in" in page


def test_a_line_that_is_no_longer_offered_is_not_found(browser, doctor, patient) -> None:
    chosen = medication(AMOXICILLIN)
    with taking_role("owner"):
        type(chosen).objects.filter(pk=chosen.pk).update(active=False)
    answer = browser(doctor).post(address(patient, then="new"), {"medication": str(chosen.pk)})
    assert answer.status_code == 404


# == The draft ==
def test_the_findings_stand_in_the_first_answer(browser, doctor, patient) -> None:
    allergy(patient, "penicillin", reaction="anaphylaxis")
    signed(doctor, patient, "warfarin 5 mg, tablet")
    page = text_of(browser(doctor).get(address(patient, drafted(doctor, patient, AMOXICILLIN))))
    assert "Contraindicated: Allergic to a penicillin" in page
    assert "penicillin (anaphylaxis)" in page
    assert "Khan DA" in page
    assert "Nothing found" in page
    assert "warfarin 5 mg, tablet" in page
    assert "Before you sign:" in page
    assert "rules 2026" in page


def test_a_conflict_is_marked_beside_what_is_taken(browser, doctor, patient) -> None:
    signed(doctor, patient, "warfarin 5 mg, tablet")
    signed(doctor, patient, "lisinopril 20 mg, tablet")
    signed(doctor, patient, "cranberry capsules")
    draft = drafted(doctor, patient, "sulfamethoxazole 800 mg + trimethoprim 160 mg, tablet")
    page = text_of(browser(doctor).get(address(patient, draft)))
    for mark in ("Severe: with warfarin 5 mg, tablet", "Conflict", "Caution", "Not checked"):
        assert mark in page


def test_nothing_to_check_against_says_so_and_never_safe(browser, doctor, patient) -> None:
    page = text_of(browser(doctor).get(address(patient, drafted(doctor, patient))))
    assert "No other medicine is known, and no allergies are known." in page
    assert "Nothing found does not mean safe" in page
    assert "Before you sign:" not in page


def test_allergies_never_asked_are_said_loudly(browser, doctor) -> None:
    someone = PatientFactory(site=doctor.memberships.get().site)
    page = text_of(browser(doctor).get(address(someone, drafted(doctor, someone))))
    assert page.count("Allergies never asked") >= 2, "in the banner and in the check"


def test_htmx_keeps_the_draft_and_gets_label_and_quantity_back(browser, doctor, patient) -> None:
    client, draft = browser(doctor), drafted(doctor, patient)
    part = text_of(client.post(address(patient, draft, "/change"), TYPED | {"duration_days": "10"}, headers=HTMX))
    assert "Take 1 capsule by mouth twice a day for 10 days." in part
    assert "20 capsules" in part
    assert "Draft kept" in part
    assert "<html" not in part
    assert reload(draft).quantity == 20
    part = text_of(client.post(address(patient, draft, "/change"), TYPED | {"dose": "x"}, headers=HTMX))
    assert "The label appears here" in part
    assert reload(draft).quantity == 20


def test_without_scripts_the_draft_is_kept_by_its_button(browser, doctor, patient) -> None:
    client, draft = browser(doctor), drafted(doctor, patient)
    typed = TYPED | {"note": "with food", "as_needed_for": "pain", "ongoing": "on", "reason": "Otitis"}
    assert client.post(address(patient, draft, "/change"), typed)["Location"] == address(patient, draft)
    kept = reload(draft)
    assert kept.sig_text == "Take 1 capsule by mouth up to twice a day if needed for pain, with food."
    assert kept.reason == "Otitis"
    page = text_of(client.get(address(patient, draft)))
    assert 'value="with food"' in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dose": ""}, "Dose needs a number"),
        ({"dose": "0"}, "Dose needs a number"),
        ({"dose": "many"}, "Dose needs a number"),
        ({"dose": "0.5"}, "a capsule is whole"),
        ({"frequency": ""}, "Missing: How often"),
        ({"duration_days": "0"}, "Days are a whole number from 1 to 366"),
        ({"repeats": "99"}, "Repeats are 0 to 12"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_words_and_kept_on_the_page(
    browser, doctor, patient, change, sentence
) -> None:
    draft = drafted(doctor, patient)
    page = text_of(browser(doctor).post(address(patient, draft, "/change"), TYPED | {"note": "mine"} | change), 422)
    assert sentence in page
    assert 'value="mine"' in page


def test_by_hand_unit_and_route_are_asked(browser, doctor, patient) -> None:
    client, draft = browser(doctor), drafted(doctor, patient, "zinc paste")
    page = text_of(client.post(address(patient, draft, "/change"), TYPED), 422)
    assert "Missing: Counted in" in page
    client.post(address(patient, draft, "/change"), TYPED | {"dose_unit": "g", "route": "topical"})
    assert reload(draft).sig_text == "Apply 1 g to the skin twice a day for 7 days."


# == Signing ==
def test_a_finding_holds_the_signature_until_it_is_answered(browser, doctor, patient) -> None:
    allergy(patient, "penicillin")
    client, draft = browser(doctor), drafted(doctor, patient)
    refused = text_of(client.post(address(patient, draft, "/sign"), TYPED | {"note": "kept"}), 422)
    assert "Choose a reason to go on: penicillin" in refused
    assert 'value="kept"' in refused
    (field,) = answer_fields(refused)
    words = field.replace("reason.", "words.")
    refused = text_of(client.post(address(patient, draft, "/sign"), TYPED | {field: "other"}), 422)
    assert "This reason needs your words" in refused
    assert reload(draft).status == "draft"
    answer = client.post(address(patient, draft, "/sign"), TYPED | {field: "other", words: "Took it last year"})
    assert answer["Location"] == address(patient)
    assert reload(draft).status == "signed"
    page = text_of(client.get(address(patient, draft)))
    assert "Took it last year" in page
    assert "Contraindicated: Allergic to a penicillin" in page


def test_the_knowledge_emptied_blocks_in_the_page_until_a_reason_in_words(browser, doctor, patient) -> None:
    with taking_role("owner"):
        SafetyRule.objects.all().delete()
    client, draft = browser(doctor), drafted(doctor, patient)
    page = text_of(client.get(address(patient, draft)))
    assert "The safety check did not run" in page
    assert "Signing waits until you say, with a reason, how you checked" in page
    assert "Nothing found" not in page
    text_of(client.post(address(patient, draft, "/sign"), TYPED), 422)
    text_of(client.post(address(patient, draft, "/sign"), TYPED | {"reason.problem": "urgent"}), 422)
    answered = {"reason.problem": "other_source", "words.problem": "Looked up in the formulary of the state"}
    assert client.post(address(patient, draft, "/sign"), TYPED | answered).status_code == 302
    page = text_of(client.get(address(patient, draft)))
    assert "Checked with another source: Looked up" in page


def test_a_check_that_breaks_is_a_page_that_says_so(browser, doctor, patient, monkeypatch) -> None:
    def breaks(*_given):
        raise RuntimeError

    monkeypatch.setattr("prescriptions.queries.checking.check", breaks)
    page = text_of(browser(doctor).get(address(patient, drafted(doctor, patient))))
    assert "Something went wrong while it ran" in page


def test_signing_asks_who_it_is_anew_and_loses_nothing(browser, doctor, patient) -> None:
    client, draft = browser(doctor), drafted(doctor, patient)
    Session.objects.filter(user=doctor).update(stepped_up_at=timezone.now() - timezone.timedelta(hours=2))
    page = text_of(client.post(address(patient, draft, "/sign"), TYPED | {"note": "at noon"}))
    assert "Is it still you?" in page
    assert 'name="note" value="at noon"' in page
    assert reload(draft).status == "draft"


def test_what_is_signed_elsewhere_meanwhile_is_said(browser, doctor, patient) -> None:
    client, prescription = browser(doctor), signed(doctor, patient)
    for then in ("/change", "/sign"):
        page = text_of(client.post(address(patient, prescription, then), TYPED, follow=True))
        assert "It is now: signed, to prepare." in page


def test_the_answers_are_checked_against_the_check_of_that_moment(browser, doctor, patient) -> None:
    """An allergy that is written down while the page is open holds the signature."""
    client, draft = browser(doctor), drafted(doctor, patient)
    assert answer_fields(text_of(client.get(address(patient, draft)))) == []
    allergy(patient, "amoxicillin")
    page = text_of(client.post(address(patient, draft, "/sign"), TYPED), 422)
    assert "Allergic to amoxicillin" in page


# == Who ==
def test_others_read_a_draft_and_do_not_write_it(browser, doctor, patient) -> None:
    draft = drafted(doctor, patient)
    colleague = browser(provider(patient))
    page = text_of(colleague.get(address(patient, draft)))
    assert "Not signed yet" in page
    assert "Sign…" not in page
    assert colleague.post(address(patient, draft, "/sign"), TYPED).status_code == 403
    pharmacist = browser(staff("pharmacist", patient.site))
    assert pharmacist.get(address(patient, draft)).status_code == 404


def test_roles_without_the_permission_and_strangers_are_refused(browser, doctor, patient) -> None:
    draft = drafted(doctor, patient)
    for user in (staff("nurse", patient.site), staff("front_desk", patient.site), staff("billing", patient.site)):
        client = browser(user)
        assert client.get(address(patient, then="new")).status_code == 403
        assert client.post(address(patient, draft, "/sign"), TYPED).status_code == 403
    assert browser(staff("doctor")).get(address(patient, draft)).status_code == 403
    assert browser(portal_user(patient)).get(address(patient, draft)).status_code == 404
    assert Client().get(address(patient, draft)).status_code == 302


def test_a_prescription_of_another_patient_is_not_found_here(browser, doctor, patient) -> None:
    other = PatientFactory(site=patient.site)
    draft = drafted(doctor, other)
    assert browser(doctor).get(address(patient, draft)).status_code == 404


# == Budgets ==
def test_the_editor_costs_the_same_with_ten_times_the_rows(browser, doctor, patient, assert_queries) -> None:
    client, draft = browser(doctor), drafted(doctor, patient)
    signed(doctor, patient, "lisinopril 20 mg, tablet")
    text_of(client.get(address(patient, draft)))
    with assert_queries() as few:
        text_of(client.get(address(patient, draft)))
    for line in ("warfarin 5 mg, tablet", "metformin 500 mg, tablet", "atorvastatin 40 mg, tablet"):
        signed(doctor, patient, line)
    for text in ("latex", "peanut", "codeine"):
        allergy(patient, text)
    with assert_queries() as many:
        text_of(client.get(address(patient, draft)))
    assert len(few) == len(many)


def test_the_search_costs_little(browser, doctor, patient, assert_queries) -> None:
    client = browser(doctor)
    with assert_queries():
        text_of(client.get(address(patient, then="new"), {"q": "a b c d tablet"}))
    with assert_queries(at_most=8):
        text_of(client.get(address(patient, then="new"), {"q": "tablet"}, headers=HTMX))


def test_the_kept_check_of_a_broken_one_has_no_version(browser, doctor, patient, monkeypatch) -> None:
    def breaks(*_given):
        raise RuntimeError

    client, draft = browser(doctor), drafted(doctor, patient)
    monkeypatch.setattr("prescriptions.queries.checking.check", breaks)
    answered = {"reason.problem": "urgent", "words.problem": "Asked the pharmacist"}
    client.post(address(patient, draft, "/sign"), TYPED | answered)
    with as_the_system():
        assert SafetyCheck.objects.get(prescription=draft).problem == BROKEN
    page = text_of(client.get(address(patient, draft)))
    assert "It cannot wait. Asked the pharmacist" in page


# == A taper ==
def test_a_taper_is_typed_kept_and_shown(browser, doctor, patient) -> None:
    draft = drafted(doctor, patient, "prednisone 10 mg, tablet", sig=None)
    client = browser(doctor)
    typed = {"dose": "4", "frequency": "in_the_morning", "duration_days": "3", "then": "3 x 3, 2 × 3, 1*3"}
    page = text_of(client.post(address(patient, draft, "/change"), typed, headers=HTMX))
    assert "then 3 tablets for 3 days, then 2 tablets for 3 days, then 1 tablet for 3 days." in page
    assert "30 tablets" in page
    assert reload(draft).directions.days == 12
    assert 'value="3 × 3, 2 × 3, 1 × 3"' in text_of(client.get(address(patient, draft)))
    wrong = text_of(client.post(address(patient, draft, "/change"), typed | {"then": "less and less"}), 422)
    assert "Write each step as dose × days" in wrong
    assert "less and less" in wrong
