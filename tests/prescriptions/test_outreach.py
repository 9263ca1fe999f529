"""Nobody came for a medicine: who reached the patient, how, and what came of it."""

import pytest
from django.db import IntegrityError

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from prescriptions import actions
from prescriptions.models import Outreach
from tests.factories import OutreachFactory, PatientFactory, staff
from tests.prescriptions.conftest import NOW, ready
from tests.prescriptions.test_dispensary_page import QUEUE, late
from tests.prescriptions.test_prescribe_page import address, text_of
from tests.prescriptions.test_refills import died
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def reaches(user, prescription, **said) -> Outreach:
    with acting_as(user):
        told = {"way": "phone", "outcome": "will_collect", "now": NOW} | said
        return actions.reach_out(by=user, prescription=prescription, **told)


def noted(prescription) -> list[tuple[str, str, str]]:
    with as_the_system():
        rows = Outreach.objects.filter(prescription=prescription).order_by("id")
        return list(rows.values_list("way", "outcome", "note"))


def test_the_dispensary_and_the_prescriber_note_it_as_often_as_it_takes(doctor, patient, pharmacist) -> None:
    prescription = late(doctor, patient)
    reaches(pharmacist, prescription, outcome="not_reached")
    row = reaches(doctor, prescription, way="message", outcome="cost", note=" Asks  for a cheaper one ")
    assert noted(prescription) == [("phone", "not_reached", ""), ("message", "cost", "Asks for a cheaper one")]
    assert (row.reached_by, row.reached_at) == (doctor, NOW)
    with taking_role("owner"):
        lines = AuditEvent.objects.filter(action="prescriptions.reach_out").order_by("id")
        assert [line.detail["outcome"] for line in lines] == ["not_reached", "cost"]
        assert "cheaper" not in str([line.detail for line in lines])


def test_another_outcome_is_said_in_words_and_codes_are_those_of_the_list(doctor, patient) -> None:
    prescription = late(doctor, patient)
    with pytest.raises(actions.NotPossible, match="in your words"):
        reaches(doctor, prescription, outcome="other", note="  ")
    for wrong in ({"way": "pigeon"}, {"outcome": "bored"}):
        with pytest.raises(ValueError, match="is not a valid"):
            reaches(doctor, prescription, **wrong)
    assert noted(prescription) == []


def test_only_what_nobody_came_for_and_nobody_of_the_dead(doctor, patient) -> None:
    waiting, prescription = ready(doctor, patient, label="lisinopril 20 mg, tablet"), late(doctor, patient)
    with pytest.raises(actions.NotPossible, match="ready to collect"):
        reaches(doctor, waiting)
    died(patient)
    with pytest.raises(actions.NotPossible, match="died"):
        reaches(doctor, prescription)


def test_who_neither_prescribes_nor_dispenses_notes_nothing(browser, doctor, patient) -> None:
    prescription, nurse = late(doctor, patient), staff("nurse", patient.site)
    with pytest.raises(NotAllowed):
        reaches(nurse, prescription)
    assert browser(nurse).get(address(patient, prescription, "/reach-out")).status_code == 403
    assert browser(staff("doctor")).get(address(patient, prescription, "/reach-out")).status_code == 403


def test_another_outcome_has_words_whoever_writes() -> None:
    with pytest.raises(IntegrityError, match="outreach_other_says_it"):
        OutreachFactory(outcome="other", note="")


# == In the browser ==
def test_from_the_list_by_a_small_form_and_then_beside_the_prescription(browser, doctor, patient, pharmacist) -> None:
    prescription, desk = late(doctor, patient), browser(pharmacist)
    form = address(patient, prescription, "/reach-out")
    assert form in text_of(desk.get(QUEUE, {"show": "not_collected"}))
    assert "What came of it" in text_of(desk.get(form))
    assert "Choose what came of it" in text_of(desk.post(form, {"way": "phone", "note": "Kept"}), 422)
    page = text_of(desk.post(form, {"way": "phone", "outcome": "other", "note": ""}), 422)
    assert "Say in your words what came of it" in page
    page = text_of(desk.post(form, {"way": "phone", "outcome": "side_effects", "note": "A rash"}, follow=True))
    assert "It stands beside the prescription." in page
    seen = text_of(browser(doctor).get(address(patient, prescription)))
    for words in ("By phone", "Fears or had side effects", "A rash", pharmacist.full_name):
        assert words in seen
    assert "Fears or had side effects" in text_of(desk.get(QUEUE, {"show": "not_collected"}))


def test_collected_meanwhile_is_said(browser, doctor, patient, pharmacist) -> None:
    prescription = ready(doctor, patient)
    told = {"way": "phone", "outcome": "will_collect"}
    page = text_of(browser(pharmacist).post(address(patient, prescription, "/reach-out"), told, follow=True))
    assert "Somebody was quicker" in page
    assert noted(prescription) == []


def test_the_list_costs_the_same_with_more_rows(browser, doctor, patient, pharmacist, assert_queries) -> None:
    client = browser(pharmacist)
    late(doctor, patient)
    text_of(client.get(QUEUE, {"show": "not_collected"}))
    with assert_queries() as few:
        text_of(client.get(QUEUE, {"show": "not_collected"}))
    for label in ("lisinopril 20 mg, tablet", "metformin 850 mg, tablet"):
        OutreachFactory(prescription=late(doctor, patient, label=label))
    with assert_queries() as many:
        text_of(client.get(QUEUE, {"show": "not_collected"}))
    assert len(few) == len(many)


def test_a_patient_elsewhere_has_none_of_it(doctor, patient) -> None:
    prescription = late(doctor, patient)
    OutreachFactory(prescription=prescription)
    other = staff("doctor", PatientFactory().site)
    with acting_as(other):
        assert not Outreach.objects.visible_to(other).exists()
