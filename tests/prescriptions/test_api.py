"""Prescriptions through /v1: drafted, signed after the safety check, prepared and handed out by programs."""

import uuid
from datetime import date
from typing import Any

import pytest
from psycopg.types.range import DateRange

from prescriptions.models import Medication
from tests.factories import EncounterFactory, PatientFactory, QualificationFactory, portal_user, staff
from tests.patients.conftest import audited
from tests.prescriptions.conftest import allergy, audit_of, drafted, provider, ready, reload, signed

pytestmark = pytest.mark.django_db
AMOXICILLIN = "amoxicillin 500 mg, capsule"
SIG = {"dose": "1", "dose_unit": "capsule", "route": "oral", "frequency": "twice_daily", "duration_days": 7}

__all__ = ["audited"]


def draft_of(patient, **more: Any) -> dict[str, Any]:
    medication = Medication.objects.get(label=AMOXICILLIN)
    return {"patient": str(patient.pk), "medication": str(medication.pk), "sig": SIG, **more}


# == Draft ==
def test_a_doctor_drafts_from_the_formulary(api, doctor, patient) -> None:
    answer = api(doctor).write("/prescriptions", draft_of(patient, reason="Tonsillitis", repeats=1))
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["status"], body["medicine"], body["quantity"]) == ("draft", AMOXICILLIN, "14")
    assert body["sig_text"] == "Take 1 capsule by mouth twice a day for 7 days."
    assert (body["patient"], body["reason"], body["repeats"]) == (str(patient.pk), "Tonsillitis", 1)
    found = api(doctor).read(f"/prescriptions/{body['id']}")
    assert found.json() == body
    assert found["ETag"] == answer["ETag"]


def test_a_draft_in_words_and_without_directions(api, doctor, patient) -> None:
    body = api(doctor).write("/prescriptions", {"patient": str(patient.pk), "medicine": "Honey syrup"}).json()
    assert (body["medicine"], body["medication"], body["sig_text"], body["quantity"]) == ("Honey syrup", None, "", None)


def test_a_draft_of_a_visit_names_a_visit_of_this_patient(api, doctor, patient) -> None:
    visit = EncounterFactory(patient=patient)
    answer = api(doctor).write("/prescriptions", draft_of(patient, encounter=str(visit.pk)))
    assert answer.json()["encounter"] == str(visit.pk)
    other = EncounterFactory(patient=PatientFactory(site=patient.site))
    assert api(doctor).write("/prescriptions", draft_of(patient, encounter=str(other.pk))).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"medication": str(uuid.uuid4())}, "medication"),
        ({"repeats": 13}, "repeats"),
        ({"sig": SIG | {"dose": "many"}}, "sig.dose"),
        ({"sig": {"dose": "1"}}, "sig.dose_unit"),
        ({"colour": "red"}, "colour"),
        ({"patient": "Rosa"}, "patient"),
    ],
)
def test_what_is_wrong_is_named_by_field(api, doctor, patient, change, field) -> None:
    answer = api(doctor).write("/prescriptions", draft_of(patient) | change)
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("sig", [SIG | {"dose": "0.3"}, SIG | {"frequency": "often"}, SIG | {"duration_days": 400}])
def test_directions_that_nobody_can_follow(api, doctor, patient, sig) -> None:
    answer = api(doctor).write("/prescriptions", draft_of(patient, sig=sig))
    assert answer.status_code == 422
    assert answer.json()["type"] == "/v1/problems/not-prescribable"


def test_no_medicine_at_all(api, doctor, patient) -> None:
    answer = api(doctor).write("/prescriptions", {"patient": str(patient.pk)})
    assert (answer.status_code, answer.json()["detail"]) == (422, "Say which medicine.")


def test_the_same_request_twice_makes_one_draft(api, doctor, patient) -> None:
    program, body = api(doctor), draft_of(patient)
    first = program.write("/prescriptions", body, Idempotency_Key="one")
    again = program.write("/prescriptions", body, Idempotency_Key="one")
    other = program.write("/prescriptions", draft_of(patient, repeats=2), Idempotency_Key="one")
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert len(program.read("/prescriptions", {"patient": str(patient.pk)}).json()["items"]) == 1


# == Sign ==
def sign(program, prescription, *answers: dict[str, str], **headers: str):
    return program.write(f"/prescriptions/{prescription.pk}/sign", {"answers": list(answers)}, **headers)


