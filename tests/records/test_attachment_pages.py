"""Pages on which files are sent with messages, shown and opened."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from records.models import Attachment, Thread
from records.rules.messages import urgent_words
from tests.records.files import JPEG, LETTER, PDF, attached
from tests.records.writing import CALM, DIRE, Talk, signed_in
from tests.roles import as_the_system
from tests.storage.clamd import Clamd

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]


def sends(client: Client, address: str, *files: tuple[str, bytes], **typed: str) -> Any:
    chosen = [SimpleUploadedFile(name, content) for name, content in files]
    asked = {"body": CALM, "category": "question", "key": str(uuid.uuid4()), "attachments": chosen} | typed
    return client.post(address, asked)


def doors(told: Talk, thread: Thread) -> dict[str, tuple[Client, str, Callable[[Attachment], str]]]:
    patient, rosa, nurse = told.patient.pk, signed_in(told.rosa), signed_in(told.nurse)
    return {
        "portal": (
            rosa,
            reverse("records_portal:thread", args=[thread.pk]),
            lambda file: reverse("records_portal:open_attachment", args=[thread.pk, file.pk]),
        ),
        "clinic": (
            nurse,
            reverse("records:thread", args=[patient, thread.pk]),
            lambda file: reverse("records:open_attachment", args=[patient, thread.pk, file.pk]),
        ),
    }


@pytest.mark.parametrize("door", ["portal", "clinic"])
def test_a_file_is_sent_shown_and_downloaded(told: Talk, door: str) -> None:
    thread = told.starts()
    client, page, address = doors(told, thread)[door]
    assert 'enctype="multipart/form-data"' in client.get(page).text
    assert sends(client, page, ("photo.jpeg", JPEG), ("letter.pdf", PDF)).status_code == 302
    photo, letter = attached(thread)
    shown = client.get(page).text
    assert address(photo) in shown
    assert "photo.jpg" in shown
    answer = client.get(address(photo))
    assert (answer.content, answer["Content-Type"]) == (JPEG, "image/jpeg")
    assert answer["Content-Disposition"] == 'attachment; filename="photo.jpg"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["Cache-Control"] == "private, no-store"
    other = told.starts()
    assert client.get(address(letter).replace(str(thread.pk), str(other.pk))).status_code == 404


@pytest.mark.parametrize("door", ["portal", "clinic"])
def test_what_is_refused_keeps_the_words_and_asks_for_the_files_again(told: Talk, door: str) -> None:
    thread = told.starts()
    client, page, _address = doors(told, thread)[door]
    answer = sends(client, page, ("page.pdf", b"<html>"), body="Here it is")
    assert answer.status_code == 422
    assert "“page.pdf” is neither PDF" in answer.text
    assert "Here it is</textarea>" in answer.text
    assert "Choose your files again" in answer.text
    assert attached(thread) == []


@pytest.mark.parametrize("door", ["portal", "clinic"])
def test_it_waits_on_the_page_and_opens_for_nobody(told: Talk, scanner: Clamd, door: str) -> None:
    thread = told.starts(files=[LETTER])
    client, page, address = doors(told, thread)[door]
    assert "Being checked for viruses" in client.get(page).text
    answer = client.get(address(attached(thread)[0]), follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "still being checked" in answer.text


def test_a_conversation_begins_with_a_file(told: Talk) -> None:
    rosa, nurse = signed_in(told.rosa), signed_in(told.nurse)
    starts = (
        (rosa, reverse("records_portal:start_thread")),
        (
            nurse,
            reverse("records:start_thread", args=[told.patient.pk]),
        ),
    )
    for client, start in starts:
        answer = sends(client, start, ("page.pdf", b"<svg/>"))
        assert (answer.status_code, "neither PDF" in answer.text) == (422, True)
        assert sends(client, start, ("letter.pdf", PDF)).status_code == 302
    with as_the_system():
        assert Attachment.objects.count() == 2


def test_words_of_an_emergency_come_first_and_the_files_are_asked_for_again(told: Talk) -> None:
    rosa, start = signed_in(told.rosa), reverse("records_portal:start_thread")
    page = sends(rosa, start, ("letter.pdf", PDF), body=DIRE).text
    assert "Call 911 now" in page
    assert "Choose your files again before you send: a page cannot keep them (“letter.pdf”)" in page
    answer = sends(rosa, start, ("letter.pdf", PDF), body=DIRE, confirmed=urgent_words(DIRE).mark)
    assert answer.status_code == 302


def test_a_text_that_is_put_in_says_that_the_files_are_gone(told: Talk) -> None:
    thread = told.starts()
    nurse, page, _address = doors(told, thread)["clinic"]
    assert "Choose your files again" in sends(nurse, page, ("letter.pdf", PDF), place="yes", template="").text
