"""Whom the desk calls: by when and for what kind of visit, never why; until a visit of that kind is booked."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.actions import recalls as actions
from records.actions.writing import NotCurrent
from records.models import Recall, RecallCall
from records.queries.recalls import AHEAD, recalls_to_call
from tests.factories import (
    AppointmentFactory,
    PatientFactory,
    RecallCallFactory,
    RecallFactory,
    SiteFactory,
    VisitTypeFactory,
    staff,
)
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
LIST = "/records/recalls"
DAY = timedelta(days=1)


@pytest.fixture
def world() -> Any:
    """A site with a desk, and a patient who is to come again in a week."""

    class World:
        site = SiteFactory()
        desk = staff("front_desk", site)
        patient = PatientFactory(site=site, phone="+15085550100")
        kind = VisitTypeFactory(name="Follow-up")

        def recall(self, days: int = 7, **fields: Any) -> Recall:
            due = timezone.localdate() + days * DAY
            return RecallFactory(**{"patient": self.patient, "visit_type": self.kind, "due_on": due} | fields)

    return World()


def listed(user: Any) -> list[Recall]:
    with acting_as(user):
        return recalls_to_call(user, timezone.now())


def note(by: Any, recall: Recall, outcome: str = "reached") -> RecallCall:
    with acting_as(by):
        return actions.note_recall_call(by=by, recall=recall, outcome=outcome, now=timezone.now())


def page(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[-1500:]
    return str(response.content.decode())


def one(recall: Recall) -> str:
    return reverse("records:call_recall", args=[recall.patient_id, recall.pk])


# == Who is on it ==
def test_who_is_to_come_within_two_weeks_or_should_have_been_here_the_soonest_first(world: Any) -> None:
    later, soon, over = world.recall(14), world.recall(3), world.recall(-30)
    world.recall(15)
    assert AHEAD.days == 14
    assert listed(world.desk) == [over, soon, later]


def test_not_who_was_here_who_died_or_belongs_to_another_site(world: Any) -> None:
    now = timezone.now()
    world.recall(state="done", ended_at=now, ended_because="visit", next_at=None)
    dead = PatientFactory(site=world.site, deceased=True)
    world.recall(patient=dead)
    assert listed(world.desk) == []
    mine = world.recall()
    assert listed(staff("front_desk")) == []
    assert listed(world.desk) == [mine]


def test_who_has_a_visit_of_that_kind_is_not_called_and_comes_back_when_it_is_cancelled(world: Any) -> None:
    recall = world.recall()
    AppointmentFactory(patient=world.patient, visit_type=VisitTypeFactory())
    assert listed(world.desk) == [recall]
    visit = AppointmentFactory(patient=world.patient, visit_type=world.kind)
    assert listed(world.desk) == []
    with as_the_system():
        from scheduling.actions import cancel_appointment

        cancel_appointment(by=None, appointment=visit, reason="", now=timezone.now())
    assert listed(world.desk) == [recall]


# == Calls ==
def test_a_call_is_noted_and_the_last_one_shown(world: Any) -> None:
    recall = world.recall()
    note(world.desk, recall, "no_answer")
    last = note(world.desk, recall)
    (found,) = listed(world.desk)
    assert found.tried[0].pk == last.pk
    assert (last.called_by, last.outcome) == (world.desk, "reached")


def test_a_stranger_and_who_books_no_visits_note_nothing(world: Any) -> None:
    recall = world.recall()
    with pytest.raises(NotInScope):
        note(staff("front_desk"), recall)
    with pytest.raises(NotAllowed):
        note(staff("billing", world.site), recall)
    with acting_as(world.desk), pytest.raises(NotAllowed):
        actions.list_recalls(by=staff("billing", world.site), now=timezone.now())


def test_about_what_is_over_nobody_called(world: Any) -> None:
    recall = world.recall()
    with as_the_system():
        Recall.objects.filter(pk=recall.pk).update(
            state="done", ended_at=timezone.now(), ended_because="visit", next_at=None
        )
    with pytest.raises(NotCurrent):
        note(world.desk, recall)
    answer = sign_in(world.desk).post(one(recall), {"outcome": "reached"}, follow=True)
    assert "This recall is over already" in page(answer)


def test_a_call_is_of_the_patient_of_its_recall(world: Any) -> None:
    def of_another() -> None:
        RecallCallFactory(recall=world.recall(), patient=PatientFactory())
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="same_patient"), transaction.atomic():
        of_another()


# == The page ==
def test_the_desk_calls_books_and_never_reads_why(world: Any) -> None:
    recall = world.recall(-3)
    desk: Client = sign_in(world.desk)
    shown = page(desk.get(LIST))
    for told in ("Follow-up", "Overdue", "508-555-0100", "Nobody has called yet"):
        assert told in shown
    assert recall.entry.display not in shown
    book = reverse("scheduling:book", args=[world.patient.pk])
    today = timezone.localdate().isoformat()
    assert f"{book}?visit_type={world.kind.pk}&amp;day={today}" in shown
    assert "Tried once: Left a message" in page(desk.post(one(recall), {"outcome": "message"}, follow=True))
    assert "Tried 2 times; at last: Nobody answered" in page(
        desk.post(one(recall), {"outcome": "no_answer"}, follow=True)
    )
    assert "Say how it went" in page(desk.post(one(recall), {"outcome": "maybe"}, follow=True))


def test_the_booking_has_what_was_asked_filled_in(world: Any) -> None:
    from tests.factories import bookable_provider

    bookable_provider(world.site)
    recall = world.recall(10)
    shown = page(sign_in(world.desk).get(LIST))
    address = shown.split('class="btn main" href="')[1].split('"')[0].replace("&amp;", "&")
    assert f"day={(recall.due_on - 6 * DAY).isoformat()}" in address
    assert f'value="{world.kind.pk}" selected' in page(sign_in(world.desk).get(address))


def test_nobody_to_call_is_said(world: Any) -> None:
    assert "Nobody is to be called" in page(sign_in(world.desk).get(LIST))


def test_a_recall_of_somebody_else_is_not_there(world: Any) -> None:
    strange = world.recall(patient=PatientFactory(site=world.site))
    address = reverse("records:call_recall", args=[world.patient.pk, strange.pk])
    assert sign_in(world.desk).post(address, {"outcome": "reached"}).status_code == 404


def test_ten_cost_as_many_queries_as_one(world: Any, assert_queries: Any) -> None:
    def fill(count: int) -> None:
        for _each in range(count):
            RecallCallFactory(recall=world.recall(patient=PatientFactory(site=world.site)))

    fill(1)
    desk = sign_in(world.desk)
    page(desk.get(LIST))
    with assert_queries(at_most=12) as few:
        page(desk.get(LIST))
    fill(9)
    with assert_queries(at_most=12) as many:
        page(desk.get(LIST))
    assert len(few) == len(many)
