"""What a visit dealt with: chosen from the list of problems, ordered, and bound by the signature."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from records.actions.diagnosing import choose_diagnosis
from records.actions.entries import change_clinical_status, void_entry
from records.actions.marking import mark_entry
from records.actions.notes import NotWritable, sign_note, throw_draft_away
from records.actions.signing import amend_note
from records.models import Draft, Entry
from records.printing import body_of
from records.queries.diagnoses import CHOSEN
from records.queries.encounters import beside_note, is_intact, visit_page
from records.rules.diagnoses import MOST, Place, placed
from records.rules.notes import NoteText
from records.telling.bundle import bundle_of
from tests.factories import EntryFactory, PaperFactory
from tests.patients.conftest import sign_in
from tests.records.visits import NOW, TEXT, Visit, events_of, visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
ONES = st.integers(0, 4)


def problem(running: Visit, display: str = "Type 2 diabetes", code: str = "E11.9", **fields) -> Entry:
    given_ = {"kind": "condition", "code_system": "icd-10-cm", "clinical_status": "active", "value": None, "unit": ""}
    with as_the_system():
        return EntryFactory(patient=running.patient, display=display, code=code, **{**given_, **fields})


def chooses(running: Visit, one: Entry, place: Place = Place.ADD, by=None) -> list:
    user = by or running.doctor
    with acting_as(user):
        return choose_diagnosis(by=user, encounter=running.encounter, problem=one, place=place)


def shown(running: Visit, by=None) -> list[tuple[int, str]]:
    user = by or running.doctor
    with acting_as(user):
        return [(one.rank, one.display) for one in visit_page(user, running.now_is()).diagnoses]


def seen_beside(running: Visit) -> tuple[list[str], list[str]]:
    with acting_as(running.doctor):
        found = beside_note(running.doctor, running.encounter)
    return [one.display for one in found.diagnoses], [one.display for one in found.problems]


# == The rule ==
@given(chosen=st.lists(ONES, unique=True), one=ONES, place=st.sampled_from(Place))
def test_each_stands_once_and_the_others_keep_their_order(chosen, one, place) -> None:
    after = placed(chosen, one, place)
    assert [other for other in after if other != one] == [other for other in chosen if other != one]
    assert after.count(one) == (place != Place.DROP)
    assert place != Place.FIRST or after[0] == one
    assert placed(after, one, place) == after


# == Chosen ==
def test_the_first_is_the_principal_one(running) -> None:
    sugar, pressure = problem(running), problem(running, "Hypertension", "I10")
    chooses(running, sugar)
    assert chooses(running, pressure) == [sugar.pk, pressure.pk]
    assert chooses(running, pressure, Place.FIRST) == [pressure.pk, sugar.pk]
    assert shown(running) == [(1, "Hypertension"), (2, "Type 2 diabetes")]
    assert seen_beside(running) == (["Hypertension", "Type 2 diabetes"], [])
    assert chooses(running, sugar, Place.DROP) == [pressure.pk]
    assert seen_beside(running) == (["Hypertension"], ["Type 2 diabetes"])
    assert events_of(running.doctor, "records.choose_diagnosis") == ["records.choose_diagnosis"] * 4


def test_what_is_recorded_in_the_visit_is_of_it_and_on_the_list(running) -> None:
    chooses(running, problem(running))
    problem(running, "Cystitis", "N30.00", encounter=running.encounter)
    assert shown(running) == [(1, "Type 2 diabetes"), (2, "Cystitis")]


def test_a_choice_is_its_authors_own(running) -> None:
    chooses(running, problem(running))
    assert shown(running, by=running.nurse) == []


def test_who_does_not_hold_the_visit_chooses_nothing(running) -> None:
    for user in (running.colleague, running.nurse):
        with pytest.raises(NotAllowed):
            chooses(running, problem(running), by=user)


def test_only_a_problem_of_this_patient_that_stands(running) -> None:
    other = visit()
    with pytest.raises(NotWritable, match="list of problems"):
        chooses(running, problem(other))
    with pytest.raises(NotWritable, match="list of problems"):
        chooses(running, problem(running, kind="procedure"))
    void = problem(running)
    with acting_as(running.doctor):
        void_entry(by=running.doctor, entry=void, reason="Wrong", now=LATER)
    with as_the_system():
        void.refresh_from_db()
    with pytest.raises(NotWritable, match="list of problems"):
        chooses(running, void)


def test_there_are_twenty_at_most(running) -> None:
    for number in range(MOST):
        chooses(running, problem(running, f"Problem {number}"))
    with pytest.raises(NotWritable, match="twenty"):
        chooses(running, problem(running, "One more"))


def test_one_that_changes_meanwhile_is_followed_and_one_that_is_void_leaves(running) -> None:
    sugar, pressure = problem(running), problem(running, "Hypertension", "I10")
    chooses(running, sugar)
    chooses(running, pressure)
    with acting_as(running.doctor):
        change_clinical_status(by=running.doctor, entry=sugar, status="resolved", now=LATER)
        void_entry(by=running.doctor, entry=pressure, reason="Another patient's", now=LATER)
    assert shown(running) == [(1, "Type 2 diabetes")]
    with acting_as(running.doctor):
        later = Entry.objects.get(supersedes=sugar)
    assert chooses(running, later, Place.DROP) == []


def test_throwing_the_note_away_takes_the_choice_along(running) -> None:
    running.saves()
    chooses(running, problem(running))
    with acting_as(running.doctor):
        throw_draft_away(by=running.doctor, encounter=running.encounter, version=1)
    with as_the_system():
        assert not Draft.objects.filter(encounter=running.encounter).exists()


# == Signed ==
def signed(running: Visit) -> Entry:
    chooses(running, problem(running, "Hypertension", "I10"))
    problem(running, "Cystitis", "N30.00", encounter=running.encounter)
    return running.signs()


def test_the_signature_binds_them(running) -> None:
    note = signed(running)
    said = note.data["diagnoses"]
    assert [(one["rank"], one["code"], one.get("use", "")) for one in said] == [
        (1, "I10", "principal"),
        (2, "N30.00", ""),
    ]
    with as_the_system():
        assert is_intact(note)
        note.data = {**note.data, "diagnoses": said[:1]}
        assert not is_intact(note)
        assert not Draft.objects.filter(kind=CHOSEN).exists()
    with pytest.raises(NotWritable, match="signed already"):
        chooses(running, problem(running))


def test_no_change_of_the_list_changes_them(running) -> None:
    signed(running)
    before = shown(running)
    with acting_as(running.doctor):
        for row in Entry.objects.filter(patient_id=running.patient.pk, kind="condition"):
            if row.code == "I10":
                change_clinical_status(by=running.doctor, entry=row, status="resolved", now=LATER)
            else:
                void_entry(by=running.doctor, entry=row, reason="Was none", now=LATER)
    assert shown(running) == before == shown(running, by=running.rosa)


def test_what_is_recorded_after_it_stands_behind_without_a_rank(running) -> None:
    signed(running)
    problem(running, "Gout", "M10.9", encounter=running.encounter)
    assert shown(running)[-1] == (0, "Gout")


def test_an_amended_note_keeps_them(running) -> None:
    note = signed(running)
    with acting_as(running.doctor):
        text = NoteText(assessment="Other", plan="Other")
        later = amend_note(by=running.doctor, note=note, text=text, because="Wrong plan", now=LATER)
    assert later.data["diagnoses"] == note.data["diagnoses"]


def test_of_what_is_marked_no_word_stands_in_a_note_that_is_not(running) -> None:
    hidden = problem(running, "Depression", "F32.9", author=running.doctor, enterer=running.doctor)
    with acting_as(running.doctor):
        mark_entry(by=running.doctor, entry=hidden, label="mental_health", now=NOW)
    chooses(running, Entry.objects.model(pk=hidden.pk, patient_id=hidden.patient_id, kind="condition"))
    note = running.signs()
    assert "Depression" not in json.dumps(note.data)
    assert shown(running) == [(1, "Depression")]
    assert shown(running, by=running.colleague) == []


def test_in_a_note_marked_alike_it_stands(running) -> None:
    hidden = problem(running, "Depression", "F32.9", author=running.doctor, sensitivity="mental_health")
    chooses(running, hidden)
    with acting_as(running.doctor):
        given_ = {"encounter": running.encounter, "text": TEXT, "version": 0, "now": NOW}
        note = sign_note(by=running.doctor, sensitivity="mental_health", **given_)
    assert note.data["diagnoses"][0]["display"] == "Depression"


def test_a_note_signed_before_there_was_a_choice_shows_what_was_recorded(running) -> None:
    running.signs()
    problem(running, "Cystitis", "N30.00", encounter=running.encounter)
    assert shown(running) == [(0, "Cystitis")]


# == Where they are seen ==
def address(name: str, running: Visit) -> str:
    return reverse(f"records:{name}", args=[running.patient.pk, running.encounter.pk])


def typed(**more: str) -> dict[str, str]:
    return {**vars(TEXT), "version": "0", "pen": "", "sensitivity": "", **more}


def test_one_press_keeps_what_is_written(running) -> None:
    sugar = problem(running)
    doctor = sign_in(running.doctor)
    page = doctor.get(address("note", running)).text
    assert f"add:{sugar.pk}" in page
    writer = typed(writer=str(running.doctor.pk), diagnosis=f"add:{sugar.pk}")
    page = doctor.post(address("choose_diagnosis", running), writer, follow=True).text
    assert f"drop:{sugar.pk}" in page
    assert TEXT.subjective in page
    assert "Principal" in page
    for said in ("add:x", "more:1", ""):
        assert doctor.post(address("choose_diagnosis", running), {**writer, "diagnosis": said}).status_code == 404


def test_a_press_in_another_window_is_told(running) -> None:
    sugar = problem(running)
    running.saves(NoteText(plan="Other"))
    doctor = sign_in(running.doctor)
    writer = typed(writer=str(running.doctor.pk), diagnosis=f"add:{sugar.pk}")
    assert doctor.post(address("choose_diagnosis", running), writer).status_code == 409
    with as_the_system():
        sugar.record_status, sugar.voided_at, sugar.void_reason = "entered_in_error", NOW, "Wrong"
        sugar.save(update_fields=["record_status", "voided_at", "void_reason", "updated_at"])
    answer = doctor.post(address("choose_diagnosis", running), {**writer, "version": "1"})
    assert answer.status_code == 422
    assert "list of problems" in answer.text
    assert doctor.post(address("choose_diagnosis", running), {**writer, "writer": "x"}).status_code == 422


def test_they_stand_on_the_page_the_portal_and_the_summary(running) -> None:
    signed(running)
    page = sign_in(running.nurse).get(address("encounter", running)).text
    assert page.index("Hypertension") < page.index("Cystitis")
    assert "Principal" in page
    own = sign_in(running.rosa).get(reverse("records_portal:summary", args=[running.encounter.pk])).text
    assert "Hypertension" in own
    with as_the_system():
        paper = PaperFactory(
            patient=running.patient, encounter=running.encounter, kind="summary", asked_by=running.rosa
        )
    with acting_as(running.rosa):
        text = body_of(paper, running.rosa, LATER).html
    assert "principal diagnosis" in text
    assert text.index("Hypertension") < text.index("Cystitis")


def test_the_file_of_the_patient_ranks_them(running) -> None:
    signed(running)
    with acting_as(running.doctor):
        row = Entry.objects.get(patient_id=running.patient.pk, code="I10")
        change_clinical_status(by=running.doctor, entry=row, status="resolved", now=LATER)
    with acting_as(running.rosa):
        bundle = json.loads("".join(bundle_of(running.rosa, running.patient, LATER)))
    (told,) = [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Encounter"]
    first, second = told["diagnosis"]
    assert (first["rank"], first["condition"]) == (1, {"display": "Hypertension"}), "it has changed since"
    assert second["condition"]["reference"].startswith("Condition/")
    assert second["use"]["coding"][0]["code"] == "DD"
