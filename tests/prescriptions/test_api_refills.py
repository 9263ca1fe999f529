"""Through /v1: asking for more of a medicine and the answer; on hold, taken up again, stopped."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.accounts.models import Provider
from prescriptions.models import Prescription
from tests.factories import PatientFactory, PrescriptionFactory, RefillRequestFactory, portal_user, staff
from tests.patients.conftest import audited
from tests.prescriptions.conftest import SIG, audit_of, medication, provider, reload, signed

pytestmark = pytest.mark.django_db
METFORMIN = "metformin 850 mg, tablet"

__all__ = ["audited"]


@pytest.fixture
def rosa(patient) -> Any:
    return portal_user(patient)


@pytest.fixture
def nurse(patient) -> Any:
    return staff("nurse", patient.site)


def collected(doctor: Any, patient: Any, **more: Any) -> Prescription:
    """Handed out so long ago that it is over."""
    at = timezone.now() - timedelta(days=SIG.days)
    given = {"status": "picked_up", "medication": medication(METFORMIN), "signed_at": at, "ready_at": at}
    prescriber = Provider.objects.get(user=doctor)
    return PrescriptionFactory(patient=patient, prescriber=prescriber, directions=SIG, picked_up_at=at, **given, **more)


def ask(program: Any, prescription: Prescription, note: str = "", **headers: str) -> Any:
    return program.write(f"/prescriptions/{prescription.pk}/refills", {"note": note}, **headers)


def asked(doctor: Any, patient: Any, rosa: Any, **more: Any) -> Any:
    """A request that waits, made by the verb."""
    prescription = collected(doctor, patient, **more)
    return RefillRequestFactory(prescription=prescription, asked_by=rosa)


# == Asked ==
def test_a_patient_asks_once_and_reads_what_became_of_it(api, doctor, patient, rosa) -> None:
    prescription, program = collected(doctor, patient), api(rosa)
    answer = ask(program, prescription, "Five are left.", Idempotency_Key="one")
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["state"], body["note"], body["medicine"]) == ("waiting", "Five are left.", prescription.medicine)
    assert (body["prescription"], body["patient"]) == (str(prescription.pk), str(patient.pk))
    assert ask(program, prescription, "Five are left.", Idempotency_Key="one").json() == body
    again = ask(program, prescription)
    assert (again.status_code, "asked already" in again.json()["detail"]) == (409, True)
    assert program.read(f"/refills/{body['id']}").json() == body
    assert program.read("/refills").json()["items"] == [body]
    taken_back = program.write(f"/refills/{body['id']}/withdraw")
    assert taken_back.json()["state"] == "withdrawn"
    assert program.write(f"/refills/{body['id']}/withdraw").status_code == 409


def test_too_early_is_said_with_the_day(api, doctor, patient, rosa) -> None:
    answer = ask(api(rosa), signed(doctor, patient, METFORMIN))
    assert answer.status_code == 409
    assert answer.json()["detail"]


def test_staff_and_strangers_ask_for_nobody(api, doctor, patient, rosa) -> None:
    prescription = collected(doctor, patient)
    assert ask(api(doctor), prescription).status_code == 403
    stranger = portal_user(PatientFactory(site=patient.site))
    assert ask(api(stranger), prescription).status_code == 404
    assert ask(api(rosa, "medication.read"), prescription).status_code == 403


# == Answered ==
def test_a_doctor_lists_what_waits_and_approves_with_the_next_repeat(api, doctor, patient, rosa) -> None:
    row, program = asked(doctor, patient, rosa, repeats=1), api(doctor)
    assert [item["id"] for item in program.read("/refills", {"state": "waiting"}).json()["items"]] == [str(row.pk)]
    assert program.read("/refills", {"patient": str(patient.pk), "state": "denied"}).json()["items"] == []
    answer = program.write(f"/refills/{row.pk}/repeat")
    assert answer.json()["state"] == "approved", answer.content
    assert reload(row.prescription).status == "signed"
    late = program.write(f"/refills/{row.pk}/deny", {"reason": "too_early"})
    assert (late.status_code, "answered or taken back" in late.json()["detail"]) == (409, True)


def test_without_a_repeat_left_it_is_written_anew_and_the_signature_approves(api, doctor, patient, rosa) -> None:
    row, program = asked(doctor, patient, rosa), api(doctor)
    assert program.write(f"/refills/{row.pk}/repeat").status_code == 409
    body = program.write(f"/refills/{row.pk}/prescribe").json()
    assert body["state"] == "waiting"
    assert program.write(f"/refills/{row.pk}/prescribe").json()["made_in"] == body["made_in"]
    assert program.write(f"/prescriptions/{body['made_in']}/sign", {"answers": []}).status_code == 200
    assert program.read(f"/refills/{row.pk}").json()["state"] == "approved"


def test_denied_with_a_reason_that_the_patient_reads(api, doctor, patient, rosa) -> None:
    row, program = asked(doctor, patient, rosa), api(doctor)
    here = f"/refills/{row.pk}/deny"
    assert program.write(here, {"reason": "no"}).status_code == 422
    wordless = program.write(here, {"reason": "other"})
    assert (wordless.status_code, "in your words" in wordless.json()["detail"]) == (409, True)
    assert program.write(here, {"reason": "over"}, If_Match='W/"older"').status_code == 412
    assert program.write(here, {"reason": "other", "words": "Call us."}).json()["state"] == "denied"
    body = api(rosa).read(f"/refills/{row.pk}").json()
    assert (body["reason"], body["answer"]) == ("other", "Call us.")


def test_who_may_not_answer(api, doctor, patient, rosa, nurse) -> None:
    row = asked(doctor, patient, rosa)
    stranger = provider(PatientFactory())
    for deed in ("repeat", "prescribe"):
        assert api(nurse).write(f"/refills/{row.pk}/{deed}").status_code == 403
        assert api(stranger).write(f"/refills/{row.pk}/{deed}").status_code == 404
    assert api(rosa).write(f"/refills/{row.pk}/deny", {"reason": "over"}).status_code == 403
    assert api(stranger).read("/refills").json()["items"] == []


def test_reading_is_audited(api, doctor, patient, rosa, audited) -> None:
    row = asked(doctor, patient, rosa)
    api(doctor).read(f"/refills/{row.pk}")
    api(doctor).read("/refills")
    assert ("prescriptions.list_refills", "ok") in audited(doctor)
    assert len(audited(doctor)) == 2, audited(doctor)


# == Halted ==
def test_on_hold_taken_up_again_and_stopped_with_reasons(api, doctor, patient, nurse, rosa) -> None:
    prescription, program = signed(doctor, patient, METFORMIN), api(nurse)
    here = f"/prescriptions/{prescription.pk}"
    held = program.write(f"{here}/hold", {"reason": "operation", "words": "Five days."})
    assert held.status_code == 200, held.content
    assert (held.json()["halt"], held.json()["status"]) == ("hold", "signed")
    assert program.write(f"{here}/hold", {"reason": "operation"}).status_code == 409
    assert program.write(f"{here}/resume", {}, If_Match=held["ETag"]).json()["halt"] == ""
    ahead = (timezone.localdate() + timedelta(days=20)).isoformat()
    assert program.write(f"{here}/stop", {"reason": "no_effect", "day": ahead}).status_code == 409
    assert program.write(f"{here}/stop", {"reason": "no_effect"}).json()["halt"] == "stop"
    assert program.write(f"{here}/resume", {}).status_code == 409
    said = api(rosa).read(f"{here}/halts").json()["items"]
    assert [(one["act"], one["reason"], one["words"]) for one in said] == [
        ("stop", "no_effect", ""),
        ("resume", "", ""),
        ("hold", "operation", "Five days."),
    ]
    deeds = [deed for deed in audit_of(prescription) if deed.rpartition(".")[2] in ("hold", "resume", "stop")]
    assert deeds == ["prescriptions.hold", "prescriptions.resume", "prescriptions.stop"]


def test_a_day_ahead_can_be_named_for_a_hold(api, doctor, patient) -> None:
    prescription, day = signed(doctor, patient, METFORMIN), timezone.localdate() + timedelta(days=20)
    body = api(doctor).write(f"/prescriptions/{prescription.pk}/hold", {"reason": "operation", "day": day.isoformat()})
    assert body.json()["halt_from"] > timezone.now().isoformat()


@pytest.mark.parametrize(
    ("said", "status"), [({}, 422), ({"reason": "mood"}, 422), ({"reason": "other"}, 409), ({"words": "x"}, 422)]
)
def test_why_has_to_be_said(api, doctor, patient, said, status) -> None:
    prescription = signed(doctor, patient, METFORMIN)
    assert api(doctor).write(f"/prescriptions/{prescription.pk}/stop", said).status_code == status
    assert reload(prescription).halt == ""


def test_who_may_not_halt(api, doctor, patient, rosa, pharmacist) -> None:
    here = f"/prescriptions/{signed(doctor, patient, METFORMIN).pk}/hold"
    for person in (rosa, pharmacist):
        assert api(person).write(here, {"reason": "operation"}).status_code == 403
    assert api(provider(PatientFactory())).write(here, {"reason": "operation"}).status_code == 404
