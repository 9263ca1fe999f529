"""The clinic's inbox, the messages in the chart, and the cards."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from healthcare.db.context import acting_as
from records.models import Thread
from records.panels import messages as panels
from records.rules.messages import urgent_words
from tests.factories import (
    CareRelationshipFactory,
    CoverFactory,
    PatientFactory,
    PoolFactory,
    portal_user,
    staff,
)
from tests.records.writing import CALM, DIRE, NOW, Talk, all_messages, now_is, signed_in, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
INBOX = reverse("records:inbox")


@pytest.fixture
def told() -> Talk:
    return talk()


@pytest.fixture
def nurse(told) -> Client:
    return signed_in(told.nurse)


def url(thread: Thread, name: str = "thread") -> str:
    return reverse(f"records:{name}", args=[thread.patient_id, thread.pk])


def of(patient, name: str = "messages") -> str:
    return reverse(f"records:{name}", args=[patient.pk])


def typed(body: str = "Yes, with food.", **more: str) -> dict[str, str]:
    return {"body": body, "key": str(uuid.uuid4())} | more


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


# == Inbox ==
def test_lists_each_with_its_number(told, nurse) -> None:
    told.starts()
    mine = told.starts(category=Thread.Category.MEDICINE)
    told.takes(told.nurse, mine)
    closed = told.starts(category=Thread.Category.BILL)
    told.closes(told.nurse, closed)
    page = text(nurse.get(INBOX))
    for label in ("Waiting for us (2)", "Mine (1)", "My pools (0)", "Nobody’s yet (1)", "Sent (0)", "Closed (1)"):
        assert label in page
    assert url(mine) in page
    assert "With Priya Raman" in page
    assert url(closed) not in page
    only = text(nurse.get(f"{INBOX}?show=mine"))
    assert url(mine) in only
    assert only.count('class="row"') == 1


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("waiting", "Nobody waits for an answer"),
        ("mine", "You have taken nothing"),
        ("pools", "Nothing lies in your pools"),
        ("with_patients", "No conversation waits for a patient"),
        ("sent", "You sent nothing"),
        ("unassigned", "Every message has somebody"),
        ("closed", "Nothing was closed"),
        ("nonsense", "Nobody waits for an answer"),
    ],
)
def test_an_empty_list_says_why(nurse, shown, words) -> None:
    assert words in text(nurse.get(f"{INBOX}?show={shown}"))


def test_who_writes_no_messages_is_refused(told) -> None:
    assert signed_in(told.pharmacist).get(INBOX).status_code == 403
    assert signed_in(told.rosa).get(INBOX).status_code == 403


def test_the_inbox_of_another_site_is_empty(told) -> None:
    thread = told.starts()
    page = text(signed_in(told.stranger).get(INBOX))
    assert "Delgado" not in page
    assert url(thread) not in page


# == The conversation ==
def test_to_read_take_answer_and_close(told, nurse) -> None:
    thread = told.starts()
    page = text(nurse.get(url(thread)))
    assert CALM in page
    assert "Nobody yet" in page
    assert "Waiting since" in page
    assert "Mark as read" in page
    assert "Delgado" in page, "the banner"
    answer = nurse.post(url(thread, "take_thread"), {"instead_of": ""}, follow=True)
    assert "Yours now" in text(answer)
    assert "Take it" not in text(answer)
    answer = nurse.post(url(thread), typed(), follow=True)
    assert "stays open until somebody closes it" in text(answer)
    assert "Answered" in text(answer)
    answer = nurse.post(url(thread, "close_thread"), follow=True)
    page = text(answer)
    assert "It stays readable" in page
    assert "What you send opens it again" in page
    assert now_is(thread).status == "closed"
    assert "is open again" in text(nurse.post(url(thread), typed("One thing more."), follow=True))
    assert now_is(thread).status == "open"


def test_to_hand_on_and_to_set_aside(told, nurse) -> None:
    pool = PoolFactory(site=told.patient.site, name="Prescriptions")
    thread = told.starts(to=pool)
    assert "Prescriptions, Alder Street" in text(nurse.get(url(thread)))
    page = text(nurse.get(url(thread, "hand_on_thread")))
    assert "Maren Okafor" in page
    assert "that stays" in page
    assert "Back to who answers here" not in page
    assert nurse.post(url(thread, "hand_on_thread"), {"to": ""}).status_code == 422
    to_doctor = {"to": f"user:{told.doctor.pk}", "instead_of": ""}
    assert "Whoever answers now is told" in text(nurse.post(url(thread, "hand_on_thread"), to_doctor, follow=True))
    assert now_is(thread).taken_by == told.doctor
    CoverFactory(absent=told.doctor, cover=told.nurse, role="doctor")
    page = text(nurse.get(url(thread)))
    assert "Standing in" in page
    assert "Back to who answers here" in text(nurse.get(url(thread, "hand_on_thread")))
    back = {"to": "back", "instead_of": str(told.desk.pk)}
    assert "took this meanwhile" in text(nurse.post(url(thread, "hand_on_thread"), back, follow=True))
    assert "Answer first" in text(nurse.post(url(thread, "set_thread_aside"), {"waits": "yes"}, follow=True))
    told.sends(told.nurse, thread)
    answer = text(nurse.post(url(thread, "set_thread_aside"), {"waits": "yes"}, follow=True))
    assert "It waits for the patient now" in answer
    assert "No longer waits for the patient" in answer
    assert "It is open again" in text(nurse.post(url(thread, "set_thread_aside"), follow=True))


def test_what_one_sent_is_listed_with_whether_it_was_read(told, nurse) -> None:
    thread = told.starts(told.nurse)
    told.sends(told.nurse, thread, now=datetime.now(UTC))
    assert "Not read yet" in text(nurse.get(f"{INBOX}?show=sent"))
    told.reads(told.rosa, thread)
    assert "Not read yet" not in text(nurse.get(f"{INBOX}?show=sent"))


def test_reading_is_noted_with_a_name(told, nurse) -> None:
    thread = told.starts()
    assert nurse.post(url(thread, "read_thread"), headers={"HX-Request": "true"}).status_code == 200
    assert nurse.post(url(thread, "read_thread"))["Location"] == url(thread)
    assert "Mark as read" not in text(nurse.get(url(thread)))
    told.sends(told.nurse, thread)
    told.reads(told.rosa, thread)
    assert "Read by" in text(nurse.get(url(thread)))


def test_who_was_slower_sees_who_has_it(told, nurse) -> None:
    thread = told.starts()
    told.takes(told.doctor, thread)
    assert "Maren Okafor took this meanwhile" in text(
        nurse.post(url(thread, "take_thread"), {"instead_of": ""}, follow=True)
    )
    page = text(nurse.get(url(thread)))
    assert "Take it over" in page
    nurse.post(url(thread, "take_thread"), {"instead_of": str(told.doctor.pk)})
    assert now_is(thread).taken_by == told.nurse
    assert nurse.post(url(thread, "take_thread"), {"instead_of": "x"}).status_code == 404


def test_what_was_closed_meanwhile_is_opened_by_the_answer(told, nurse) -> None:
    thread = told.starts()
    told.closes(told.doctor, thread)
    for name in ("take_thread", "set_thread_aside"):
        assert "was closed meanwhile" in text(nurse.post(url(thread, name), follow=True))
    assert nurse.post(url(thread), typed("Still typing")).status_code == 302
    assert [message.body for message in all_messages(thread)][-1] == "Still typing"


def test_words_of_an_emergency_are_seen_first(told, nurse) -> None:
    thread = told.starts(body=DIRE, confirmed=urgent_words(DIRE).mark)
    assert "Words of an emergency" in text(nurse.get(INBOX))
    assert "was told to call 911" in text(nurse.get(url(thread)))


def test_an_empty_answer_is_refused(told, nurse) -> None:
    assert nurse.post(url(told.starts()), typed(" ")).status_code == 422


def test_a_double_press_answers_once(told, nurse) -> None:
    thread, same = told.starts(), typed()
    nurse.post(url(thread), same)
    nurse.post(url(thread), same)
    assert len(all_messages(thread)) == 2


# == In the chart ==
def test_the_tab_lists_conversations_and_starts_one(told, nurse) -> None:
    page = text(nurse.get(of(told.patient)))
    assert "No messages with this patient" in page
    assert of(told.patient, "start_thread") in page
    assert "Write to the patient" in text(nurse.get(of(told.patient, "start_thread")))
    answer = nurse.post(of(told.patient, "start_thread"), typed(category="result"), follow=True)
    assert "a notice without the words" in text(answer)
    told.starts()
    page = text(nurse.get(of(told.patient)))
    assert "Test result" in page
    assert "With Priya Raman" in page
    assert "Nobody’s yet" in page


def test_a_category_has_to_be_chosen(told, nurse) -> None:
    answer = nurse.post(of(told.patient, "start_thread"), typed(category=""))
    assert answer.status_code == 422
    assert "Choose what it is about" in text(answer)


def test_without_a_portal_account_nobody_would_read(told, nurse) -> None:
    alone = PatientFactory(site=told.patient.site)
    page = text(nurse.get(of(alone)))
    assert "nobody would read a message" in page
    assert of(alone, "start_thread") not in page
    answer = nurse.post(of(alone, "start_thread"), typed(category="visit"))
    assert answer.status_code == 422
    assert "nobody would read it" in text(answer)


def test_no_access_is_not_an_empty_list(told) -> None:
    told.starts()
    guest = staff("doctor")
    CareRelationshipFactory(patient=told.patient, user=guest, scopes=["identity"])
    page = text(signed_in(guest).get(of(told.patient)))
    assert "Messages with this patient are not open to you" in page
    assert "Health question" not in page


def test_a_thread_of_another_patient_is_not_found_in_this_chart(told, nurse) -> None:
    other = PatientFactory(site=told.patient.site)
    thread = told.starts()
    assert nurse.get(reverse("records:thread", args=[other.pk, thread.pk])).status_code == 404
    for name in ("take_thread", "set_thread_aside", "close_thread", "read_thread"):
        assert nurse.post(reverse(f"records:{name}", args=[other.pk, thread.pk])).status_code == 404
        assert nurse.get(url(thread, name)).status_code == 405


def test_charlie_gets_the_one_page(told) -> None:
    thread = told.starts()
    stranger = signed_in(told.stranger)
    for answer in (
        stranger.get(url(thread)),
        stranger.post(url(thread), typed()),
        stranger.post(url(thread, "close_thread")),
    ):
        assert answer.status_code == 403
        assert CALM not in text(answer)


# == Cards ==
def card_of(user, make, *arguments):
    with acting_as(user):
        return make(*arguments, user, NOW)


def test_the_role_home_shows_what_waits(told, nurse) -> None:
    assert "Nobody waits for an answer" in text(nurse.get("/"))
    thread = told.starts()
    page = text(nurse.get("/"))
    assert url(thread) in page
    assert "1 waits" in page
    told.starts()
    assert "2 wait" in text(nurse.get("/"))
    assert card_of(told.pharmacist, panels.home_card) is None


def test_the_chart_shows_what_is_open(told, nurse) -> None:
    assert card_of(told.nurse, panels.chart_card, told.patient) is None
    thread = told.starts()
    told.takes(told.doctor, thread)
    told.closes(told.nurse, told.starts())
    told.starts(category=Thread.Category.FORM, now=NOW + timedelta(hours=1))
    card = card_of(told.nurse, panels.chart_card, told.patient)
    assert [line.thread.category for line in card.context["lines"]] == ["form", "question"]
    page = text(nurse.get(reverse("patients:chart", args=[told.patient.pk])))
    assert "With Maren Okafor" in page
    assert card_of(told.pharmacist, panels.chart_card, told.patient) is None


def test_ten_rows_cost_no_more_queries_than_one(told, nurse, assert_queries) -> None:
    thread = told.starts()
    pages = (INBOX, url(thread), of(told.patient))
    counted = []
    for page in pages:
        with assert_queries() as queries:
            nurse.get(page)
        counted.append(len(queries))
    for number in range(9):
        told.starts(now=NOW + timedelta(hours=number))
        told.sends(told.rosa, thread)
        other = PatientFactory(site=told.patient.site)
        portal_user(other)
    for page, before in zip(pages, counted, strict=True):
        with assert_queries() as queries:
            nurse.get(page)
        assert len(queries) == before, page


def test_a_full_list_says_so(told, nurse, monkeypatch) -> None:
    from records.queries import messages as queries

    monkeypatch.setattr(queries, "MOST", 4)
    monkeypatch.setattr(queries.inbox_of, "__kwdefaults__", {"at_most": 4})
    for _each in range(5):
        told.starts()
    page = text(nurse.get(INBOX))
    assert "Waiting for us (5)" in page
    assert "Only the first" in page


def test_people_who_left_are_named_still(told, nurse) -> None:
    thread = told.starts()
    gone = staff("nurse", told.patient.site, full_name="Once Here")
    told.sends(gone, thread, "I answered before I left.")
    with as_the_system():
        gone.is_active, gone.deactivated_at = False, NOW
        gone.save(update_fields=["is_active", "deactivated_at"])
    assert "Once Here" in text(nurse.get(url(thread)))
