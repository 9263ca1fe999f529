"""A clamd that listens on loopback: it reads INSTREAM as clamd(8) has it, and answers as it is told."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
COMMAND = b"zINSTREAM\0"
FOUND, ERROR = b"stream: Eicar-Test-Signature FOUND\0", b"INSTREAM size limit exceeded. ERROR\0"


@dataclass
class Clamd:
    """`answer` instead of what it finds; b"" hangs up without a word. `read` is what came, a content a connection."""

    listener: socket.socket
    answer: bytes | None = None
    read: list[bytes] = field(default_factory=list)

    @property
    def address(self) -> str:
        host, port = self.listener.getsockname()
        return f"{host}:{port}"

    def serve(self) -> None:
        while True:
            try:
                line, _peer = self.listener.accept()
            except OSError:  # closed: the test is over
                return
            with line, line.makefile("rb") as came:
                self.read.append(_content(came))
                found = FOUND if EICAR in self.read[-1] else b"stream: OK\0"
                line.sendall(found if self.answer is None else self.answer)


def _content(came: object) -> bytes:
    assert came.read(len(COMMAND)) == COMMAND  # type: ignore[attr-defined]
    content = b""
    while size := struct.unpack("!I", came.read(4))[0]:  # type: ignore[attr-defined]
        content += came.read(size)  # type: ignore[attr-defined]
    return content


@contextmanager
def clamd() -> Iterator[Clamd]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served = Clamd(listener)
        thread = threading.Thread(target=served.serve, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=30)
