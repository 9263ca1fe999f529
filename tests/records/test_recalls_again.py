"""A recall stands again when the visit that had ended it was entered in error; the appointment waits as before."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.urls import reverse

from alerts.actions.recalls import close_recall
from alerts.models import Alert
from alerts.subscribers import ask_desk_to_call_in
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from records import subscribers
from records.actions import recalls as actions
from records.actions.entries import change_clinical_status
from records.actions.voiding import give_back_appointment
from records.events import EncounterFinished, EncounterVoided, RecallDue, RecallEnded, RecallReopened
from records.models import Encounter, Entry, Recall
from scheduling.models import Appointment
from tests.factories import AppointmentFactory, EncounterFactory, RecallFactory, VisitTypeFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


class Again:
    """Rosa is to come again next year, had a visit of the kind, and the recall is done by it."""

    def __init__(self, rosa: Any) -> None:
        self.rosa, self.kind = rosa, VisitTypeFactory(name="Follow-up")
        self.recall = RecallFactory(patient=rosa, visit_type=self.kind)
        self.visit = self.another()
        self.fulfils(self.visit)

    def another(self, hours: int = 1, **fields: Any) -> Encounter:
        appointment = AppointmentFactory(patient=self.rosa, visit_type=self.kind)
        at = self.recall.created_at + hours * HOUR
        told = {"started_at": at, "finished_at": at, "status": "finished"} | fields
        return EncounterFactory(patient=self.rosa, appointment=appointment, **told)

    def fulfils(self, visit: Encounter) -> None:
        with as_the_system():
            subscribers.fulfil_recalls(
                EncounterFinished(encounter_id=visit.pk, patient_id=self.rosa.pk, appointment_id=visit.appointment_id)
            )

    def wrong(self, visit: Encounter | None = None) -> EncounterVoided:
        """Its row says so, past the verb."""
        row = visit or self.visit
        with as_the_system():
            row.status, row.voided_at, row.void_reason = "entered_in_error", row.started_at, "Wrong patient"
            row.voided_by = staff("doctor", self.rosa.site)
            row.save()
        return EncounterVoided(encounter_id=row.pk, patient_id=self.rosa.pk, appointment_id=row.appointment_id)

    def voids(self, visit: Encounter | None = None) -> None:
        fact = self.wrong(visit)
        with as_the_system():
            subscribers.reopen_recalls(fact)

    def now_is(self) -> Recall:
        with as_the_system():
            return Recall.objects.get(pk=self.recall.pk)


@pytest.fixture
def again(rosa) -> Again:
    return Again(rosa)


def audited(action: str) -> list[AuditEvent]:
    with as_the_system():
        return list(AuditEvent.objects.filter(action=action))


# == Again ==
def test_delivered_twice_it_stands_again_once_for_the_day_that_was_planned(again, announced) -> None:
    assert again.now_is().state == "done"
    fact = again.wrong()
    with as_the_system():
        for _again in range(2):
            subscribers.reopen_recalls(fact)
    row = again.now_is()
    assert (row.state, row.ended_at, row.ended_because, row.encounter_id) == ("planned", None, "", None)
    assert row.due_on == again.recall.due_on
    assert row.next_at.isoformat()[:10] == row.due_on.isoformat()
    assert row.reopened_at is not None
    told = RecallReopened(recall_id=row.pk, patient_id=row.patient_id, due_on=row.due_on)
    assert announced(RecallReopened) == [told]
    (line,) = audited("records.reopen_recall")
    assert (line.patient_id, line.detail) == (again.rosa.pk, {"encounter_id": str(again.visit.pk)})


def test_a_visit_that_stands_opens_nothing(again, announced) -> None:
    with as_the_system():
        for key in (again.visit.pk, uuid7()):
            told = EncounterVoided(encounter_id=key, patient_id=again.rosa.pk, appointment_id=None)
            subscribers.reopen_recalls(told)
    assert again.now_is().state == "done"
    assert announced(RecallReopened) == []


def test_one_that_somebody_ended_by_hand_stays_over(rosa, nurse) -> None:
    recall = RecallFactory(patient=rosa)
    with acting_as(nurse):
        actions.end_recall(by=nurse, recall=recall, done=True, now=recall.created_at)
    again = Again(rosa)
    again.voids()
    with as_the_system():
        assert Recall.objects.get(pk=recall.pk).state == "done"


def test_a_visit_that_is_wrong_already_ends_nothing(rosa) -> None:
    again = Again(rosa)
    again.voids()
    again.fulfils(again.visit)
    assert again.now_is().state == "planned"


def test_another_visit_of_the_kind_has_ended_it_then(again, announced) -> None:
    second = again.another(hours=3)
    again.another(hours=5)
    again.fulfils(second)
    again.voids()
    row = again.now_is()
    assert (row.state, row.ended_because, row.encounter_id) == ("done", "visit", second.pk)
    assert len(announced(RecallEnded)) == 2
    again.voids(second)
    assert again.now_is().state == "done", "by the third"


def test_what_was_planned_is_over_meanwhile(again, nurse) -> None:
    with acting_as(nurse):
        plan = Entry.objects.select_related("patient").get(pk=again.recall.entry_id)
        change_clinical_status(by=nurse, entry=plan, status="completed", now=again.recall.created_at)
    again.voids()
    assert (again.now_is().state, again.now_is().ended_because) == ("done", "plan_ended")


def test_nobody_is_called_in_who_died_meanwhile(again) -> None:
    with as_the_system():
        again.rosa.deceased = True
        again.rosa.save(update_fields=["deceased"])
    again.voids()
    assert (again.now_is().state, again.now_is().ended_because) == ("cancelled", "died")


def test_the_desk_has_a_new_line_and_what_comes_late_takes_it_not_away(again) -> None:
    again.voids()

    def falls_due() -> None:
        row = again.now_is()
        with as_the_system():
            actions.call_in(by=None, recall_id=row.pk, now=row.next_at)
            for _again in range(2):
                ask_desk_to_call_in(RecallDue(recall_id=row.pk, patient_id=row.patient_id, due_on=row.due_on))

    def lines(state: str) -> int:
        with as_the_system():
            return Alert.objects.filter(source=f"records.recall:{again.recall.pk}", state=state).count()

    falls_due()
    assert lines("open") == 1
    with as_the_system():
        assert close_recall(by=None, recall_id=again.recall.pk, now=again.now_is().due_on) == 0, "it stands"
    second = again.another(hours=3)
    again.fulfils(second)
    with as_the_system():
        close_recall(by=None, recall_id=again.recall.pk, now=again.recall.created_at)
    assert (lines("open"), lines("closed")) == (0, 1)
    again.voids(second)
    falls_due()
    assert (lines("open"), lines("closed")) == (1, 1)


def test_the_page_says_why_it_stands_again(again, browser, nurse) -> None:
    again.voids()
    shown = browser(nurse).get(reverse("records:recalls", args=[again.rosa.pk])).content.decode()
    assert "Again: the visit that ended it was entered in error" in shown


# == What the database holds ==
OPENS = "UPDATE records_recall SET state = 'planned', ended_at = NULL, ended_because = '', encounter_id = NULL"


@pytest.mark.parametrize(
    ("wrong", "more"), [(False, ", reopened_at = now()"), (True, ""), (True, ", reopened_at = NULL")]
)
def test_it_opens_in_no_other_case(again, wrong: bool, more: str) -> None:
    if wrong:
        again.wrong()
    with pytest.raises(DatabaseError, match="entered in error"), as_the_system(), connection.cursor() as cursor:
        cursor.execute(f"{OPENS}{more} WHERE id = %s", [again.recall.pk])


def test_that_it_was_opened_is_not_said_besides(again) -> None:
    with pytest.raises(DatabaseError, match="said once"), as_the_system(), connection.cursor() as cursor:
        cursor.execute("UPDATE records_recall SET reopened_at = now() WHERE id = %s", [again.recall.pk])


# == Its appointment ==
def ends(visit: Encounter, arrived_at: datetime) -> None:
    """Its appointment as the end of the visit left it."""
    with as_the_system():
        row = Appointment.objects.get(pk=visit.appointment_id)
        row.status, row.arrived_at = "checked_out", arrived_at
        row.started_at = row.finished_at = visit.started_at
        row.save()


def appointment_of(visit: Encounter) -> Appointment:
    with as_the_system():
        return Appointment.objects.get(pk=visit.appointment_id)


def test_delivered_twice_the_appointment_waits_as_before(again) -> None:
    ends(again.visit, again.visit.started_at - HOUR)
    fact = again.wrong()
    with as_the_system():
        for _again in range(2):
            subscribers.give_back_appointment(fact)
    row = appointment_of(again.visit)
    assert (row.status, row.started_at, row.finished_at) == ("arrived", None, None)
    assert len(audited("scheduling.undo_start")) == 1


def test_where_another_visit_was_begun_for_it_nothing_changes(again) -> None:
    ends(again.visit, again.visit.started_at)
    fact = again.wrong()
    EncounterFactory(patient=again.rosa, appointment=again.visit.appointment, status="in_progress")
    with as_the_system():
        subscribers.give_back_appointment(fact)
    assert appointment_of(again.visit).status == "checked_out"


def test_without_an_appointment_or_a_wrong_visit_nothing_happens(again) -> None:
    walked_in = EncounterFactory(patient=again.rosa)
    fact = again.wrong(walked_in)
    with as_the_system():
        for key in (fact.encounter_id, again.visit.pk, uuid7()):
            assert not give_back_appointment(by=None, encounter_id=key, patient_id=again.rosa.pk)


def test_twice_in_a_row_it_says_the_later_moment(again) -> None:
    again.voids()
    first = again.now_is().reopened_at
    second = again.another(hours=3)
    again.fulfils(second)
    again.voids(second)
    assert first is not None
    assert again.now_is().reopened_at > first
