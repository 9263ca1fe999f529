"""What goes beside a mail: kept encrypted until a carrier has it, and no way in for a header."""

from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from healthcare.messaging.rules import LARGEST_ATTACHMENT, Attachment, may_attach
from tests.events.draining import as_worker, drain
from tests.messaging.conftest import NUMBER, the_message
from tests.messaging.mailserver import MailServer

pytestmark = pytest.mark.django_db
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nSUMMARY:Visit at Ålder Street\r\nEND:VCALENDAR\r\n"
VISIT = Attachment("visit.ics", "text/calendar; method=PUBLISH", CALENDAR)


def test_it_arrives_beside_the_words_as_it_was(mail: MailServer, post: Any) -> None:
    post(attachments=[VISIT])
    drain()
    text, calendar = mail.taken[0].iter_parts()
    assert text.get_content_type() == "text/plain"
    assert calendar.get_content_type() == "text/calendar"
    assert calendar["Content-Type"].params["method"] == "PUBLISH"
    assert calendar.get_filename() == "visit.ics"
    assert str(calendar.get_content()).splitlines() == CALENDAR.splitlines()


def test_html_stays_an_alternative_of_the_text_alone(mail: MailServer, post: Any, templates: Any) -> None:
    templates("hello.html", "<p>{{ name }}</p>")
    post(attachments=[VISIT])
    drain()
    words, calendar = mail.taken[0].iter_parts()
    assert [part.get_content_type() for part in words.iter_parts()] == ["text/plain", "text/html"]
    assert calendar.get_content_type() == "text/calendar"


def test_it_is_ciphertext_while_it_waits_and_gone_when_accepted(mail: MailServer, post: Any) -> None:
    key = post(attachments=[VISIT])

    def stored() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT attachments FROM messaging_message WHERE id = %s", [key])
            return cursor.fetchone()[0]

    assert as_worker(stored).startswith("v1.")
    assert the_message(key).attached == (VISIT,)
    drain()
    assert as_worker(stored) is None
    assert the_message(key).attached == ()


def test_it_is_kept_for_the_next_attempt(mail: MailServer, post: Any) -> None:
    mail.orders.append("mail:451 busy")
    key = post(attachments=[VISIT])
    drain()
    assert (the_message(key).status, the_message(key).attached) == ("queued", (VISIT,))


def test_a_message_without_any_keeps_nothing(post: Any) -> None:
    assert the_message(post()).attachments is None


@pytest.mark.parametrize("channel", ["sms", "push"])
def test_it_goes_with_mails_alone(post: Any, channel: str) -> None:
    push = '{"endpoint": "https://push.example/x", "keys": {"p256dh": "a", "auth": "b"}}'
    with pytest.raises(ValueError, match="mails alone"):
        post(channel, address=NUMBER if channel == "sms" else push, attachments=[VISIT])


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment("../visit.ics", "text/calendar", ""),
        Attachment('visit.ics"\r\nBcc: eve@elsewhere.example', "text/calendar", ""),
        Attachment("visit.ics", "text/calendar\r\nBcc: eve@elsewhere.example", ""),
        Attachment("visit.ics", "application/zip", ""),
        Attachment("visit.ics", "text/calendar", "x" * (LARGEST_ATTACHMENT + 1)),
    ],
)
def test_names_types_and_sizes_are_narrow(post: Any, attachment: Attachment) -> None:
    with pytest.raises(ValueError, match="plain name"):
        post(attachments=[attachment])


@given(st.text(), st.text())
def test_what_may_be_attached_never_ends_a_line(file_name: str, media_type: str) -> None:
    if may_attach(Attachment(file_name, media_type, "")):
        assert (file_name + media_type).isprintable()
