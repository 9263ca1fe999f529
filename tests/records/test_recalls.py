"""Somebody is to come again: planned with a reason, told to the front desk without it, and over when they were here."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from alerts.models import Alert
from alerts.subscribers import ask_desk_to_call_in, close_alerts_of_recall
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from patients.access import NotInScope
from patients.events import PatientDied
from records import subscribers, tasks
from records.actions import recalls as actions
from records.actions.entries import change_clinical_status, void_entry
from records.actions.writing import NotCurrent, NotRecorded
from records.events import EncounterFinished, EntryRecorded, EntryVoided, RecallDue, RecallEnded
from records.models import Entry, Recall
from records.models.recalls import RECALL_LIFE, RECALL_MOVES
from tests.factories import AppointmentFactory, EncounterFactory, RecallFactory, VisitTypeFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC), date(2026, 11, 20)
WHY = "Look at the potassium again"


@pytest.fixture
def kind() -> Any:
    return VisitTypeFactory(name="Follow-up")


def plans(by: Any, patient: Any, kind: Any, **said: Any) -> Recall:
    told = {"reason": WHY, "due_on": date(2027, 2, 1), "today": TODAY, "now": NOW} | said
    with acting_as(by):
        return actions.plan_recall(by=by, patient=patient, visit_type=kind, **told)


@pytest.fixture
def planned(nurse, rosa, kind) -> Recall:
    return plans(nurse, rosa, kind)


def now_of(recall: Recall) -> Recall:
    with as_the_system():
        return Recall.objects.get(pk=recall.pk)


def falls_due(recall: Recall) -> Recall:
    with as_the_system():
        actions.call_in(by=None, recall_id=recall.pk, now=recall.next_at)
    return now_of(recall)


# == Planning ==
def test_the_reason_is_a_plan_of_the_chart_and_the_row_says_when_and_for_what(planned, rosa, nurse, kind) -> None:
    with acting_as(nurse):
        plan = Entry.objects.get(pk=planned.entry_id)
    assert (plan.kind, plan.display, plan.data["due"]) == ("plan_item", WHY, "2027-02-01")
    assert (planned.state, planned.visit_type, planned.planned_by) == ("planned", kind, nurse)
    assert planned.next_at.astimezone(UTC).date() == date(2027, 2, 1)
    assert planned.is_overdue(date(2027, 2, 2))
    assert not planned.is_overdue(date(2027, 2, 1))


@pytest.mark.parametrize("said", [{"reason": " "}, {"due_on": TODAY}, {"due_on": date(2050, 1, 1)}])
def test_it_has_a_reason_and_a_day_to_come(nurse, rosa, kind, said) -> None:
    with pytest.raises(NotRecorded):
        plans(nurse, rosa, kind, **said)


def test_who_does_not_treat_the_patient_plans_nothing(rosa, kind) -> None:
    with pytest.raises(NotAllowed):
        plans(staff("front_desk", rosa.site), rosa, kind)
    with pytest.raises(NotInScope):
        plans(staff("doctor"), rosa, kind)


# == Due ==
def test_on_its_morning_it_is_announced_once(planned, announced) -> None:
    with as_the_system():
        actions.call_in(by=None, recall_id=planned.pk, now=planned.next_at - timedelta(seconds=1))
        actions.call_in(by=None, recall_id=uuid7(), now=planned.next_at)
    assert announced(RecallDue) == []
    for _again in range(2):
        falls_due(planned)
    told = RecallDue(recall_id=planned.pk, patient_id=planned.patient_id, due_on=date(2027, 2, 1))
    assert announced(RecallDue) == [told]
    assert (now_of(planned).state, now_of(planned).next_at) == ("due", None)
    with as_the_system():
        assert list(Recall.objects.to_call_in().soonest_first()) == [planned]


def test_the_relay_carries_it(rosa, announced) -> None:
    recall = RecallFactory(patient=rosa, next_at=NOW - timedelta(days=900))
    with as_the_system():
        tasks.call_in(recall.pk)
    assert len(announced(RecallDue)) == 1


def alerts(recall: Recall, state: str = "open") -> list[Alert]:
    with as_the_system():
        found = Alert.objects.filter(source=f"records.recall:{recall.pk}", state=state)
        return list(found.select_related("team"))


def test_delivered_twice_the_front_desk_has_one_line_without_the_reason(planned, browser, rosa) -> None:
    due = falls_due(planned)
    fact = RecallDue(recall_id=due.pk, patient_id=due.patient_id, due_on=due.due_on)
    with as_the_system():
        for _again in range(2):
            ask_desk_to_call_in(fact)
    (alert,) = alerts(due)
    assert (alert.kind, alert.severity, alert.area, alert.team.role) == ("recall_due", "info", "schedule", "front_desk")
    shown = browser(staff("front_desk", rosa.site)).get(reverse("alerts:list")).content.decode()
    assert "To be called in" in shown
    assert "Follow-up" in shown
    assert WHY not in shown


def test_delivered_twice_nobody_calls_for_what_is_over(planned, nurse) -> None:
    due = falls_due(planned)
    fact = RecallDue(recall_id=due.pk, patient_id=due.patient_id, due_on=due.due_on)
    ended = RecallEnded(recall_id=due.pk, patient_id=due.patient_id)
    with as_the_system():
        ask_desk_to_call_in(fact)
    with acting_as(nurse):
        actions.end_recall(by=nurse, recall=due, done=True, now=NOW)
    with as_the_system():
        for _again in range(2):
            close_alerts_of_recall(ended)
    assert alerts(due) == []
    assert len(alerts(due, "closed")) == 1
    with as_the_system():
        ask_desk_to_call_in(RecallDue(recall_id=uuid7(), patient_id=due.patient_id, due_on=due.due_on))
    assert alerts(due) == []


# == Over ==
def test_by_hand_once(planned, nurse, announced) -> None:
    with acting_as(nurse):
        actions.end_recall(by=nurse, recall=planned, done=True, now=NOW)
        with pytest.raises(NotCurrent):
            actions.end_recall(by=nurse, recall=planned, done=False, now=NOW)
    row = now_of(planned)
    assert (row.state, row.ended_because, row.ended_by_id, row.next_at) == ("done", "by_hand", nurse.pk, None)
    assert announced(RecallEnded) == [RecallEnded(recall_id=planned.pk, patient_id=planned.patient_id)]
    with acting_as(desk := staff("front_desk", planned.patient.site)), pytest.raises(NotAllowed):
        actions.end_recall(by=desk, recall=planned, done=True, now=NOW)
    with acting_as(stranger := staff("nurse")), pytest.raises(NotInScope):
        actions.end_recall(by=stranger, recall=planned, done=True, now=NOW)


def ends_visit(recall: Recall, kind: Any, **said: Any) -> EncounterFinished:
    visit = AppointmentFactory(patient=recall.patient, visit_type=kind)
    told = {"started_at": now_of(recall).created_at + timedelta(hours=1)} | said
    encounter = EncounterFactory(patient=recall.patient, appointment=visit, **told)
    return EncounterFinished(encounter_id=encounter.pk, patient_id=recall.patient_id, appointment_id=visit.pk)


def test_delivered_twice_a_visit_of_that_kind_ends_it(planned, kind) -> None:
    fact = ends_visit(planned, kind)
    with as_the_system():
        for _again in range(2):
            subscribers.fulfil_recalls(fact)
    row = now_of(planned)
    assert (row.state, row.ended_because, row.encounter_id) == ("done", "visit", fact.encounter_id)


def test_another_visit_or_one_from_before_ends_nothing(planned, kind) -> None:
    walked_in = EncounterFactory(patient=planned.patient)
    for fact in (
        ends_visit(planned, VisitTypeFactory()),
        ends_visit(planned, kind, started_at=NOW - timedelta(days=900)),
        EncounterFinished(encounter_id=walked_in.pk, patient_id=planned.patient_id, appointment_id=None),
        EncounterFinished(encounter_id=uuid7(), patient_id=planned.patient_id, appointment_id=None),
    ):
        with as_the_system():
            subscribers.fulfil_recalls(fact)
    assert now_of(planned).state == "planned"


@pytest.mark.parametrize(("status", "state"), [("completed", "done"), ("revoked", "cancelled")])
def test_it_ends_with_its_plan(planned, nurse, status, state) -> None:
    with acting_as(nurse):
        plan = Entry.objects.select_related("patient").get(pk=planned.entry_id)
        change_clinical_status(by=nurse, entry=plan, status=status, now=NOW)
    assert (now_of(planned).state, now_of(planned).ended_because) == (state, "plan_ended")


def test_it_ends_with_a_plan_that_was_wrong(planned, nurse) -> None:
    with acting_as(nurse):
        plan = Entry.objects.select_related("patient").get(pk=planned.entry_id)
        void_entry(by=nurse, entry=plan, reason="Of somebody else", now=NOW)
    assert now_of(planned).state == "cancelled"


def test_announced_twice_a_plan_ends_its_recall_once_and_other_entries_end_none(planned, nurse) -> None:
    told = {"entry_id": planned.entry_id, "patient_id": planned.patient_id}
    with acting_as(nurse):
        for _again in range(2):
            subscribers.settle_recall(EntryRecorded(**told, kind="plan_item"))
            subscribers.settle_voided_recall(EntryVoided(**told, kind="plan_item"))
            subscribers.settle_recall(EntryRecorded(**told, kind="note"))
            subscribers.settle_voided_recall(EntryVoided(**told, kind="note"))
    assert now_of(planned).state == "planned", "its plan stands"
    with as_the_system():
        assert not actions.settle_recall(by=None, entry_id=uuid7(), patient_id=planned.patient_id, now=NOW)


def test_delivered_twice_nobody_calls_the_dead(planned) -> None:
    fact = PatientDied(patient_id=planned.patient_id)
    with as_the_system():
        subscribers.cancel_recalls_of_the_dead(fact)
    assert now_of(planned).state == "planned", "it was taken back"
    with as_the_system():
        planned.patient.deceased = True
        planned.patient.save(update_fields=["deceased"])
        for _again in range(2):
            subscribers.cancel_recalls_of_the_dead(fact)
    assert (now_of(planned).state, now_of(planned).ended_because) == ("cancelled", "died")


# == What the database holds ==
def test_the_table_of_moves_names_every_state() -> None:
    assert RECALL_MOVES.keys() == set(Recall.State.values)


@pytest.mark.parametrize("before", sorted(RECALL_MOVES))
@pytest.mark.parametrize("after", sorted(RECALL_MOVES))
def test_the_database_moves_it_as_the_table_says(before: str, after: str) -> None:
    over = {"ended_at": NOW, "ended_because": "died", "next_at": None} if before in ("done", "cancelled") else {}
    recall = RecallFactory(state=before, **over)
    ends = ", ended_at = now(), ended_because = 'died', next_at = NULL" if after in ("done", "cancelled") else ""
    more = ends if before in ("planned", "due") else ""
    if (before, after) == ("done", "planned"):  # the one way back, where the visit was wrong: test_recalls_again.py
        return

    def moves() -> None:
        with as_the_system(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE records_recall SET state = %s{more} WHERE id = %s", [after, recall.pk])
            assert cursor.rowcount == 1

    if after in RECALL_MOVES[before] or before == after:
        moves()
    else:
        with pytest.raises(DatabaseError):
            moves()


@pytest.mark.parametrize("column", [f.column for f in Recall._meta.concrete_fields if f.column not in RECALL_LIFE])
def test_what_was_planned_never_changes(column: str, planned, nurse) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), acting_as(nurse), connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_recall SET {column} = {column} WHERE id = %s", [planned.pk])


def test_why_it_ended_is_said_once() -> None:
    recall = RecallFactory(state="done", ended_at=NOW, ended_because="died", next_at=None)
    with pytest.raises(DatabaseError, match="said once"), as_the_system(), connection.cursor() as cursor:
        cursor.execute("UPDATE records_recall SET ended_at = now() WHERE id = %s", [recall.pk])


# == Pages ==
def test_a_nurse_plans_it_and_ends_it_on_the_page(browser, nurse, rosa, kind) -> None:
    client = browser(nurse)
    here = reverse("records:recalls", args=[rosa.pk])
    assert "No recall is planned" in client.get(here).content.decode()
    page = reverse("records:plan_recall", args=[rosa.pk])
    assert "The front desk reads this" in client.get(page).content.decode()
    typed = {"reason": WHY, "due_on": "2000-01-01", "visit_type": kind.pk}
    refused = client.post(page, typed)
    assert refused.status_code == 422
    assert WHY in refused.content.decode()
    far = client.post(page, typed | {"due_on": "2090-01-01"})
    assert "at most ten years away" in far.content.decode()
    shown = client.post(
        page, typed | {"due_on": f"{timezone.localdate().year + 2}-02-01"}, follow=True
    ).content.decode()
    assert WHY in shown
    assert "Follow-up" in shown
    with as_the_system():
        recall = Recall.objects.get(patient=rosa)
    end = reverse("records:end_recall", args=[rosa.pk, recall.pk])
    assert "Was here" in client.post(end, {"done": "1"}, follow=True).content.decode()
    assert "over already" in client.post(end, {"done": "1"}, follow=True).content.decode()


def test_a_plan_that_one_does_not_see_is_not_told(browser, nurse, rosa, kind, doctor) -> None:
    plans(doctor, rosa, kind, sensitivity="mental_health")
    shown = browser(nurse).get(reverse("records:recalls", args=[rosa.pk])).content.decode()
    assert "Not shown to you" in shown
    assert WHY not in shown
