"""A conversation is filed to the chart: the verb `file_thread`, what the chart shows, and what leaves."""

import base64
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.messages import can_file
from records.actions.entries import void_entry
from records.actions.filing import file_thread
from records.actions.marking import mark_entry
from records.models import Entry, Thread
from records.queries.papers import chart_paper
from records.queries.words import find_words
from records.rules.conversations import unsealed
from records.rules.words import read_words
from records.telling.by_kind import resource_of
from tests.factories import CareRelationshipFactory, proxy_of, staff
from tests.records.writing import CALM, NOW, Talk, signed_in, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def told() -> Talk:
    return talk()


def files(by, thread: Thread, now=NOW + HOUR) -> Entry:
    with acting_as(by):
        return file_thread(by=by, thread=thread, now=now)


def filed(told: Talk) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(patient_id=told.patient.pk, kind="conversation").order_by("id"))


# == The verb ==
def test_it_says_who_wrote_what_and_when(told) -> None:
    thread = told.starts()
    told.sends(told.nurse, thread, "Yes, with food.", now=NOW + HOUR / 2)
    entry = files(told.doctor, thread)
    turns = unsealed(entry.sealed)
    assert [(turn.who, turn.role, turn.text) for turn in turns] == [
        (told.rosa.full_name, "patient", CALM),
        ("Priya Raman", "nurse", "Yes, with food."),
    ]
    assert [turn.at for turn in turns] == [NOW, NOW + HOUR / 2]
    assert (entry.record_status, entry.author, entry.effective_at) == ("final", told.doctor, NOW + HOUR / 2)
    with as_the_system():
        event = AuditEvent.objects.get(action="records.file_thread")
    assert (event.target_id, event.detail) == (thread.pk, {"messages": 2, "entry": str(entry.pk)})


def test_who_writes_for_the_patient_is_named_so(told) -> None:
    son = proxy_of(told.patient)
    thread = told.starts(son)
    assert [turn.as_proxy for turn in unsealed(files(told.nurse, thread).sealed)] == [True]


def test_once_as_it_stands_and_then_its_next_version(told) -> None:
    thread = told.starts()
    first = files(told.nurse, thread)
    assert files(told.doctor, thread) == first
    told.sends(told.nurse, thread, now=NOW + HOUR)
    second = files(told.doctor, thread, NOW + 2 * HOUR)
    assert (second.supersedes_id, second.record_status, second.data["messages"]) == (first.pk, "amended", 2)
    assert [row.superseded_at is None for row in filed(told)] == [False, True]
    assert len(unsealed(filed(told)[0].sealed)) == 1, "what was filed before stays as it was"


def test_a_closed_one_is_filed_and_stays_closed(told) -> None:
    thread = told.starts()
    told.closes(told.nurse, thread)
    files(told.nurse, thread)
    with as_the_system():
        assert Thread.objects.get(pk=thread.pk).status == "closed"


def test_what_was_filed_in_error_can_be_filed_again(told) -> None:
    thread = told.starts()
    first = files(told.nurse, thread)
    with acting_as(told.nurse):
        void_entry(by=told.nurse, entry=first, reason="not for the chart", now=NOW + HOUR)
    again = files(told.nurse, thread)
    assert (again.supersedes_id, again.record_status) == (None, "final")


def test_a_mark_stays_on_the_next_version(told) -> None:
    thread = told.starts()
    entry = files(told.doctor, thread)
    with acting_as(told.doctor):
        mark_entry(by=told.doctor, entry=entry, label="mental_health", now=NOW + HOUR)
    told.sends(told.rosa, thread, now=NOW + HOUR)
    assert files(told.doctor, thread, NOW + 2 * HOUR).sensitivity == "mental_health"


def test_who_may(told) -> None:
    thread = told.starts()
    for person in (told.desk, told.pharmacist, told.rosa):
        with pytest.raises(NotAllowed):
            files(person, thread)
    with pytest.raises(NotInScope):
        files(told.stranger, thread)
    guest = staff("doctor")
    CareRelationshipFactory(patient=told.patient, user=guest, scopes=["identity", "message"])
    with pytest.raises(NotInScope):
        files(guest, thread)
    with acting_as(guest):
        assert not can_file(guest, told.patient)
    with acting_as(told.nurse):
        assert can_file(told.nurse, told.patient)
    assert not filed(told)


# == What the database holds ==
def test_the_words_stand_nowhere_in_clear_and_are_not_searched(told) -> None:
    entry = files(told.nurse, told.starts(body="My zebra has a fever."))
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM records_entry e WHERE id = %s", [entry.pk])
        assert "zebra" not in cursor.fetchone()[0]
    with acting_as(told.nurse):
        assert not find_words(told.nurse, read_words("zebra"), told.patient)
        assert not find_words(told.nurse, read_words(entry.data["last"][-12:]), told.patient)


def test_without_words_there_is_none(told) -> None:
    entry = files(told.nurse, told.starts())
    with as_the_system(), pytest.raises(IntegrityError, match="has_its_words"), transaction.atomic():
        Entry(patient=told.patient, kind="conversation", effective_at=NOW, data=entry.data).save(force_insert=True)


# == Where it is shown ==
def test_the_conversation_and_the_chart_show_it(told) -> None:
    thread = told.starts()
    nurse = signed_in(told.nurse)
    here = reverse("records:thread", args=[told.patient.pk, thread.pk])
    assert "File to the chart" in nurse.get(here).content.decode()
    answer = nurse.post(reverse("records:file_thread", args=[told.patient.pk, thread.pk]), follow=True)
    page = answer.content.decode()
    assert "as the conversation stands now" in page
    assert "by Priya Raman</a>" in page
    assert "File " not in page
    (entry,) = filed(told)
    shown = reverse("records:entry", args=[told.patient.pk, entry.pk])
    assert shown in page
    assert shown in nurse.get(reverse("records:entries", args=[told.patient.pk])).content.decode()
    assert CALM in nurse.get(shown).content.decode()
    told.sends(told.rosa, thread)
    page = nurse.get(here).content.decode()
    assert "without what was written since" in page
    assert "File what was written since" in page
    desk = signed_in(told.desk).get(here).content.decode()
    assert "File " not in desk
    assert shown not in desk


def test_a_closed_one_has_the_button_alone(told) -> None:
    thread = told.starts()
    told.closes(told.nurse, thread)
    page = signed_in(told.nurse).get(reverse("records:thread", args=[told.patient.pk, thread.pk])).content.decode()
    assert "File to the chart" in page
    assert "Close the conversation" not in page


def test_the_patient_has_the_conversation_and_not_the_copy(told) -> None:
    files(told.nurse, told.starts())
    with acting_as(told.rosa):
        assert not Entry.objects.visible_to(told.rosa).filter(kind="conversation").exists()


def test_it_stands_on_the_full_chart_and_in_what_leaves(told) -> None:
    entry = files(told.nurse, told.starts())
    with acting_as(told.nurse):
        groups = chart_paper(told.nurse, told.patient, NOW + HOUR).groups
        resource = resource_of(entry)
    assert "Conversations" in [str(group.name) for group in groups]
    assert resource["resourceType"] == "DocumentReference"
    text = base64.b64decode(resource["content"][0]["attachment"]["data"]).decode()
    assert CALM in text
    assert told.rosa.full_name in text
