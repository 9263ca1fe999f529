"""The verbs `close_encounter` and `reopen_encounter`, and what a closed visit takes by any door."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from records.access.encounters import can_close
from records.actions.encounters import NotClosed, close_encounter, finish_encounter, reopen_encounter
from records.actions.entries import record_entry, void_entry
from records.actions.notes import NothingToAdd, NotWritable, add_addendum
from records.actions.results import enter_result
from records.actions.vitals import correct_vital, record_vitals
from records.actions.writing import Content, NotRecorded
from records.events import EncounterClosed, EncounterReopened
from records.models import Draft, Encounter, Entry
from records.rules.laboratory import Measured
from records.rules.states import ANSWERS, CLOSED, EXCEPTIONS, LATE_KINDS, NOTES, OPEN, WRONG, Deed, state_of, takes
from tests.factories import EncounterFactory, ServiceRequestFactory
from tests.patients.conftest import sign_in
from tests.records.visits import NOW, TEXT, Visit, events_of, visit
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def finish(running: Visit) -> None:
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=NOW)


def close(running: Visit, by=None) -> Encounter:
    user = by or running.doctor
    with acting_as(user):
        return close_encounter(by=user, encounter=running.encounter, now=NOW)


def reopen(running: Visit, reason: str = "A finding was left out", by=None) -> Encounter:
    user = by or running.doctor
    with acting_as(user):
        return reopen_encounter(by=user, encounter=running.encounter, reason=reason, now=LATER)


@pytest.fixture
def closed(running) -> Visit:
    """A visit with vital signs and a signed note, finished, its record closed."""
    with acting_as(running.nurse):
        measure(running)
    running.signs()
    finish(running)
    close(running)
    return running


def measure(running: Visit, by=None) -> Entry:
    return record_vitals(
        by=by or running.nurse,
        patient=running.patient,
        measurements={"temperature": Decimal("37.2")},
        effective_at=NOW,
        now=NOW,
        encounter=running.encounter,
    )


# == The rule ==
def test_each_exception_has_a_reason() -> None:
    assert all(reason.endswith(".") for reason in EXCEPTIONS.values())
    assert {*LATE_KINDS} < EXCEPTIONS.keys()


@pytest.mark.parametrize("deed", Deed)
@pytest.mark.parametrize("kind", ["note", "vital_signs", "laboratory_result", "addendum"])
def test_what_is_open_takes_everything_and_what_is_wrong_what_marks_it_so_or_answers_an_order(kind, deed) -> None:
    assert takes(OPEN, kind, deed)
    answers = kind == "laboratory_result" and deed in (Deed.ADD, Deed.REPLACE)
    assert takes(WRONG, kind, deed) == (deed == Deed.VOID or answers)


@pytest.mark.parametrize(
    ("kind", "deed", "taken"),
    [
        ("vital_signs", Deed.ADD, False),
        ("note", Deed.ADD, False),
        ("note", Deed.DRAFT, False),
        ("note", Deed.VOID, False),
        ("note", Deed.REPLACE, True),
        ("vital_signs", Deed.VOID, True),
        ("vital_signs", Deed.REPLACE, True),
        ("laboratory_result", Deed.ADD, True),
        ("addendum", Deed.ADD, True),
    ],
)
def test_what_is_closed_takes_what_the_list_names(kind, deed, taken) -> None:
    assert takes(CLOSED, kind, deed) == taken


def test_a_visit_entered_in_error_is_wrong_closed_or_not() -> None:
    assert {state_of("entered_in_error", closed=closed) for closed in (True, False)} == {WRONG}
    assert (state_of("finished", closed=False), state_of("finished", closed=True)) == (OPEN, CLOSED)


def test_the_trigger_names_the_same_kinds() -> None:
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'guard_children'")
        (body,) = cursor.fetchone()
    assert f"kind NOT IN ({', '.join(repr(kind) for kind in LATE_KINDS)})" in body
    assert f"kind IN ({', '.join(repr(kind) for kind in NOTES)})" in body
    assert f"kind NOT IN ({', '.join(repr(kind) for kind in ANSWERS)})" in body


# == Close ==
def test_closing_says_who_and_when(running, announced) -> None:
    running.signs()
    finish(running)
    close(running)
    row = running.now_is()
    assert (row.closed_at, row.closed_by_id, row.status) == (NOW, running.doctor.pk, "finished")
    assert announced(EncounterClosed) == [EncounterClosed(encounter_id=row.pk, patient_id=row.patient_id)]
    assert events_of(running.doctor)[-1] == "records.close_encounter"


def test_a_second_press_closes_nothing_more(closed, announced) -> None:
    before = len(announced(EncounterClosed))
    assert close(closed).closed_at == NOW
    assert len(announced(EncounterClosed)) == before


def test_signing_does_not_close(running) -> None:
    running.signs()
    finish(running)
    with acting_as(running.nurse):
        assert measure(running).encounter_id == running.encounter.pk
    assert running.now_is().closed_at is None


def test_a_running_visit_is_not_closed(running) -> None:
    running.signs()
    with pytest.raises(NotClosed, match="Finish the visit"):
        close(running)


def test_nor_is_one_whose_note_waits(running) -> None:
    finish(running)
    with pytest.raises(NotClosed, match="not signed yet"):
        close(running)


def test_only_who_holds_it_closes_and_opens_it(closed) -> None:
    for user in (closed.colleague, closed.nurse):
        with pytest.raises(NotAllowed):
            close(closed, by=user)
        with pytest.raises(NotAllowed):
            reopen(closed, by=user)
        with acting_as(user):
            assert not can_close(user, closed.encounter)
    with acting_as(closed.doctor):
        assert can_close(closed.doctor, closed.encounter)


# == What a closed visit takes ==
def test_its_children_are_refused_with_a_sentence(closed) -> None:
    with acting_as(closed.nurse), pytest.raises(NotRecorded, match="closed"):
        measure(closed)
    content = Content(kind="procedure", display="Ear syringing")
    with acting_as(closed.doctor), pytest.raises(NotRecorded, match="closed"):
        record_entry(
            by=closed.doctor,
            patient=closed.patient,
            content=content,
            effective_at=NOW,
            now=NOW,
            encounter=closed.encounter,
        )


def test_its_note_is_not_marked_as_wrong(closed) -> None:
    with as_the_system():
        note = Entry.objects.select_related("encounter").get(kind="note", encounter=closed.encounter)
    with acting_as(closed.doctor), pytest.raises(NotRecorded, match="Open it again"):
        void_entry(by=closed.doctor, entry=note, reason="Another patient's", now=LATER)


def test_addenda_late_results_and_corrections_are_taken(closed) -> None:
    with as_the_system():
        rows = Entry.objects.select_related("encounter", "patient").filter(encounter=closed.encounter)
        note, measure_ = rows.get(kind="note"), rows.get(kind="vital_signs", parent__isnull=False)
    with acting_as(closed.doctor):
        add_addendum(by=closed.doctor, note=note, text="The culture grew nothing.", now=LATER)
        enter_result(
            by=closed.doctor,
            patient=closed.patient,
            measured=Measured(code="4548-4", value=Decimal("6.1")),
            effective_at=NOW,
            now=LATER,
            encounter=closed.encounter,
        )
    with acting_as(closed.nurse):
        later = correct_vital(by=closed.nurse, entry=measure_, values={"temperature": Decimal("37.8")}, now=LATER)
        void_entry(by=closed.nurse, entry=later, reason="Another patient's", now=LATER)


def test_a_draft_is_not_begun(closed) -> None:
    with pytest.raises(NotWritable, match="closed"):
        closed.saves()


# == By SQL ==
def refused(user, statement: str, *given, login: str = "web") -> bool:
    try:
        with taking_role(login), acting_as(user), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, given)
            return cursor.rowcount == 0
    except DatabaseError:
        return True


def add(running: Visit, **fields) -> bool:
    """Whether the database refuses this row, written past every verb."""
    said = {"kind": "vital_signs", "effective_at": NOW, "enterer": running.nurse} | fields
    try:
        with acting_as(running.nurse), transaction.atomic():
            Entry(patient=running.patient, encounter=running.encounter, **said).save(force_insert=True)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize("kind", ["vital_signs", "condition", "note", "nursing_note"])
def test_no_sql_adds_to_it(closed, kind) -> None:
    assert add(closed, kind=kind)


@pytest.mark.parametrize("kind", LATE_KINDS)
def test_what_is_late_is_taken_by_the_database_too(closed, kind) -> None:
    assert not add(closed, kind=kind)


def test_what_calls_itself_told_elsewhere_is_no_way_in(closed) -> None:
    assert add(closed, source="Another system")


def test_no_sql_orders_in_it(closed) -> None:
    row = ServiceRequestFactory.build(
        patient=closed.patient, encounter=closed.encounter, provider=closed.provider, ordered_by=closed.doctor
    )
    with acting_as(closed.doctor), pytest.raises(DatabaseError, match="closed"), transaction.atomic():
        row.save(force_insert=True)


def test_no_sql_writes_a_draft_into_it(closed) -> None:
    row = Draft(patient=closed.patient, encounter=closed.encounter, author=closed.doctor, kind="note")
    with acting_as(closed.doctor), pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    "change",
    [
        "closed_at = NULL, closed_by_id = NULL",
        "closed_at = closed_at - interval '1 day'",
        "reason = 'Another reason'",
        "note_signed_at = NULL",
        "finished_at = now()",
        "status = 'in_progress', finished_at = NULL, finished_by_id = NULL",
        "source = 'Another system', provider_id = NULL, site_id = NULL",
        "closed_at = NULL, closed_by_id = NULL, reopened_at = now(), reopened_by_id = enterer, reopen_reason = 'x'",
        "closed_at = NULL, closed_by_id = NULL, reopened_at = now(), reopened_by_id = provider_id, reopen_reason = 'x'",
    ],
)
@pytest.mark.parametrize("login", ["web", "worker"])
def test_no_sql_changes_a_closed_visit(closed, change, login) -> None:
    assert refused(closed.doctor, f"UPDATE records_encounter SET {change} WHERE id = %s", closed.encounter.pk)
    assert closed.now_is().closed_at == NOW


def test_no_sql_marks_its_note_as_wrong(closed) -> None:
    change = "record_status = 'entered_in_error', voided_at = now(), void_reason = 'x'"
    note = "kind = 'note' AND encounter_id = %s"
    assert refused(closed.doctor, f"UPDATE records_entry SET {change} WHERE {note}", closed.encounter.pk)


def test_no_sql_closes_what_has_no_signed_note_or_in_anothers_name(running) -> None:
    finish(running)
    close_it = "UPDATE records_encounter SET closed_at = now(), closed_by_id = %s WHERE id = %s"
    assert refused(running.doctor, close_it, running.doctor.pk, running.encounter.pk)
    running.signs()
    assert refused(running.doctor, close_it, running.colleague.pk, running.encounter.pk)
    assert not refused(running.doctor, close_it, running.doctor.pk, running.encounter.pk)


def test_no_sql_says_that_an_open_visit_was_opened_again(running) -> None:
    change = "reopened_at = now(), reopened_by_id = %s, reopen_reason = 'x'"
    sql = f"UPDATE records_encounter SET {change} WHERE id = %s"
    assert refused(running.doctor, sql, running.doctor.pk, running.encounter.pk)


def test_a_visit_does_not_begin_closed(running) -> None:
    row = EncounterFactory.build(
        patient=running.patient,
        provider=running.provider,
        site=running.patient.site,
        status="finished",
        finished_at=NOW,
        closed_at=NOW,
        closed_by=running.doctor,
    )
    with acting_as(running.doctor), pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)


def test_a_visit_entered_in_error_takes_nothing_by_sql(running) -> None:
    running.mistaken()
    assert add(running)


def test_nothing_is_added_to_the_addenda_of_a_wrong_visit(running) -> None:
    note = running.signs()
    running.mistaken()
    with acting_as(running.doctor), pytest.raises(NothingToAdd, match="entered in error"):
        add_addendum(by=running.doctor, note=note, text="More", now=LATER)


# == Opened again ==
def test_opening_again_says_who_when_and_why(closed, announced) -> None:
    reopen(closed)
    row = closed.now_is()
    assert (row.closed_at, row.reopened_at, row.reopened_by_id) == (None, LATER, closed.doctor.pk)
    assert row.reopen_reason == "A finding was left out"
    assert announced(EncounterReopened) == [EncounterReopened(encounter_id=row.pk, patient_id=row.patient_id)]
    with acting_as(closed.nurse):
        measure(closed)
    assert close(closed).closed_at == NOW


def test_opening_again_asks_for_a_reason_and_for_what_is_closed(closed) -> None:
    with pytest.raises(NotClosed, match="Say why"):
        reopen(closed, " ")
    reopen(closed)
    with pytest.raises(NotClosed, match="is open"):
        reopen(closed)


# == On the page ==
def address(name: str, running: Visit) -> str:
    return reverse(f"records:{name}", args=[running.patient.pk, running.encounter.pk])


def test_the_page_closes_and_opens_again(running) -> None:
    running.signs()
    finish(running)
    doctor = sign_in(running.doctor)
    assert "Close the record" in doctor.get(address("encounter", running)).text
    assert "is closed" in doctor.post(address("close", running), follow=True).text
    page = doctor.get(address("encounter", running)).text
    assert "Record closed" in page
    assert "Add to it" in page
    assert "Why the record is opened again" in doctor.get(address("reopen", running)).text
    assert doctor.post(address("reopen", running), {"reason": ""}).status_code == 422
    assert "open again" in doctor.post(address("reopen", running), {"reason": "Left out"}, follow=True).text
    assert "Left out" in doctor.get(address("encounter", running)).text


def test_the_page_says_why_not(running) -> None:
    doctor = sign_in(running.doctor)
    assert "Finish the visit" in doctor.post(address("close", running), follow=True).text
    assert "is open" in doctor.post(address("reopen", running), {"reason": "Left out"}, follow=True).text


def test_another_patients_visit_is_as_open_as_before(closed) -> None:
    other = visit()
    assert other.signs(TEXT).encounter_id == other.encounter.pk
