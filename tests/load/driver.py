"""A load generator that costs little: one thread, raw sockets, prepared bytes, answers parsed no further than needed.

A client is a generator: it yields a Request and is sent the Reply, or yields a Pause and is woken after it. Connections
are kept alive as browsers do, and opened anew where the server closed an idle one.
"""

import heapq
import re
import selectors
import socket
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
PATIENCE = 30.0  # seconds for one answer
CALM = 0.05  # seconds until a client asks again a server that did not answer
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """`kind` groups the figures; a status that is not `expected` is an error. `counts` is False for what only leads to
    what is measured."""

    data: bytes
    kind: str = ""
    expected: frozenset[int] = frozenset({200})
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` is 0 where no whole answer came; `fault` says why. Times in seconds from sending the first byte."""

    status: int
    head: bytes = b""
    body: bytes = b""
    first_byte: float = 0.0
    seconds: float = 0.0
    fault: str = ""

    def header(self, name: str) -> str:
        found = re.search(rb"\r\n" + re.escape(name.encode()) + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return found[1].decode("latin-1") if found else ""

    def cookies(self) -> dict[str, str]:
        pairs = re.findall(rb"\r\nset-cookie: *([^=\r]+)=([^;\r]*)", self.head, re.IGNORECASE)
        return {name.decode(): value.decode() for name, value in pairs}


Client = Generator[Request | Pause, Reply | None, None]


@dataclass(slots=True)
class Sample:
    kind: str
    seconds: float
    first_byte: float
    size: int
    error: str = ""


@dataclass
class Taken:
    """What was measured: the samples whose requests began after the warm-up, and how long that was in seconds."""

    seconds: float
    samples: list[Sample] = field(default_factory=list)
    in_time: int = 0  # answers that were whole before the end


def message(
    method: str, target: str, *, host: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """An HTTP/1.1 request (RFC 9112) as bytes."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Accept-Encoding: gzip"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


class Line:
    """One client and its connection."""

    __slots__ = ("began", "buffer", "client", "first", "request", "sent", "size", "socket", "used")

    def __init__(self, client: Client) -> None:
        self.client = client
        self.socket: socket.socket | None = None
        self.used = False
        self.request: Request | None = None
        self.began = self.first = 0.0
        self.sent = 0
        self.size: int | None = None
        self.buffer = bytearray()


class Driver:
    """Runs the clients against one address until the time is over; every answer under way is waited for."""

    def __init__(self, address: tuple[str, int], clients: Sequence[Client], *, warm_up: float, seconds: float) -> None:
        self.address, self.warm_up, self.seconds = address, warm_up, seconds
        self.lines = [Line(client) for client in clients]
        self.selector = selectors.DefaultSelector()
        self.waking: list[tuple[float, int, Line, Reply | None]] = []
        self.under_way: set[Line] = set()
        self.counted_from = self.until = 0.0
        self.taken = Taken(seconds)

    def run(self) -> Taken:
        start = time.perf_counter()
        self.counted_from, self.until = start + self.warm_up, start + self.warm_up + self.seconds
        try:
            for line in self.lines:
                self._go_on(line, None)
            while (now := time.perf_counter()) < self.until or self.under_way:
                self._wait(now)
        finally:
            for line in self.lines:
                self._close(line)
            self.selector.close()
        return self.taken

    def _wait(self, now: float) -> None:
        nearest = self.waking[0][0] if self.waking else self.until
        for key, mask in self.selector.select(min(max(nearest - now, 0), 1.0)):
            if mask & selectors.EVENT_WRITE:
                self._send(key.data)
            else:
                self._receive(key.data)
        now = time.perf_counter()
        while self.waking and self.waking[0][0] <= now:
            _due, _id, line, reply = heapq.heappop(self.waking)
            self._go_on(line, reply)
        if self.under_way and now > self.until:
            self._give_up(now)

    def _give_up(self, now: float) -> None:
        for line in [line for line in self.under_way if now - line.began > PATIENCE]:
            self._close(line)
            self._answer(line, Reply(0, fault="timeout", seconds=now - line.began))

    # == One client ==
    def _go_on(self, line: Line, reply: Reply | None) -> None:
        over = time.perf_counter() >= self.until
        if over and reply is None:
            return
        try:
            step = next(line.client) if reply is None else line.client.send(reply)
        except StopIteration:
            return
        if over:  # the last answer is told to the client, who may count it, and nothing more is asked
            return
        if isinstance(step, Pause):
            heapq.heappush(self.waking, (time.perf_counter() + step.seconds, id(line), line, None))
            return
        line.request, line.began = step, time.perf_counter()
        self._begin(line)

    def _begin(self, line: Line) -> None:
        line.sent, line.size, line.first = 0, None, 0.0
        line.buffer.clear()
        self.under_way.add(line)
        if line.socket is None:
            self._connect(line)
        else:
            self._send(line)

    def _connect(self, line: Line) -> None:
        line.socket, line.used = socket.socket(socket.AF_INET, socket.SOCK_STREAM), False
        line.socket.setblocking(False)
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.socket.connect_ex(self.address)
        self.selector.register(line.socket, selectors.EVENT_WRITE, line)

    def _send(self, line: Line) -> None:
        if line.request is None or line.socket is None:
            return
        try:
            line.sent += line.socket.send(memoryview(line.request.data)[line.sent :])
        except BlockingIOError:
            pass
        except OSError as problem:
            self._broken(line, type(problem).__name__)
            return
        whole = line.sent == len(line.request.data)
        wanted = selectors.EVENT_READ if whole else selectors.EVENT_WRITE
        if self.selector.get_key(line.socket).events != wanted:
            self.selector.modify(line.socket, wanted, line)

    def _receive(self, line: Line) -> None:
        if line.socket is None:
            return
        try:
            part = line.socket.recv(262_144)
        except BlockingIOError:
            return
        except OSError as problem:
            self._broken(line, type(problem).__name__)
            return
        if not part:
            self._ended(line)
            return
        line.first = line.first or time.perf_counter()
        line.buffer += part
        if is_whole(line):
            self._complete(line)

    def _ended(self, line: Line) -> None:
        """The server closed: an idle connection, or the end of an answer without a length."""
        if line.request is not None and line.buffer and line.size is None and END_OF_HEAD in line.buffer:
            self._complete(line)
            self._close(line)
        else:
            self._broken(line, "closed")

    def _broken(self, line: Line, fault: str) -> None:
        """An idle connection that the server closed while we wrote is opened again, as browsers do (RFC 9110 9.2.2)."""
        again = line.used and not line.buffer
        self._close(line)
        if line.request is None:
            return
        if again:
            self._begin(line)
        else:
            self._answer(line, Reply(0, fault=fault, seconds=time.perf_counter() - line.began))

    def _complete(self, line: Line) -> None:
        now = time.perf_counter()
        head, _, body = bytes(line.buffer).partition(END_OF_HEAD)
        status = int(head[9:12]) if head[9:12].isdigit() else 0
        line.used = True
        if CLOSES.search(head):
            self._close(line)
        self._answer(line, Reply(status, head, body, line.first - line.began, now - line.began))

    def _answer(self, line: Line, reply: Reply) -> None:
        request = line.request
        line.request = None
        self.under_way.discard(line)
        if request is not None and request.counts and line.began >= self.counted_from:
            wrong = "" if reply.status in request.expected else reply.fault or str(reply.status)
            size = len(reply.head) + len(reply.body)
            self.taken.samples.append(Sample(request.kind, reply.seconds, reply.first_byte, size, wrong))
            self.taken.in_time += not wrong and line.began + reply.seconds <= self.until
        if reply.status == 0:
            heapq.heappush(self.waking, (time.perf_counter() + CALM, id(line), line, reply))
        else:
            self._go_on(line, reply)

    def _close(self, line: Line) -> None:
        if line.socket is not None:
            with suppress(KeyError, ValueError):
                self.selector.unregister(line.socket)
            line.socket.close()
            line.socket = None


def is_whole(line: Line) -> bool:
    """Whether the buffer holds the whole answer; learns the length from the head once (RFC 9112, section 6)."""
    if line.size is None:
        end = line.buffer.find(END_OF_HEAD)
        if end < 0:
            return False
        head = bytes(line.buffer[:end])
        if CHUNKED.search(head):
            return line.buffer.endswith(b"0\r\n\r\n")
        found = LENGTH.search(head)
        if found:
            line.size = end + 4 + int(found[1])
        elif head[9:12] in (b"204", b"304"):
            line.size = end + 4
        else:
            return False
    return len(line.buffer) >= line.size


def drive(address: tuple[str, int], clients: Sequence[Client], *, warm_up: float, seconds: float) -> Taken:
    return Driver(address, clients, warm_up=warm_up, seconds=seconds).run()
