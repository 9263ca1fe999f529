"""An entry that is marked as sensitive: for whoever may not see it, it is not there."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.permissions import Sensitivity
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records import actions
from records.access.marking import can_mark
from records.actions.imports import Arrival, take_entries
from records.actions.results import correct_result
from records.actions.writing import Content, NotRecorded
from records.models import Draft, Entry
from records.queries.encounters import is_intact
from records.rules.laboratory import Measured
from tests.factories import CareRelationshipFactory, DiagnosisCodeFactory, EntryFactory, portal_user, staff
from tests.records.measuring import measure, result
from tests.records.visits import TEXT
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
LABELS = list(Sensitivity)


def mark(by, entry, label="mental_health") -> int:
    with acting_as(by):
        return actions.mark_entry(by=by, entry=entry, label=label, now=timezone.now())


def holder(patient, *labels: str, role: str = "doctor"):
    """Reaches the whole chart, and these marked items."""
    return CareRelationshipFactory(patient=patient, role=role, labels=list(labels)).user.in_role(role)


def seen(user, patient) -> set:
    """By both walls, which agree."""
    with acting_as(user):
        first = set(Entry.objects.visible_to(user).filter(patient_id=patient.pk).values_list("pk", flat=True))
        second = set(Entry.objects.filter(patient_id=patient.pk).values_list("pk", flat=True))
    assert first == second
    return first


def stored(patient) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(patient=patient).order_by("id"))


# == The verb ==
@pytest.mark.parametrize("label", [one for one in LABELS if one != "substance_use"])
def test_a_marked_entry_is_seen_by_its_author_by_who_holds_the_label_and_by_the_patient(rosa, nurse, doctor, label):
    taken = result(nurse, rosa)
    holds, other = holder(rosa, label), holder(rosa, *[one for one in LABELS if one != label])
    assert mark(holds, taken, label) == 1
    assert seen(nurse, rosa) == seen(holds, rosa) == {taken.pk}
    assert seen(doctor, rosa) == seen(other, rosa) == set()
    mark(nurse, taken, "")
    assert seen(doctor, rosa) == {taken.pk}


def test_it_is_marked_whole_with_its_versions_and_parts(rosa, nurse, doctor) -> None:
    panel = measure(nurse, rosa, heart_rate="71", weight="70", height="170")
    assert mark(nurse, panel) == 5, "The panel, three measures and what is computed of them."
    assert seen(doctor, rosa) == set()
    first = result(nurse, rosa)
    with acting_as(nurse):
        later = correct_result(
            by=nurse, entry=first, measured=Measured(code=first.code, value=first.value), now=timezone.now()
        )
    assert mark(nurse, later, "reproductive") == 2
    assert {row.sensitivity for row in stored(rosa) if row.kind == "laboratory_result"} == {"reproductive"}


def test_a_later_version_keeps_the_mark(rosa, nurse, doctor) -> None:
    first = result(nurse, rosa)
    mark(nurse, first)
    with acting_as(nurse):
        later = correct_result(
            by=nurse, entry=first, measured=Measured(code=first.code, value=first.value), now=timezone.now()
        )
    assert later.sensitivity == "mental_health"
    assert seen(doctor, rosa) == set()


def test_marking_leaves_one_line_that_says_from_what_to_what(rosa, nurse) -> None:
    taken = result(nurse, rosa)
    mark(nurse, taken)
    mark(nurse, taken, "adolescent")
    with taking_role("owner"):
        lines = AuditEvent.objects.filter(action="records.mark_entry").order_by("id").values_list("detail", flat=True)
        assert [(line["from"], line["to"]) for line in lines] == [
            ("", "mental_health"),
            ("mental_health", "adolescent"),
        ]


def test_what_is_refused(rosa, nurse, doctor) -> None:
    taken = result(nurse, rosa)
    with pytest.raises(NotRecorded, match="marked so already"):
        mark(nurse, taken, "")
    with pytest.raises(ValueError, match="is not a valid"):
        mark(nurse, taken, "boring")
    with pytest.raises(NotAllowed, match="no longer see it yourself"):
        mark(holder(rosa), taken)
    with pytest.raises(NotAllowed):
        mark(staff("pharmacist", rosa.site), taken)
    with pytest.raises(NotInScope):
        mark(staff("nurse"), taken)
    mark(nurse, taken)
    with pytest.raises(NotInScope):
        mark(doctor, taken, "")
    with acting_as(nurse):
        assert can_mark(nurse, [taken], "mental_health")
    with acting_as(doctor):
        assert not can_mark(doctor, [taken])


def test_an_allergy_is_never_marked(rosa, nurse, doctor) -> None:
    allergy = EntryFactory(patient=rosa, kind="allergy", display="penicillin", clinical_status="active", author=nurse)
    with pytest.raises(NotAllowed, match="never hidden"):
        mark(nurse, allergy)
    content = Content(kind="allergy", display="x", clinical_status="active", sensitivity="mental_health")
    said = {"patient": rosa, "content": content, "effective_at": timezone.now(), "now": timezone.now()}
    with pytest.raises(NotRecorded, match="never hidden"), acting_as(nurse):
        actions.record_entry(by=nurse, **said)
    with pytest.raises(DatabaseError):
        EntryFactory(patient=rosa, kind="allergy", sensitivity="mental_health")


def test_sql_of_ones_own_marks_nothing_that_one_would_not_see(rosa, nurse, doctor) -> None:
    taken = result(nurse, rosa)
    statement = "UPDATE records_entry SET sensitivity = 'mental_health' WHERE id = %s"
    with pytest.raises(DatabaseError), acting_as(doctor), connection.cursor() as cursor:
        cursor.execute(statement, [taken.pk])
    mark(nurse, taken)
    with acting_as(doctor), connection.cursor() as cursor:
        cursor.execute("UPDATE records_entry SET sensitivity = '' WHERE id = %s", [taken.pk])
        assert cursor.rowcount == 0


# == Written with a mark ==
def test_a_problem_goes_on_the_list_marked(rosa, doctor, browser, nurse) -> None:
    DiagnosisCodeFactory(code="F32.9", display="Major depressive disorder")
    client = browser(doctor)
    typed = {"code": "F32.9", "sensitivity": "mental_health", "onset": "2020"}
    assert client.post(reverse("records:record_condition", args=[rosa.pk]), typed).status_code == 302
    assert b"Sensitive: Mental health" in client.get(reverse("records:problems", args=[rosa.pk])).content
    (row,) = stored(rosa)
    assert row.sensitivity == "mental_health"
    assert seen(nurse, rosa) == set()
    assert seen(portal_user(rosa), rosa) == {row.pk}
    # Somebody who does not see it may put it on the list as well: refusing would tell that it is there.
    other = staff("doctor", rosa.site)
    assert browser(other).post(reverse("records:record_condition", args=[rosa.pk]), typed).status_code == 302


def test_a_note_is_signed_marked_and_what_is_added_is_marked_with_it(running, browser) -> None:
    doctor, where = running.doctor, [running.patient.pk, running.encounter.pk]
    client = browser(doctor)
    typed = vars(TEXT) | {"version": 0, "writer": doctor.pk, "sensitivity": "mental_health"}
    assert client.post(reverse("records:note", args=where), typed).status_code == 302
    with as_the_system():
        assert Draft.objects.get().sensitivity == "mental_health"
    page = client.get(reverse("records:note", args=where)).content.decode()
    assert '<option value="mental_health" selected>' in page
    assert client.post(reverse("records:sign", args=where), typed | {"version": 1}).status_code == 302
    client.post(reverse("records:add_addendum", args=where), {"text": "And one thing more."})
    note, addendum = stored(running.patient)
    assert note.sensitivity == addendum.sensitivity == "mental_health"
    assert b"And one thing more" in client.get(reverse("records:encounter", args=where)).content
    shown = browser(running.colleague).get(reverse("records:encounter", args=where)).content
    assert b"There is no note here for you to read" in shown
    assert TEXT.assessment.encode() not in shown


def test_a_mark_is_no_part_of_what_is_signed(running) -> None:
    note = running.signs()
    mark(running.doctor, note)
    (kept,) = stored(running.patient)
    assert kept.sensitivity == "mental_health"
    assert is_intact(kept)


def test_a_draft_moves_by_its_mark_alone(running, browser) -> None:
    running.saves()
    where = [running.patient.pk, running.encounter.pk]
    typed = vars(TEXT) | {"version": 1, "writer": running.doctor.pk, "sensitivity": "adolescent"}
    client = browser(running.doctor)
    client.post(reverse("records:note", args=where), typed)
    with as_the_system():
        assert (Draft.objects.get().version, Draft.objects.get().sensitivity) == (2, "adolescent")
    late = client.post(reverse("records:note", args=where), typed | {"plan": "Another", "version": 1})
    assert late.status_code == 409
    assert 'name="sensitivity" value="adolescent"' in late.content.decode()


# == What other systems tell ==
def arrival(patient, *, mark="", **more) -> Arrival:
    content = Content(kind="procedure", code="1", code_system="snomed", display="A procedure", sensitivity=mark)
    return Arrival(patient.pk, "fhir:", content, timezone.now() - timedelta(days=9), **more)


def test_a_mark_put_here_outlasts_what_the_source_says_later(rosa, doctor) -> None:
    with taking_role("worker"), as_the_system():
        (first,) = take_entries(by=None, arrivals=[arrival(rosa, mark="substance_use")], now=timezone.now())
        (later,) = take_entries(by=None, arrivals=[arrival(rosa, before=first.pk)], now=timezone.now())
    assert later.sensitivity == "substance_use"
    assert seen(doctor, rosa) == set()


# == The page ==
def test_the_page_marks_and_takes_the_mark_off(rosa, nurse, browser) -> None:
    taken = result(nurse, rosa)
    client = browser(nurse)
    entry, page = (reverse(f"records:{name}", args=[rosa.pk, taken.pk]) for name in ("entry", "mark"))
    assert page.encode() in client.get(entry).content
    assert client.get(page).status_code == 200
    client.post(page, {"sensitivity": "reproductive"})
    shown = client.get(entry).content
    assert b"Sensitive: Reproductive health" in shown
    assert b"Change the mark" in shown
    again = client.post(page, {"sensitivity": "reproductive"})
    assert again.status_code == 422
    assert b"marked so already" in again.content
    assert b"Sensitive: Reproductive health" in client.get(reverse("records:entries", args=[rosa.pk])).content


def test_there_is_no_page_to_mark_an_allergy_or_what_one_does_not_see(rosa, nurse, doctor, browser) -> None:
    allergy = EntryFactory(patient=rosa, kind="allergy", display="penicillin", clinical_status="active")
    assert browser(nurse).get(reverse("records:mark", args=[rosa.pk, allergy.pk])).status_code == 404
    taken = result(nurse, rosa)
    mark(nurse, taken)
    assert browser(doctor).get(reverse("records:mark", args=[rosa.pk, taken.pk])).status_code == 404


# == Programs ==
def test_a_program_marks_records_marked_and_is_told_of_marks(api, rosa, doctor, nurse) -> None:
    DiagnosisCodeFactory(code="F32.9", display="Major depressive disorder")
    program, body = api(doctor), {"patient": str(rosa.pk), "kind": "condition", "code": "F32.9", "data": {}}
    made = program.write("/records", body | {"sensitivity": "mental_health"})
    assert made.status_code == 201, made.content
    assert made.json()["sensitivity"] == "mental_health"
    assert api(nurse).read(f"/records/{made.json()['id']}").status_code == 404
    assert api(nurse).read("/records", {"patient": str(rosa.pk), "q": "depress"}).json()["items"] == []
    opened = program.write(f"/records/{made.json()['id']}/mark", {"sensitivity": ""})
    assert opened.json()["sensitivity"] == ""
    assert api(nurse).read(f"/records/{made.json()['id']}").status_code == 200
    assert program.write(f"/records/{rosa.pk}/mark", {"sensitivity": ""}).status_code == 404
    refused = program.write(
        "/records", body | {"kind": "vital_signs", "code": "", "data": {"heart_rate": 70}, "sensitivity": "adolescent"}
    )
    assert refused.status_code == 422