def test_a_draft_is_signed_by_who_has_just_signed_in(api, doctor, patient) -> None:
    draft = drafted(doctor, patient)
    answer = sign(api(doctor), draft)
    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "signed"
    assert audit_of(draft)[-1] == "prescriptions.sign"


def test_nothing_is_signed_without_a_licence_that_counts(api, doctor, patient) -> None:
    QualificationFactory(provider=doctor.provider, validity=DateRange(date(2020, 1, 1), date(2021, 1, 1)))
    draft = drafted(doctor, patient)
    answer = sign(api(doctor), draft)
    assert (answer.status_code, "It stays a draft" in answer.json()["detail"]) == (409, True)


def test_an_old_sign_in_signs_nothing(api, doctor, patient) -> None:
    """RFC 9470: the program is told to let the person sign in again."""
    draft = drafted(doctor, patient)
    answer = sign(api(doctor, fresh=False), draft)
    assert answer.status_code == 401
    assert 'error="insufficient_user_authentication"' in answer["WWW-Authenticate"]
    assert "max_age=300" in answer["WWW-Authenticate"]
    assert reload(draft).status == "draft"


def test_what_the_check_finds_has_to_be_answered(api, doctor) -> None:
    patient = PatientFactory(site=doctor.memberships.get().site)
    allergy(patient, "Penicillin")
    draft, program = drafted(doctor, patient), api(doctor)
    refused = sign(program, draft)
    assert refused.status_code == 409
    body = refused.json()
    assert body["type"] == "/v1/problems/findings-unanswered"
    assert body["check"]["findings"]
    assert reload(draft).status == "draft"
    answers = [{"key": key, "reason": "other", "words": "Tolerated in 2024"} for key in body["unanswered"]]
    assert sign(program, draft, *answers).json()["status"] == "signed"


def test_a_version_that_is_old_is_not_signed(api, doctor, patient) -> None:
    draft, program = drafted(doctor, patient), api(doctor)
    assert sign(program, draft, If_Match='W/"older"').status_code == 412
    tag = program.read(f"/prescriptions/{draft.pk}")["ETag"]
    assert sign(program, draft, If_Match=tag).status_code == 200


def test_a_colleague_cannot_sign_what_another_wrote(api, doctor, patient) -> None:
    draft, colleague = drafted(doctor, patient), provider(patient)
    assert sign(api(colleague), draft).status_code == 403
    assert sign(api(staff("nurse", patient.site)), draft).status_code == 403


# == Cancel, prepare, hand out ==
def test_the_loop_of_a_medicine(api, doctor, patient, pharmacist) -> None:
    prescription = signed(doctor, patient)
    dispensary = api(pharmacist)
    assert dispensary.write(f"/prescriptions/{prescription.pk}/ready").json()["status"] == "ready"
    assert dispensary.write(f"/prescriptions/{prescription.pk}/ready").status_code == 409
    handed = {"name": "Rosa Delgado", "relation": "self", "identity_checked": True}
    unchecked = dispensary.write(f"/prescriptions/{prescription.pk}/pick-up", handed | {"identity_checked": False})
    assert (unchecked.status_code, reload(prescription).status) == (409, "ready")
    body = dispensary.write(f"/prescriptions/{prescription.pk}/pick-up", handed).json()
    assert body["status"] == "picked_up"
    assert reload(prescription).picked_up_by == "Rosa Delgado"


def test_what_is_new_at_the_dispensary_has_to_be_answered(api, doctor, patient, pharmacist) -> None:
    prescription, dispensary = signed(doctor, patient), api(pharmacist)
    allergy(patient, "Penicillin")
    refused = dispensary.write(f"/prescriptions/{prescription.pk}/ready")
    assert (refused.status_code, refused.json()["type"]) == (409, "/v1/problems/findings-unanswered")
    answers = [{"key": key, "reason": "prescriber"} for key in refused.json()["unanswered"]]
    body = dispensary.write(f"/prescriptions/{prescription.pk}/ready", {"answers": answers}).json()
    assert body["status"] == "ready"
    allergy(patient, "Amoxicillin")
    handed = {"name": "Rosa Delgado", "relation": "self", "identity_checked": True}
    refused = dispensary.write(f"/prescriptions/{prescription.pk}/pick-up", handed)
    assert refused.status_code == 409
    answers = [{"key": key, "reason": "tolerated"} for key in refused.json()["unanswered"]]
    body = dispensary.write(f"/prescriptions/{prescription.pk}/pick-up", handed | {"answers": answers}).json()
    assert body["status"] == "picked_up"


