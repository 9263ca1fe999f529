"""Mail of the demo is caught as files, and shown without running anything that is in it."""

import http.client
import json
import smtplib
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from healthcare.devservices import mail_catcher
from healthcare.devservices.folder import Folder
from healthcare.devservices.mail_catcher import Mailbox, Pages, Receiver


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def pages(mailbox: Mailbox) -> Iterator[Pages]:
    server = Pages(0, mailbox)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def message(
    subject: str = "Confirm your address", text: str = "Open http://127.0.0.1:8000/x?a=1&b=2 now."
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "clinic@example.org", "pat@example.org", subject
    mail["Date"] = "Mon, 01 Jun 2026 10:00:00 +0000"
    mail.set_content(text)
    return mail


def get(pages: Pages, path: str, host: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", pages.server_port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{pages.server_port}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_message_sent_by_smtp_is_kept(mailbox: Mailbox, folder: Folder) -> None:
    port = folder.ports()["smtp"]
    controller = Controller(Receiver(mailbox), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            client.send_message(message())
    finally:
        controller.stop()
    [kept] = mailbox.summaries()
    assert (kept["to"], kept["subject"]) == ("pat@example.org", "Confirm your address")
    assert "http://127.0.0.1:8000/x?a=1&b=2" in kept["text"]


def test_the_list_shows_the_newest_first(mailbox: Mailbox, pages: Pages) -> None:
    assert "No mail yet." in get(pages, "/")[1]
    mailbox.keep(message("First").as_bytes())
    time.sleep(0.001)
    mailbox.keep(message("Second").as_bytes())
    status, text = get(pages, "/")
    assert status == 200
    assert text.index("Second") < text.index("First")


def test_a_message_shows_its_links_and_runs_nothing(mailbox: Mailbox, pages: Pages) -> None:
    path = mailbox.keep(message("<b>Hello</b>", "<script>alert(1)</script> http://127.0.0.1:8000/x?a=1&b=2").as_bytes())
    status, text = get(pages, f"/{path.stem}")
    assert status == 200
    assert '<a href="http://127.0.0.1:8000/x?a=1&amp;b=2">' in text
    assert "<script" not in text
    assert "<b>Hello" not in text


def test_programs_read_json(mailbox: Mailbox, pages: Pages) -> None:
    mailbox.keep(message().as_bytes())
    status, text = get(pages, "/messages.json")
    assert status == 200
    assert json.loads(text)[0]["subject"] == "Confirm your address"


@pytest.mark.parametrize("path", ["/nothing", "/../../secrets/secret-key", "/%2e%2e/secrets"])
def test_what_is_no_message_is_not_found(pages: Pages, path: str) -> None:
    assert get(pages, path)[0] == 404


def test_only_this_machine_may_read(pages: Pages) -> None:
    """A page elsewhere could point its own name at the loopback (DNS rebinding)."""
    assert get(pages, "/", host="evil.example:80")[0] == 403


def test_old_messages_go(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_catcher, "KEPT", 2)
    names = [mailbox.keep(message(str(number)).as_bytes()) for number in range(4)]
    assert mailbox.paths() == sorted(names)[-2:]


def test_an_html_message_is_shown_as_its_source(mailbox: Mailbox) -> None:
    mail = message()
    mail.set_content("<p>Hello</p>", subtype="html")
    assert mailbox.summary(mailbox.keep(mail.as_bytes()).stem)["text"].strip() == "<p>Hello</p>"


def test_an_empty_message_has_no_text() -> None:
    mail = EmailMessage()
    mail.add_attachment(b"x", maintype="application", subtype="octet-stream")
    assert mail_catcher.text_of(mail) == ""
