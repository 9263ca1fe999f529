import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.template import engines
from django.template.loaders.cached import Loader

from healthcare.devservices.carriers import Carriers
from healthcare.messaging.actions import queue_message
from healthcare.messaging.models import Message
from tests.events.draining import as_worker
from tests.messaging.mailserver import MailServer

NUMBER = "+12125550100"


@pytest.fixture
def mail(settings: Any) -> Iterator[MailServer]:
    """A real SMTP server on this machine that can be told to misbehave."""
    server = MailServer()
    server.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{server.port}"
    yield server
    server.stop()


@pytest.fixture
def carriers(settings: Any) -> Iterator[Carriers]:
    server = Carriers()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    settings.TWILIO_BASE_URL = server.url
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC00", "token-of-the-tests"
    settings.TWILIO_FROM = "+12125550199"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def templates(tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Write templates of the test's own: `templates("hello.txt", "Subject\\nBody")`."""
    engine = engines["django"].engine
    folder = tmp_path / "messaging"
    folder.mkdir()
    before = engine.dirs
    engine.dirs = [tmp_path, *before]

    def forget() -> None:
        for loader in engine.template_loaders:
            if isinstance(loader, Loader):
                loader.reset()

    def write(name: str, source: str) -> None:
        (folder / name).write_text(source)
        forget()

    write("hello.txt", "A letter from {{ clinic_name }}\nHello {{ name }},\nread {{ link }}.\n")
    write("hello.sms.txt", "Hello {{ name }}: {{ link }}\n")
    write("hello.push.txt", "{{ clinic_name }}\nHello {{ name }}\n")
    yield write
    engine.dirs = before
    forget()


@pytest.fixture
def post(templates: Any) -> Callable[..., UUID]:
    """Queue one message, as a verb would."""

    def queue(channel: str = "email", **changes: Any) -> UUID:
        addresses = {"email": "ada@patients.example", "sms": NUMBER}
        values: dict[str, Any] = {
            "by": None,
            "channel": channel,
            "address": addresses.get(channel, ""),
            "template": "hello",
            "parameters": {"name": "Ada", "link": "https://clinic.example/a?b=1&c=2"},
            "dedupe_key": str(uuid4()),
        }
        return queue_message(**(values | changes))

    return queue


def the_message(key: UUID) -> Message:
    """All of it, as the worker sees it."""
    return as_worker(lambda: Message.objects.get(pk=key))
