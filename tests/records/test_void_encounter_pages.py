"""Where a visit entered in error is seen: its page, the list, the portal, the chart on paper and as a file."""

import json

import pytest
from django.urls import reverse

from healthcare.db.context import acting_as
from records.actions.signing import sign_nursing_note
from records.models import Encounter, Paper
from records.printing import body_of
from records.telling.bundle import bundle_of
from tests.patients.conftest import sign_in
from tests.records.test_void_encounter import LATER, REASON, measure, ordered, voids
from tests.records.visits import NOW, TEXT, Visit, visit

pytestmark = pytest.mark.django_db


# == Where it is seen ==
def address(name: str, running: Visit) -> str:
    return reverse(f"records:{name}", args=[running.patient.pk, running.encounter.pk])


def test_the_page_shows_what_goes_and_what_stays_and_then_what_went(running) -> None:
    measure(running)
    order = ordered(running)
    running.signs()
    doctor = sign_in(running.doctor)
    assert "Entered in error…" in doctor.get(address("encounter", running)).text
    page = doctor.get(address("void_visit", running)).text
    assert "Lower urinary tract infection." in page
    assert f"/orders/{order.pk}/" in page
    refusal = doctor.post(address("void_visit", running), {"reason": ""})
    assert refusal.status_code == 422
    done = doctor.post(address("void_visit", running), {"reason": REASON}, follow=True).text
    assert "Marked as entered in error" in done
    assert REASON in done
    assert "<s>Lower urinary tract infection.</s>" in done
    assert "Entered in error…" not in done
    assert doctor.get(address("void_visit", running))["Location"] == address("encounter", running)
    listed = sign_in(running.nurse).get(reverse("records:encounters", args=[running.patient.pk])).text
    assert "<s>Burning when passing urine</s>" in listed
    assert REASON in listed


def test_the_page_says_who_else_signed_and_keeps_what_was_typed(running) -> None:
    running.signs()
    with acting_as(running.nurse):
        sign_nursing_note(by=running.nurse, encounter=running.encounter, told="", found="Alert", now=NOW)
    doctor = sign_in(running.doctor)
    assert "Signed here besides you: Priya Raman" in doctor.get(address("void_visit", running)).text
    answer = doctor.post(address("void_visit", running), {"reason": REASON})
    assert answer.status_code == 422
    assert f'value="{REASON}"' in answer.text


def test_the_draft_is_shown_to_its_author(running) -> None:
    running.saves()
    assert "Your draft is kept" in sign_in(running.doctor).get(address("void_visit", running)).text
    voids(running)
    assert TEXT.plan in sign_in(running.doctor).get(address("encounter", running)).text
    assert TEXT.plan not in sign_in(running.nurse).get(address("encounter", running)).text


def test_a_colleague_is_not_offered_it(running) -> None:
    colleague = sign_in(running.colleague)
    assert "Entered in error…" not in colleague.get(address("encounter", running)).text
    assert colleague.get(address("void_visit", running))["Location"] == address("encounter", running)
    assert colleague.post(address("void_visit", running), {"reason": REASON}).status_code == 422


def test_the_patient_who_read_it_reads_that_it_was_wrong(running) -> None:
    running.signs()
    voids(running)
    patient = sign_in(running.rosa)
    summary = reverse("records_portal:summary", args=[running.encounter.pk])
    assert "Entered in error" in patient.get(reverse("records_portal:summaries")).text
    page = patient.get(summary).text
    assert REASON in page
    assert TEXT.plan not in page


def test_the_patient_who_never_read_it_sees_nothing(running) -> None:
    voids(running)
    patient = sign_in(running.rosa)
    assert patient.get(reverse("records_portal:summary", args=[running.encounter.pk])).status_code == 404
    assert "Entered in error" not in patient.get(reverse("records_portal:summaries")).text


def test_both_walls_show_the_patient_the_same(running) -> None:
    running.signs()
    voids(running)
    other = visit()
    with acting_as(running.rosa):
        assert Encounter.objects.filter(pk=running.encounter.pk).exists()
        assert Encounter.objects.visible_to(running.rosa).filter(pk=running.encounter.pk).exists()
    voids(other)
    with acting_as(other.rosa):
        assert not Encounter.objects.filter(pk=other.encounter.pk).exists()
        assert not Encounter.objects.visible_to(other.rosa).filter(pk=other.encounter.pk).exists()


def test_the_chart_on_paper_strikes_it_through(running) -> None:
    running.signs()
    voids(running)
    for user in (running.doctor, running.rosa):
        with acting_as(user):
            paper = Paper(patient=running.patient, kind="chart", asked_by=user, asked_at=LATER, language="en-us")
            text = body_of(paper, user, LATER).html
        assert "<s>" in text
        assert REASON in text
        assert "Maren Okafor" in text


def test_the_file_of_the_patient_says_so(running) -> None:
    running.signs()
    voids(running)
    with acting_as(running.rosa):
        bundle = json.loads("".join(bundle_of(running.rosa, running.patient, LATER)))
    resources = [entry["resource"] for entry in bundle["entry"]]
    (told,) = [one for one in resources if one["resourceType"] == "Encounter"]
    assert told["status"] == "entered-in-error"
    assert REASON in told["text"]["div"]
    assert not [one for one in resources if one["resourceType"] == "DocumentReference"]
