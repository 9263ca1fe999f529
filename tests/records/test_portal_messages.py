"""The patient's pages of messages: phone first, and 911 before anything else."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from records.models import Thread
from records.rules.messages import urgent_words
from tests.factories import PatientFactory, UserFactory
from tests.records.writing import CALM, DIRE, NOW, Talk, all_messages, now_is, signed_in, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
LIST, START = reverse("records_portal:messages"), reverse("records_portal:start_thread")


@pytest.fixture
def told() -> Talk:
    return talk()


@pytest.fixture
def rosa(told) -> Client:
    return signed_in(told.rosa)


def url(thread: Thread, name: str = "thread") -> str:
    return reverse(f"records_portal:{name}", args=[thread.pk])


def typed(body: str = CALM, **more: str) -> dict[str, str]:
    return {"category": "medicine", "body": body, "key": str(uuid.uuid4())} | more


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def threads() -> list[Thread]:
    with as_the_system():
        return list(Thread.objects.order_by("id"))


def test_an_empty_list_says_what_can_be_asked(rosa) -> None:
    page = text(rosa.get(LIST))
    assert "No messages yet" in page
    assert "Not for emergencies" in page
    assert 'href="tel:911"' in page
    assert "within 2 working days" in page


def test_to_write_and_to_be_answered(told, rosa) -> None:
    assert "A medicine, or more of it" in text(rosa.get(START))
    answer = rosa.post(START, typed())
    (thread,) = threads()
    assert answer["Location"] == url(thread)
    page = text(rosa.get(url(thread)))
    assert CALM in page
    assert "Medicine or refill" in page
    assert "Not read yet" in page
    assert "We answer by" in page
    assert "Mark as read" not in page
    told.sends(told.nurse, thread, "Yes, with food.")
    listed = text(rosa.get(LIST))
    assert "New answer" in listed
    assert "Care team, Alder Street" in listed
    page = text(rosa.get(url(thread)))
    assert "Priya Raman" in page
    assert "Yes, with food." in page
    assert "Mark as read" in page


def test_reading_is_noted_by_the_page_or_by_hand(told, rosa) -> None:
    thread = told.starts()
    told.sends(told.nurse, thread)
    rosa.get(url(thread))
    assert all_messages(thread)[-1].read_at is None, "looking changes nothing"
    by_page = rosa.post(url(thread, "read_thread"), headers={"HX-Request": "true"})
    assert (by_page.status_code, by_page.content) == (200, b"")
    assert all_messages(thread)[-1].read_by == told.rosa
    assert rosa.post(url(thread, "read_thread"))["Location"] == url(thread)
    assert rosa.get(url(thread, "read_thread")).status_code == 405
    assert "New answer" not in text(rosa.get(LIST))


def test_an_answer_of_the_patient(told, rosa) -> None:
    thread = told.starts()
    told.sends(told.nurse, thread)
    assert rosa.post(url(thread), typed("Thank you")).status_code == 302
    assert [message.body for message in all_messages(thread)][-1] == "Thank you"
    assert now_is(thread).waiting_since


def test_a_second_press_sends_nothing_twice(told, rosa) -> None:
    same = typed()
    first, second = rosa.post(START, same), rosa.post(START, same)
    assert first["Location"] == second["Location"]
    (thread,) = threads()
    assert len(all_messages(thread)) == 1


# == Words of an emergency ==
def test_urgent_words_show_whom_to_call_before_anything_is_sent(told, rosa) -> None:
    answer = rosa.post(START, typed(DIRE))
    page = text(answer)
    assert answer.status_code == 422
    assert threads() == []
    assert "You wrote “chest pain”" in page
    assert "Call 911 now" in page
    assert "508" in page, "the clinic's telephone"
    assert DIRE in page, "what was typed stays"
    assert "text 988" not in page
    mark = urgent_words(DIRE).mark
    assert f'name="confirmed" value="{mark}"' in page
    assert rosa.post(START, typed(DIRE, confirmed=mark)).status_code == 302
    assert threads()[0].urgent


def test_in_an_answer_too(told, rosa) -> None:
    thread = told.starts()
    answer = rosa.post(url(thread), typed("I want to die. I think of suicide."))
    page = text(answer)
    assert answer.status_code == 422
    assert "Call or text 988" in page
    assert len(all_messages(thread)) == 1
    mark = urgent_words("I want to die. I think of suicide.").mark
    rosa.post(url(thread), typed("I want to die. I think of suicide.", confirmed=mark))
    assert len(all_messages(thread)) == 2


# == What goes wrong ==
def test_what_is_closed_is_opened_by_what_one_writes(told, rosa) -> None:
    thread = told.starts(category=Thread.Category.BILL)
    told.closes(told.nurse, thread)
    assert "What you write opens it again" in text(rosa.get(url(thread)))
    listed = text(rosa.get(LIST))
    assert "Nothing is open" in listed
    assert 'id="closed"' in listed
    assert rosa.post(url(thread), typed("One more thing")).status_code == 302
    after = now_is(thread)
    assert (after.status, after.closed_at) == ("open", None)
    assert after.reopened_at
    assert after.waiting_since
    assert 'id="closed"' not in text(rosa.get(LIST))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"body": " "}, "Write something before you send it"),
        ({"body": "x" * 4001}, "4000 characters fit, this has 4001"),
        ({"category": ""}, "Choose what it is about"),
        ({"category": "gossip"}, "not one of the available choices"),
    ],
)
def test_what_does_not_fit_is_said_beside_what_was_typed(rosa, given, sentence) -> None:
    answer = rosa.post(START, typed() | given)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert threads() == []


def test_an_empty_answer_is_refused(told, rosa) -> None:
    thread = told.starts()
    assert rosa.post(url(thread), typed("")).status_code == 422


def test_signs_that_cannot_be_seen_are_taken_out(told, rosa) -> None:
    rosa.post(START, typed("A\u202eB\r\nC\x07\tD"))
    assert all_messages(threads()[0])[0].body == "AB\nC\tD"


# == The clock in words ==
@pytest.mark.parametrize(("later", "words"), [(1, "Nov 23, 2026</time>."), (5, "We are late with our answer")])
def test_how_long_it_takes_is_said(told, later, words) -> None:
    thread = told.starts()
    with time_machine.travel(NOW + timedelta(days=later), tick=False):
        assert words in text(signed_in(told.rosa).get(url(thread)))


def test_times_are_of_the_site_with_their_zone(told, rosa) -> None:
    assert "Nov 19, 2026, 10:00 am EST" in text(rosa.get(url(told.starts())))


# == Charlie ==
def test_others_find_nothing(told) -> None:
    thread = told.starts()
    other = signed_in(told.other_rosa)
    for answer in (other.get(url(thread)), other.post(url(thread), typed()), other.post(url(thread, "read_thread"))):
        assert answer.status_code == 404
    assert "Health question" not in text(other.get(LIST))
    assert other.get(url(Thread(pk=uuid.uuid4()))).status_code == 404
    assert signed_in(told.nurse).get(LIST).status_code == 403


def test_without_a_record_one_goes_to_link_it() -> None:
    assert signed_in(UserFactory().in_role("patient")).get(LIST)["Location"] == reverse("portal:link")


# == The card on the first page ==
def test_the_first_page_shows_what_is_new_and_the_way_to_write(told, rosa) -> None:
    assert "No messages yet." in text(rosa.get("/portal/"))
    thread = told.starts()
    assert "Waiting for the care team" in text(rosa.get("/portal/"))
    told.sends(told.nurse, thread)
    page = text(rosa.get("/portal/"))
    assert "Care team, new answer" in page
    assert url(thread) in page
    told.reads(told.rosa, thread)
    assert "Answered" in text(rosa.get("/portal/"))
    told.closes(told.nurse, thread)
    assert "Closed" in text(rosa.get("/portal/"))


def test_ten_threads_cost_no_more_queries_than_one(told, rosa, assert_queries) -> None:
    thread = told.starts(now=datetime.now(UTC))
    with assert_queries() as one:
        rosa.get(LIST)
    with assert_queries() as page_of_one:
        rosa.get(url(thread))
    for _each in range(9):
        told.starts(now=datetime.now(UTC))
        told.sends(told.nurse, thread)
        PatientFactory()
    with assert_queries() as ten:
        rosa.get(LIST)
    with assert_queries() as page_of_ten:
        rosa.get(url(thread))
    assert len(ten) == len(one)
    assert len(page_of_ten) == len(page_of_one)
