"""The one way to the outside by HTTP: https to public addresses, no redirects, short waits, a small answer.

It knows whether the request had left when something broke, which is the difference between a retry and two SMS.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
LARGEST = 1_000_000  # bytes of an answer


class NotReached(Exception):
    """The request did not leave: try again."""


class NoAnswer(Exception):
    """The request left and nothing understandable came back: it may have been carried out."""


class Forbidden(Exception):
    """The address is not one that this process may call."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Raises Forbidden, NotReached or NoAnswer; any status is an answer."""
    parts = urlsplit(url)
    connection = _open(parts.scheme, parts.hostname or "", parts.port)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read(LARGEST).decode("utf-8", "replace")
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)
    except (OSError, http.client.HTTPException) as problem:
        raise NoAnswer(type(problem).__name__) from None
    finally:
        connection.close()


def _open(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    """Connected to an address that was looked at, so that a second look-up cannot name another."""
    if scheme not in {"https", "http"} or not host:
        raise Forbidden("scheme")
    address = _resolve(host, port or {"https": 443, "http": 80}[scheme])
    if scheme == "http" and not ipaddress.ip_address(address[0]).is_loopback:
        raise Forbidden("plaintext")
    connection = http.client.HTTPConnection(host, port)
    try:
        sock = socket.create_connection(address, timeout=CONNECT_SECONDS)
        sock.settimeout(READ_SECONDS)
        if scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except OSError as problem:
        raise NotReached(type(problem).__name__) from None
    connection.sock = sock
    return connection


def _resolve(host: str, port: int) -> tuple[str, int]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise NotReached(type(problem).__name__) from None
    addresses = [str(entry[4][0]) for entry in found]
    if not all(_may_call(ipaddress.ip_address(address)) for address in addresses):
        raise Forbidden("address")
    return addresses[0], port


def _may_call(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return (address.is_global and not address.is_multicast) or (settings.OUTBOUND_LOOPBACK and address.is_loopback)
