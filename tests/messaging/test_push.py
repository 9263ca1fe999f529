import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from healthcare.devservices.carriers import Carriers
from healthcare.messaging import outbound
from healthcare.messaging.carriers import Letter, push
from healthcare.messaging.templating import Words
from tests.events.draining import drain
from tests.messaging.conftest import the_message

pytestmark = pytest.mark.django_db


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Browser:
    """Holds the keys of one subscription."""

    def __init__(self, endpoint: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": text(public), "auth": text(self.secret)}
        self.subscription = json.dumps({"endpoint": endpoint, "keys": keys})


@pytest.fixture
def browser(carriers: Carriers, settings: Any, tmp_path: Path) -> Browser:
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "vapid.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings.VAPID_KEY_FILE = str(path)
    return Browser(f"{carriers.url}/push/ada")


def test_a_push_goes_out_once(carriers: Carriers, browser: Browser, post: Any) -> None:
    key = post("push", address=browser.subscription, expires_at=datetime.now(UTC) + timedelta(minutes=10))
    drain()
    drain()
    [sent] = carriers.taken
    assert sent["to"] == "/push/ada"
    assert 590 <= int(sent["ttl"]) <= 600
    assert the_message(key).status == "sent"
    assert the_message(key).carrier_id.endswith(sent["id"])


def test_the_words_are_sealed_for_the_browser_alone(browser: Browser, settings: Any) -> None:
    letter = Letter(post_id(), "<x>", browser.subscription, Words("Title", "Body"), 60)
    body, headers = push.seal(json.loads(browser.subscription), letter)
    assert b"Body" not in body
    opened = http_ece.decrypt(body, private_key=browser.key, auth_secret=browser.secret)
    assert json.loads(opened) == {"title": "Title", "body": "Body"}
    assert headers["Authorization"].startswith("vapid t=")
    assert headers["Content-Encoding"] == "aes128gcm"


def post_id() -> Any:
    from uuid import uuid4

    return uuid4()


@pytest.mark.parametrize(
    ("order", "status", "error"),
    [
        ("410", "failed", "gone"),
        ("404", "failed", "gone"),
        ("413", "failed", "push-413"),
        ("429", "queued", "push-429"),
        ("500", "unknown", "push-500"),
    ],
)
def test_what_the_push_service_answers(
    carriers: Carriers, browser: Browser, post: Any, order: str, status: str, error: str
) -> None:
    carriers.behaviour.append(order)
    key = post("push", address=browser.subscription)
    drain()
    assert (the_message(key).status, the_message(key).error) == (status, error)


def test_silence_is_unknown(carriers: Carriers, browser: Browser, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.3)
    carriers.behaviour.append("drop")
    key = post("push", address=browser.subscription)
    drain()
    assert the_message(key).status == "unknown"


def test_an_unreachable_service_is_tried_again(browser: Browser, post: Any) -> None:
    key = post("push", address=browser.subscription.replace("/push/ada", "").replace("127.0.0.1:", "127.0.0.1:1"))
    drain()
    assert the_message(key).status in {"queued", "unknown"}


def test_an_endpoint_inside_our_own_network_is_never_called(
    carriers: Carriers, browser: Browser, post: Any, settings: Any
) -> None:
    settings.OUTBOUND_LOOPBACK = False
    key = post("push", address=browser.subscription)
    drain()
    assert (the_message(key).status, the_message(key).error) == ("failed", "forbidden-endpoint")
    assert list(carriers.taken) == []


def test_without_a_key_it_waits_visibly(post: Any, carriers: Carriers, settings: Any) -> None:
    settings.VAPID_KEY_FILE = ""
    key = post("push", address=Browser(f"{carriers.url}/push/ada").subscription)
    drain()
    assert (the_message(key).status, the_message(key).error) == ("queued", "unconfigured")
