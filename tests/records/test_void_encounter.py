"""The verb `void_encounter`: a visit entered in error, what goes with it, and what is not lost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from records.access.encounters import can_void
from records.actions.encounters import close_encounter, finish_encounter, start_encounter
from records.actions.entries import void_entry
from records.actions.notes import NotWritable, add_addendum, sign_note
from records.actions.orders import order_services
from records.actions.results import correct_result, enter_result
from records.actions.signing import cosign, sign_nursing_note
from records.actions.vitals import record_vitals
from records.actions.voiding import NotVoided, void_encounter
from records.events import EncounterVoided, EntryVoided
from records.models import Encounter, Entry, Paper, ServiceRequest
from records.queries.encounters import is_intact
from records.rules.laboratory import Measured
from records.rules.orders import Wanted
from tests.factories import AppointmentFactory, EncounterFactory, EntryFactory, PaperFactory
from tests.records.visits import NOW, TEXT, Visit, events_of, supervised
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
REASON = "Opened in the wrong chart"


def voids(running: Visit, reason: str = REASON, by=None) -> Encounter:
    user = by or running.doctor
    with acting_as(user):
        return void_encounter(by=user, encounter=running.encounter, reason=reason, now=LATER)


def measure(running: Visit) -> Entry:
    with acting_as(running.nurse):
        return record_vitals(
            by=running.nurse,
            patient=running.patient,
            measurements={"systolic": Decimal(120), "diastolic": Decimal(80), "temperature": Decimal("37.2")},
            effective_at=NOW,
            now=NOW,
            encounter=running.encounter,
        )


def ordered(running: Visit) -> ServiceRequest:
    with acting_as(running.doctor):
        given = {"patient": running.patient, "provider": running.provider, "encounter": running.encounter, "now": NOW}
        return order_services(by=running.doctor, wanted=[Wanted(code="4548-4")], **given)[0]


def result_of(running: Visit, order: ServiceRequest | None = None, value: str = "6.1") -> Entry:
    with acting_as(running.doctor):
        return enter_result(
            by=running.doctor,
            patient=running.patient,
            measured=Measured(code="4548-4", value=Decimal(value)),
            effective_at=NOW,
            now=LATER,
            encounter=running.encounter,
            request=order,
        )


def rows_of(running: Visit, **fields) -> list[Entry]:
    with as_the_system():
        rows = Entry.objects.filter(encounter=running.encounter, **fields)
        return list(rows.select_related("patient", "encounter").order_by("pk"))


# == What goes with it ==
def test_everything_in_it_is_void_with_the_same_reason(running, announced) -> None:
    measure(running)
    running.signs()
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
    voids(running)
    row = running.now_is()
    assert (row.status, row.voided_at, row.voided_by_id) == ("entered_in_error", LATER, running.doctor.pk)
    assert (row.void_reason, row.note_signed_at, row.void_told) == (REASON, NOW, True)
    rows = rows_of(running)
    assert len(rows) > 3
    assert {(one.record_status, one.void_reason, one.voided_by_id) for one in rows} == {
        ("entered_in_error", REASON, running.doctor.pk)
    }
    fact = EncounterVoided(encounter_id=row.pk, patient_id=row.patient_id, appointment_id=None)
    assert announced(EncounterVoided) == [fact]
    assert {fact.kind for fact in announced(EntryVoided)} == {"note", "vital_signs"}
    assert events_of(running.doctor)[-1] == "records.void_encounter"
    assert "records.reopen_note" not in events_of(running.doctor)


def test_what_was_signed_still_says_what_it_said(running) -> None:
    note = running.signs()
    before = (note.data, note.signature, note.signed_at)
    voids(running)
    (after,) = rows_of(running, kind="note")
    assert (after.data, after.signature, after.signed_at) == before
    with as_the_system():
        assert is_intact(after)


def test_one_without_anything_in_it_ends_so_too(running) -> None:
    voids(running)
    assert running.now_is().void_told is False, "there was nothing to read"


def test_what_the_patient_never_read_they_are_not_told_of(running) -> None:
    with acting_as(running.doctor):
        sign_note(
            by=running.doctor, encounter=running.encounter, text=TEXT, version=0, sensitivity="mental_health", now=NOW
        )
    voids(running)
    assert running.now_is().void_told is False


def test_its_sick_notes_are_void_too(running) -> None:
    with as_the_system():
        note = PaperFactory(
            patient=running.patient, encounter=running.encounter, kind="sick_note", asked_by=running.doctor
        )
        PaperFactory(patient=running.patient, encounter=running.encounter, kind="summary", asked_by=running.doctor)
    voids(running)
    with as_the_system():
        assert [(row.pk, row.void_reason) for row in Paper.objects.exclude(voided_at=None)] == [(note.pk, REASON)]


def test_orders_and_their_results_stand(running) -> None:
    order = ordered(running)
    first = result_of(running, order)
    voids(running)
    with as_the_system():
        assert ServiceRequest.objects.get(pk=order.pk).status == "final"
        assert Entry.objects.get(pk=first.pk).voided_at is None


def test_a_result_still_comes_and_is_corrected(running) -> None:
    order = ordered(running)
    voids(running)
    first = result_of(running, order)
    with acting_as(running.doctor):
        measured = Measured(code="4548-4", value=Decimal("6.4"))
        later = correct_result(by=running.doctor, entry=first, measured=measured, now=LATER)
        assert later.encounter_id == running.encounter.pk
        assert void_entry(by=running.doctor, entry=later, reason="Wrong specimen", now=LATER) == 1


def test_the_draft_is_kept_for_its_author_and_takes_no_more(running) -> None:
    running.saves()
    voids(running)
    draft = running.draft()
    assert draft is not None
    assert draft.content["plan"] == TEXT.plan
    with pytest.raises(NotWritable, match="entered in error"):
        running.saves(version=1)


def test_an_addendum_goes_with_its_note(running) -> None:
    note = running.signs()
    with acting_as(running.doctor):
        add_addendum(by=running.doctor, note=note, text="Called back.", now=NOW)
    voids(running)
    assert {row.record_status for row in rows_of(running)} == {"entered_in_error"}


# == Where it does not ==
def test_it_asks_for_a_reason(running) -> None:
    with pytest.raises(NotVoided, match="Say why"):
        voids(running, "  ")


def test_who_does_not_hold_it_does_not_say_so(running) -> None:
    for user in (running.colleague, running.nurse):
        with pytest.raises(NotAllowed):
            voids(running, by=user)
        with acting_as(user):
            assert not can_void(user, running.encounter)
    with acting_as(running.doctor):
        assert can_void(running.doctor, running.encounter)


def test_it_is_said_once(running) -> None:
    voids(running)
    with pytest.raises(NotVoided, match="already"):
        voids(running)


def test_a_closed_one_is_opened_first(running) -> None:
    running.signs()
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
        close_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
    with pytest.raises(NotVoided, match="Open it again"):
        voids(running)


def test_one_of_another_house_is_theirs(running) -> None:
    with as_the_system():
        told = EncounterFactory(
            patient=running.patient, source="Elsewhere", provider=None, site=None, status="finished", finished_at=NOW
        )
    running.encounter = told
    with pytest.raises(NotAllowed):
        voids(running)


def test_what_somebody_else_signed_is_theirs_to_take_back(running) -> None:
    note = running.signs()
    with acting_as(running.nurse):
        part = sign_nursing_note(by=running.nurse, encounter=running.encounter, told="", found="Alert", now=NOW)
    with acting_as(running.colleague):
        add_addendum(by=running.colleague, note=note, text="The culture grew nothing.", now=NOW)
    with pytest.raises(NotVoided, match=r"Priya Raman, Tom Reyes"):
        voids(running)
    assert running.now_is().status == "in_progress"
    assert not any(row.voided_at for row in rows_of(running))
    with acting_as(running.nurse):
        void_entry(by=running.nurse, entry=part, reason=REASON, now=NOW)
    with acting_as(running.colleague):
        (added,) = rows_of(running, kind="addendum")
        void_entry(by=running.colleague, entry=added, reason=REASON, now=NOW)
    assert voids(running).status == "entered_in_error"


def test_a_co_signature_is_somebody_elses_too(running) -> None:
    supervised(running)
    note = running.signs()
    with acting_as(running.colleague):
        cosign(by=running.colleague, entry=note, now=NOW)
    with pytest.raises(NotVoided, match="Tom Reyes"):
        voids(running)


def test_what_is_marked_and_not_seen_is_no_way_round(running) -> None:
    with as_the_system():
        EntryFactory(
            patient=running.patient,
            encounter=running.encounter,
            kind="condition",
            sensitivity="mental_health",
            author=running.colleague,
            enterer=running.colleague,
        )
    with pytest.raises(NotVoided, match="marked"):
        voids(running)


# == The appointment ==
def test_its_appointment_gets_its_visit_after_all(running) -> None:
    with as_the_system():
        booked = AppointmentFactory(
            patient=running.patient,
            provider=running.provider,
            site=running.patient.site,
            status="with_provider",
            arrived_at=NOW,
            started_at=NOW,
        )
    given = {"by": running.doctor, "patient": running.patient, "provider": running.provider, "appointment": booked}

    def begins() -> Encounter:
        with acting_as(running.doctor):
            return start_encounter(**given, site=running.patient.site, now=NOW)

    running.encounter = first = begins()
    assert begins().pk == first.pk
    voids(running)
    again = begins()
    assert again.pk != first.pk
    assert again.appointment_id == booked.pk
    with as_the_system(), pytest.raises(IntegrityError), transaction.atomic():
        EncounterFactory(patient=running.patient, provider=running.provider, appointment=booked)


# == By SQL ==
def refused(running: Visit, change: str, login: str = "web") -> bool:
    try:
        with taking_role(login), acting_as(running.doctor), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE records_encounter SET {change} WHERE id = %s", [running.encounter.pk])
            cursor.execute("SET CONSTRAINTS guard_wrong_visit IMMEDIATE")
            cursor.execute("SET CONSTRAINTS guard_wrong_visit DEFERRED")
            return cursor.rowcount == 0
    except DatabaseError:
        return True


SAYS = "status = 'entered_in_error', voided_at = now(), void_reason = 'x', voided_by_id = "


@pytest.mark.parametrize("login", ["web", "worker"])
def test_no_sql_ends_it_so_while_something_stands_in_it(running, login) -> None:
    running.signs()
    assert refused(running, f"{SAYS} '{running.doctor.pk}'", login)
    assert running.now_is().status == "in_progress"


def test_no_sql_says_so_in_anothers_name_or_without_a_reason(running) -> None:
    assert refused(running, f"{SAYS} '{running.colleague.pk}'")
    assert refused(running, f"{SAYS} NULL")
    assert refused(running, "status = 'entered_in_error'")
    assert refused(running, "voided_at = now(), void_reason = 'x'")


def test_no_sql_ends_a_closed_one_so(running) -> None:
    running.signs()
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
        close_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
    assert refused(running, f"{SAYS} '{running.doctor.pk}'")


@pytest.mark.parametrize(
    "change",
    [
        "status = 'in_progress', voided_at = NULL, voided_by_id = NULL, void_reason = ''",
        "void_reason = 'Another reason'",
        "void_told = NOT void_told",
        "reason = 'Another'",
        "started_at = now()",
    ],
)
def test_no_sql_changes_one_afterwards(running, change) -> None:
    voids(running)
    assert refused(running, change)
    assert running.now_is().void_reason == REASON
