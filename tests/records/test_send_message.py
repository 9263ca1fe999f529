"""The verbs `start_thread` and `send_message`."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.messages import can_write
from records.actions import messages as verbs
from records.events import MessageSent
from records.models import Message, Thread
from records.rules.messages import LONGEST, urgent_words
from tests.factories import PatientFactory, staff
from tests.records.writing import CALM, DIRE, NOW, Talk, all_messages, now_is, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def told() -> Talk:
    return talk()


def audit_of(patient) -> list[tuple[str, str]]:
    with as_the_system():
        events = AuditEvent.objects.filter(patient_id=patient.pk, action__startswith="records.").order_by("id")
        return list(events.values_list("action", "actor_role"))


# == Start ==
def test_a_patient_starts_and_the_team_of_the_site_has_it_to_answer(told, announced) -> None:
    thread = told.starts()
    assert (thread.site, thread.taken_by, thread.waiting_since, thread.urgent) == (told.patient.site, None, NOW, False)
    (message,) = all_messages(thread)
    assert (message.author, message.author_role, message.to_patient) == (told.rosa, "patient", False)
    assert (message.body, message.sent_at, message.read_at) == (CALM, NOW, None)
    assert announced(MessageSent) == [MessageSent(message.pk, thread.pk, told.patient.pk, to_patient=False)]
    assert audit_of(told.patient) == [("records.start_thread", "patient"), ("records.send_message", "patient")]


def test_what_one_of_the_team_starts_is_theirs_and_waits_for_nobody_here(told, announced) -> None:
    thread = told.starts(told.nurse, category=Thread.Category.RESULT)
    assert (thread.taken_by, thread.taken_at, thread.waiting_since) == (told.nurse, NOW, None)
    (message,) = all_messages(thread)
    assert (message.author_role, message.to_patient) == ("nurse", True)
    assert [fact.to_patient for fact in announced(MessageSent)] == [True]


def test_where_nobody_would_read_it_nothing_is_sent(told) -> None:
    told.patient = PatientFactory(site=told.patient.site)
    with pytest.raises(verbs.NoPortalAccount, match="no portal account"):
        told.starts(told.nurse)


def test_bodies_are_ciphertext_in_the_database(told) -> None:
    thread = told.starts()
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute("SELECT body FROM records_message WHERE thread_id = %s", [thread.pk])
        (stored,) = cursor.fetchone()
    assert stored.startswith("v1.")
    assert "food" not in stored


def test_the_audit_and_the_facts_hold_no_word_of_it(told, announced) -> None:
    told.starts()
    with as_the_system():
        for event in AuditEvent.objects.filter(patient_id=told.patient.pk):
            assert "food" not in str(event.detail)
    assert "food" not in str(announced())


# == Send ==
def test_an_answer_stops_the_clock_and_takes_what_was_nobodys(told, announced) -> None:
    thread = told.starts()
    message = told.sends(told.nurse, thread, "Yes.", now=NOW + HOUR)
    after = now_is(thread)
    assert (after.waiting_since, after.last_at) == (None, NOW + HOUR)
    assert (after.taken_by, after.taken_at, after.status) == (told.nurse, NOW + HOUR, "open")
    assert announced(MessageSent)[-1] == MessageSent(message.pk, thread.pk, told.patient.pk, to_patient=True)
    assert audit_of(told.patient)[-1] == ("records.send_message", "nurse")


def test_an_answer_leaves_the_owner_who_has_it(told) -> None:
    thread = told.starts()
    told.takes(told.doctor, thread)
    told.sends(told.nurse, thread)
    assert now_is(thread).taken_by == told.doctor


def test_the_clock_runs_from_the_first_message_without_an_answer(told) -> None:
    thread = told.starts()
    told.sends(told.rosa, thread, now=NOW + HOUR)
    assert now_is(thread).waiting_since == NOW
    told.sends(told.nurse, thread, now=NOW + 2 * HOUR)
    told.sends(told.rosa, thread, now=NOW + 3 * HOUR)
    assert now_is(thread).waiting_since == NOW + 3 * HOUR


@pytest.mark.parametrize(("body", "sentence"), [("  \n ", "Write something"), ("x" * (LONGEST + 1), "characters fit")])
def test_empty_and_endless_messages_are_refused(told, body, sentence) -> None:
    thread = told.starts()
    with pytest.raises(verbs.NotSendable, match=sentence):
        told.sends(told.rosa, thread, body)
    with pytest.raises(verbs.NotSendable, match=sentence):
        told.starts(body=body)
    assert told.sends(told.rosa, thread, "x" * LONGEST)


# == Words of an emergency ==
def test_a_patients_urgent_words_need_a_second_press(told) -> None:
    with pytest.raises(verbs.SoundsUrgent) as asked:
        told.starts(body=DIRE)
    assert asked.value.found.words == ("chest pain",)
    with as_the_system():
        assert not Thread.objects.exists()
    thread = told.starts(body=DIRE, confirmed=asked.value.found.mark)
    assert thread.urgent


def test_other_urgent_words_ask_again(told) -> None:
    thread = told.starts()
    with pytest.raises(verbs.SoundsUrgent):
        told.sends(told.rosa, thread, f"{DIRE} And a seizure.", confirmed=urgent_words(DIRE).mark)
    told.sends(told.rosa, thread, DIRE, confirmed=urgent_words(DIRE).mark)
    assert now_is(thread).urgent
    told.sends(told.rosa, thread, "Also this.")
    assert now_is(thread).urgent, "it waits still"
    told.sends(told.nurse, thread, "I called you.")
    assert not now_is(thread).urgent


def test_the_team_may_write_of_chest_pain_as_it_must(told) -> None:
    thread = told.starts()
    told.sends(told.nurse, thread, "Do you have chest pain? Then call 911.")
    assert not now_is(thread).urgent


# == Sent once ==
def test_the_same_key_twice_is_one_message(told, announced) -> None:
    key = uuid.uuid4()
    thread = told.starts(idempotency_key=key)
    assert told.starts(idempotency_key=key) == thread
    answer = uuid.uuid4()
    first = told.sends(told.nurse, thread, idempotency_key=answer)
    assert told.sends(told.nurse, thread, idempotency_key=answer) == first
    assert len(all_messages(thread)) == len(announced(MessageSent)) == 2
    with as_the_system():
        assert Thread.objects.count() == 1


def test_a_key_belongs_to_its_author(told) -> None:
    key = uuid.uuid4()
    thread = told.starts(idempotency_key=key)
    told.sends(told.nurse, thread, idempotency_key=key)
    assert len(all_messages(thread)) == 2


# == Who ==
def test_the_desk_answers_too(told) -> None:
    thread = told.starts(category=Thread.Category.BILL)
    assert told.sends(told.desk, thread).author_role == "front_desk"


@pytest.mark.parametrize("who", ["pharmacist", "stranger", "other_rosa"])
def test_others_neither_start_nor_send(told, who) -> None:
    user = getattr(told, who)
    expected = NotAllowed if who == "pharmacist" else NotInScope
    thread = told.starts()
    with pytest.raises(expected):
        told.starts(user)
    with pytest.raises(expected):
        told.sends(user, thread)
    with acting_as(user):
        assert not can_write(user, told.patient)
        assert not Message.objects.visible_to(user).exists()


def test_who_may_write_is_asked_of_role_and_scope(told) -> None:
    for user in (told.rosa, told.nurse, told.doctor, told.desk):
        with acting_as(user):
            assert can_write(user, told.patient)
    researcher = staff("researcher", told.patient.site)
    with acting_as(researcher):
        assert not can_write(researcher, told.patient)
