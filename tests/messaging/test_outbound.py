import socket
from typing import Any

import pytest

from healthcare.devservices.carriers import Carriers
from healthcare.messaging import outbound
from healthcare.messaging.outbound import Forbidden, NoAnswer, NotReached, post


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "192.168.1.1", "169.254.169.254", "127.0.0.1", "0.0.0.0", "100.64.0.1", "::1", "fe80::1"]
)
def test_addresses_that_are_not_public_are_not_called(
    monkeypatch: pytest.MonkeyPatch, settings: Any, address: str
) -> None:
    settings.OUTBOUND_LOOPBACK = False
    resolving_to(monkeypatch, address)
    with pytest.raises(Forbidden):
        post("https://innocent.example/", b"", {})


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.OUTBOUND_LOOPBACK = False
    resolving_to(monkeypatch, "93.184.216.34", "10.0.0.5")
    with pytest.raises(Forbidden):
        post("https://innocent.example/", b"", {})


def test_plain_http_leaves_this_machine_never(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "93.184.216.34")
    with pytest.raises(Forbidden, match="plaintext"):
        post("http://innocent.example/", b"", {})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x/", "https:///nowhere", "nonsense"])
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(Forbidden, match="scheme"):
        post(url, b"", {})


def test_a_name_that_leads_nowhere_was_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(outbound.socket, "getaddrinfo", fail)
    with pytest.raises(NotReached):
        post("https://nowhere.example/", b"", {})


def test_a_redirect_is_an_answer_and_not_followed(carriers: Carriers) -> None:
    carriers.behaviour.append("302")
    assert post(f"{carriers.url}/push/a?b=c", b"x", {}).status == 302


def test_tls_is_asked_for_with_the_name(carriers: Carriers) -> None:
    with pytest.raises(NotReached):
        post(carriers.url.replace("http:", "https:"), b"", {})


def test_it_is_known_whether_the_request_left(carriers: Carriers) -> None:
    carriers.behaviour.append("drop")
    with pytest.raises(NoAnswer):
        post(f"{carriers.url}/push/a", b"x", {})
    assert len(carriers.taken) == 1


def test_the_stand_in_shows_what_it_took(carriers: Carriers) -> None:
    from urllib.request import urlopen

    post(f"{carriers.url}/push/<ada>", b"words", {"TTL": "5"})
    assert b"&lt;ada&gt;" in urlopen(carriers.url).read()
    assert b'"kind": "push"' in urlopen(f"{carriers.url}/messages.json").read()
    assert post(f"{carriers.url}/behave", b'["503"]', {}).status == 204
    assert post(f"{carriers.url}/push/a", b"", {}).status == 503
