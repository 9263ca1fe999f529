"""A scanner for `STORAGE_SCANNER`: clamd by its INSTREAM command over TCP, as clamd(8) describes it."""

import socket
import struct

from django.conf import settings

CHUNK = 64 * 1024
SECONDS = 20  # for each step; clamd is near
MOST_SAID = 4096


class NoAnswer(Exception):
    """clamd did not say whether the content is clean: closed, cut off, or an error of its own."""


def scan(content: bytes) -> str:
    """ "clean" or "infected". Raises NoAnswer, and OSError where nobody listens."""
    host, _colon, port = settings.CLAMAV_ADDRESS.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS) as line:
        line.sendall(b"zINSTREAM\0")
        for begin in range(0, len(content), CHUNK):
            part = content[begin : begin + CHUNK]
            line.sendall(struct.pack("!I", len(part)) + part)
        line.sendall(struct.pack("!I", 0))
        return _verdict(_said(line))


def _said(line: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0"):
        part = line.recv(MOST_SAID)
        if not part or len(said) > MOST_SAID:
            raise NoAnswer("The answer was cut off.")
        said += part
    return said[:-1].decode("utf-8", "replace").strip()


def _verdict(said: str) -> str:
    """`stream: OK`, `stream: NAME FOUND`, or `… ERROR`; whatever is not known is no answer."""
    if said == "stream: OK":
        return "clean"
    if said.startswith("stream: ") and said.endswith(" FOUND"):
        return "infected"
    raise NoAnswer("clamd answered with an error.")