def test_a_doctor_cancels_with_a_reason(api, doctor, patient) -> None:
    prescription = ready(doctor, patient)
    program = api(doctor)
    assert program.write(f"/prescriptions/{prescription.pk}/cancel", {"reason": "bored"}).status_code == 422
    body = program.write(f"/prescriptions/{prescription.pk}/cancel", {"reason": "not_needed"}).json()
    assert body["status"] == "cancelled"
    assert program.write(f"/prescriptions/{prescription.pk}/cancel", {"reason": "not_needed"}).status_code == 409


# == Read ==
def test_lists_hold_what_one_may_see(api, doctor, patient, pharmacist, audited) -> None:
    draft, one = drafted(doctor, patient), signed(doctor, patient, label="ibuprofen 400 mg, tablet")
    everything = {str(draft.pk), str(one.pk)}
    assert ids(api(doctor).read("/prescriptions", {"patient": str(patient.pk)})) == everything
    assert ids(api(doctor).read("/prescriptions", {"status": "draft"})) == {str(draft.pk)}
    assert ids(api(pharmacist).read("/prescriptions")) == {str(one.pk)}
    assert ids(api(portal_user(patient)).read("/prescriptions")) == {str(one.pk)}
    assert audited(doctor)[-2:] == [("patients.open_chart", "ok"), ("prescriptions.list", "ok")]
    assert audited(pharmacist) == [("prescriptions.list", "ok")]


def ids(answer) -> set[str]:
    assert answer.status_code == 200, answer.content
    return {item["id"] for item in answer.json()["items"]}


def test_page_after_page(api, doctor, patient) -> None:
    made = {str(drafted(doctor, patient).pk) for _ in range(5)}
    program, seen, cursor = api(doctor), [], ""
    while cursor is not None:
        body = program.read("/prescriptions", {"limit": 2, "cursor": cursor}).json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
    assert len(seen) == 5
    assert set(seen) == made


@pytest.mark.parametrize("who", ["doctor", "pharmacist", "patient"])
def test_charlie_reads_and_changes_nothing(api, doctor, patient, who) -> None:
    one = ready(doctor, patient)
    charlie = portal_user(PatientFactory()) if who == "patient" else staff(who)
    program = api(charlie)
    assert program.read(f"/prescriptions/{one.pk}").status_code == 404
    assert program.read("/prescriptions", {"patient": str(patient.pk)}).status_code == 404
    assert program.read("/prescriptions").json()["items"] == []
    cancelled = program.write(f"/prescriptions/{one.pk}/cancel", {"reason": "wrong"})
    handed = program.write(
        f"/prescriptions/{one.pk}/pick-up", {"name": "C", "relation": "other", "identity_checked": True}
    )
    assert {cancelled.status_code, handed.status_code} <= {403, 404}
    assert reload(one).status == "ready"


def test_a_token_without_the_area(api, doctor, patient) -> None:
    assert api(doctor, "clinical.read").read("/prescriptions").status_code == 403
    assert api(doctor, "medication.read").write("/prescriptions", draft_of(patient)).status_code == 403
    assert api(doctor, "medication.write").write("/prescriptions", draft_of(patient)).status_code == 201


def test_the_formulary_is_found_by_part_of_a_name(api, doctor) -> None:
    program = api(doctor)
    labels = [item["label"] for item in program.read("/medications", {"query": "amoxicil 500"}).json()["items"]]
    assert AMOXICILLIN in labels
    first = program.read("/medications", {"limit": 3}).json()
    assert len(first["items"]) == 3
    assert first["next"]
    assert api(portal_user(PatientFactory())).read("/medications").status_code == 403


def test_a_taper_is_drafted_by_a_program(api, doctor, patient) -> None:
    then = [{"dose": "2", "days": 3}, {"dose": "1", "days": 3}]
    body = api(doctor).write("/prescriptions", draft_of(patient, sig=SIG | {"then": then})).json()
    assert body["sig_text"].endswith("for 7 days, then 2 capsules for 3 days, then 1 capsule for 3 days.")
    assert body["quantity"] == "32"
    wrong = api(doctor).write("/prescriptions", draft_of(patient, sig=SIG | {"then": [{"dose": "2", "days": 999}]}))
    assert wrong.status_code == 422
