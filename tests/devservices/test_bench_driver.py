"""The load generator against a small server of sockets: what is sent, what is counted, what is not."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.load.bench import in_turn
from tests.load.driver import Client, Pause, Reply, Request, drive, message
from tests.load.figures import Kind, Run, percentile
from tests.load.machine import times_of, used_by

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CLOSING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
WITHOUT_LENGTH = b"HTTP/1.1 200 OK\r\n\r\nhi"
FAULT = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
COOKIES = (
    b"HTTP/1.1 302 Found\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
)


class Answers:
    """Says the same to everybody, and remembers what it was asked and how often it was connected to."""

    def __init__(self) -> None:
        self.say, self.after = OK, 1_000_000  # hang up after so many answers on one connection
        self.asked: list[bytes] = []
        self.connections = 0


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def address(answers: Answers) -> Iterator[tuple[str, int]]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            answers.connections += 1
            said = 0
            while said < answers.after and (asked := self.request.recv(65536)):
                answers.asked.append(asked)
                self.request.sendall(answers.say)
                said += 1
                if answers.say in (CLOSING, WITHOUT_LENGTH):
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address
        server.shutdown()


GET = Request(message("GET", "/", host="here"), "page")


def once(request: Request = GET) -> tuple[list[Reply | None], Client]:
    found: list[Reply | None] = []

    def client() -> Client:
        found.append((yield request))

    return found, client()


def ask(address: tuple[str, int]) -> Reply:
    found, client = once()
    drive(address, [client], warm_up=0, seconds=1)
    assert found
    assert found[0] is not None
    return found[0]


# == One answer ==
def test_a_request_is_written_as_http() -> None:
    sent = message("POST", "/a?b=c", host="here:80", headers={"X-Y": "z"}, body=b"body")
    assert (
        sent
        == b"POST /a?b=c HTTP/1.1\r\nHost: here:80\r\nAccept-Encoding: gzip\r\nX-Y: z\r\nContent-Length: 4\r\n\r\nbody"
    )


@pytest.mark.parametrize("said", [OK, CLOSING, CHUNKED, WITHOUT_LENGTH])
def test_an_answer_is_read_to_its_end(address, answers: Answers, said: bytes) -> None:
    answers.say = said
    reply = ask(address)
    assert reply.status == 200
    assert b"hi" in reply.body
    assert 0 < reply.first_byte <= reply.seconds


def test_an_answer_without_a_body_is_whole(address, answers: Answers) -> None:
    answers.say = EMPTY
    assert (ask(address).status, ask(address).header("etag")) == (304, "x")


def test_cookies_are_read(address, answers: Answers) -> None:
    answers.say = COOKIES
    reply = ask(address)
    assert reply.cookies() == {"a": "1", "b": "2"}
    assert reply.header("Location") == "/"
    assert reply.header("Missing") == ""


def test_a_long_request_is_sent_in_parts(address, answers: Answers) -> None:
    found, client = once(Request(message("POST", "/", host="here", body=b"x" * 3_000_000)))
    drive(address, [client], warm_up=0, seconds=1)
    assert found[0] is not None
    assert found[0].status == 200


# == Many ==
def test_clients_keep_their_connections(address, answers: Answers) -> None:
    taken = drive(address, in_turn([GET], 3), warm_up=0, seconds=0.3)
    assert answers.connections == 3
    assert len(taken.samples) > 3
    assert taken.in_time <= len(taken.samples) == len(answers.asked)
    assert not any(sample.error for sample in taken.samples)


def test_a_connection_that_the_server_closed_is_opened_anew(address, answers: Answers) -> None:
    answers.after = 5
    taken = drive(address, in_turn([GET], 2), warm_up=0, seconds=0.3)
    assert answers.connections > 2
    assert not any(sample.error for sample in taken.samples)


def test_prepared_requests_are_taken_in_turn(address, answers: Answers) -> None:
    requests = [Request(message("GET", f"/{number}", host="here")) for number in range(3)]
    drive(address, in_turn(requests, 1), warm_up=0, seconds=0.2)
    asked = [line.split()[1] for line in answers.asked[:6]]
    assert asked == [b"/0", b"/1", b"/2"] * 2


def test_the_warm_up_is_not_counted(address, answers: Answers) -> None:
    taken = drive(address, in_turn([GET], 1), warm_up=0.3, seconds=0.1)
    assert len(taken.samples) < len(answers.asked)


def test_what_only_leads_there_is_not_counted(address, answers: Answers) -> None:
    taken = drive(address, in_turn([Request(GET.data, counts=False)], 1), warm_up=0, seconds=0.1)
    assert answers.asked
    assert not taken.samples


def test_each_answer_is_told_to_the_client_the_last_too(address, answers: Answers) -> None:
    """Whoever counts what was booked must not lose what was under way at the end."""
    told: list[Reply | None] = []

    def counting() -> Client:
        while True:
            told.append((yield GET))

    drive(address, [counting(), counting()], warm_up=0, seconds=0.2)
    assert len(told) == len(answers.asked)


def test_whoever_thinks_asks_less(address, answers: Answers) -> None:
    def thinking() -> Client:
        while True:
            yield GET
            yield Pause(0.1)

    drive(address, [thinking()], warm_up=0, seconds=0.35)
    assert 2 <= len(answers.asked) <= 4


# == Errors ==
def test_another_status_than_expected_is_an_error(address, answers: Answers) -> None:
    answers.say = FAULT
    taken = drive(address, in_turn([GET], 2), warm_up=0, seconds=0.2)
    run = Run.of("page", 2, 0, taken, {})
    assert run.errors == {"page 500": len(taken.samples)}
    assert (run.rate, run.total.requests) == (0, 0)


def test_an_expected_refusal_is_none(address, answers: Answers) -> None:
    answers.say = FAULT
    expected = Request(GET.data, "page", frozenset({500}))
    taken = drive(address, in_turn([expected], 1), warm_up=0, seconds=0.1)
    assert not Run.of("page", 1, 0, taken, {}).errors


def test_a_server_that_is_not_there_is_an_error() -> None:
    taken = drive(("127.0.0.1", 9), in_turn([GET], 1), warm_up=0, seconds=0.2)
    assert {sample.error for sample in taken.samples} == {"ConnectionRefusedError"}
    assert len(taken.samples) < 10, "It does not storm at a server that is not there."


def test_a_server_that_hangs_up_is_an_error(address, answers: Answers) -> None:
    answers.say = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    answers.after = 1
    assert ask(address).fault == "closed"


def test_an_answer_that_never_ends_is_given_up(address, answers: Answers, monkeypatch) -> None:
    monkeypatch.setattr("tests.load.driver.PATIENCE", 0.3)
    answers.say = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    taken = drive(address, in_turn([GET], 1), warm_up=0, seconds=0.2)
    assert [sample.error for sample in taken.samples] == ["timeout"]


# == Figures ==
@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentiles_are_exact(share: float, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], share) == value


def test_of_nothing_there_is_nothing() -> None:
    assert percentile([], 0.5) == 0
    assert Kind.of([]).slowest == 0


def test_the_time_of_a_child_stays_with_its_parent(spend: Callable[[], Any]) -> None:
    """A worker process that ends in mid-run takes nothing out of the account."""
    import os

    before = used_by([os.getpid()])
    spend()
    assert used_by([os.getpid()]) - before >= 0.1
    assert times_of(2**22 + 1) is None


@pytest.fixture
def spend() -> Callable[[], Any]:
    import subprocess
    import sys

    code = "import time\nwhile time.process_time() < 0.15: pass"
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)
