"""The stream beside the site: who is signed in hears that there is news, and nobody hears more."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import Session, User
from healthcare.messaging.live import URGENT, nudge
from healthcare.ui import streaming
from healthcare.ui.streaming import MOST, PATH, Stream
from tests.accounts.conftest import colleague, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'healthcare-live' AND datname = current_database()
"""
PATIENCE = 30  # seconds for what is to come at once


@dataclass
class Live:
    stream: Stream
    port: int

    @contextmanager
    def answer(self, client: Client, **headers: str) -> Iterator[HTTPResponse]:
        cookie = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
            line.request("GET", PATH, headers={"Cookie": f"sessionid={cookie}"} | headers)
            with line.getresponse() as answer:
                yield answer

    @contextmanager
    def page(self, client: Client, **headers: str) -> Iterator[HTTPResponse]:
        with self.answer(client, **headers) as answer:
            assert answer.status == 200
            assert answer.readline() == b"retry: 3000\n"
            yield answer


@pytest.fixture
def live() -> Iterator[Live]:
    """The process as it runs, in a thread of this one, with a quick pulse."""
    stream, loop = Stream(beat=0.2, again=0.2), asyncio.new_event_loop()
    runner = web.AppRunner(stream.application(), shutdown_timeout=0.1, handler_cancellation=True)

    async def opened() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    async def closed() -> None:
        await runner.cleanup()
        await sync_to_async(connections.close_all)()

    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(opened(), loop).result(PATIENCE)
    assert stream.hears.wait(PATIENCE)
    yield Live(stream, port)
    asyncio.run_coroutine_threadsafe(closed(), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.close()


@pytest.fixture
def doctor() -> User:
    return colleague("doctor")


def words(answer: HTTPResponse, how_many: int) -> list[str]:
    """The next so many events, whatever is sent between them to keep the line open."""
    found: list[str] = []
    while len(found) < how_many:
        line = answer.readline().decode()
        assert line, "the stream ended"
        if line.startswith("event: "):
            found.append(line.removeprefix("event: ").strip())
    return found


def is_soon(what: Callable[[], bool]) -> bool:
    end = monotonic() + PATIENCE
    while not what() and monotonic() < end:
        sleep(0.05)
    return what()


def test_it_tells_what_is_new_to_whom_it_is_for(live: Live, doctor: User) -> None:
    with live.page(sign_in(doctor)) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        nudge([uuid4()], URGENT)
        nudge([doctor.pk])
        nudge([doctor.pk, uuid4()], URGENT)
        assert words(answer, 2) == ["news", "urgent"]


def test_nothing_but_words_of_ours_is_passed_on(live: Live, doctor: User) -> None:
    with live.page(sign_in(doctor)) as answer:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('live', %s)", [f"Wilhelmina {doctor.pk}"])
        nudge([doctor.pk])
        assert words(answer, 1) == ["news"]


@pytest.mark.parametrize("how", [{"role": "doctor", "verified": False}, None])
def test_who_is_not_signed_in_whole_hears_nothing(live: Live, doctor: User, how: dict[str, Any] | None) -> None:
    with live.answer(sign_in(doctor, **how) if how else Client()) as answer:
        assert answer.status == 204


def test_a_session_that_ends_ends_its_stream_and_is_not_kept_alive_by_it(live: Live, doctor: User) -> None:
    client = sign_in(doctor)
    acted = Session.objects.get().last_action_at
    with live.page(client) as answer:
        nudge([doctor.pk])
        assert words(answer, 1) == ["news"]
        assert Session.objects.get().last_action_at == acted
        Session.objects.all().delete()
        assert answer.read().count(b"event") == 0
    assert is_soon(lambda: live.stream.pages == {})


def test_who_left_the_clinic_hears_nothing(live: Live, doctor: User) -> None:
    client = sign_in(doctor)
    with live.page(client) as answer:
        User.objects.filter(pk=doctor.pk).update(is_active=False, deactivated_at=timezone.now())
        assert answer.read().count(b"event") == 0


def test_a_page_that_hung_up_is_forgotten(live: Live, doctor: User) -> None:
    with live.page(sign_in(doctor)):
        assert list(live.stream.pages) == [doctor.pk]
    assert is_soon(lambda: live.stream.pages == {})


def test_who_turns_pages_quickly_is_never_refused(live: Live, doctor: User) -> None:
    """Each page is hung up before the next one opens, and nothing is sent between that would find the line dead."""
    live.stream.beat, client = 1000.0, sign_in(doctor)
    for _each in range(2 * MOST):
        with live.page(client):
            pass
        assert is_soon(lambda: live.stream.pages == {})


def test_one_account_opens_so_many_and_no_more(live: Live, doctor: User) -> None:
    client = sign_in(doctor)
    with ExitStack() as held:
        for _each in range(MOST):
            held.enter_context(live.page(client))
        with live.answer(client) as answer:
            assert answer.status == 204


@pytest.mark.parametrize(
    ("origin", "leave"),
    [("http://127.0.0.1:8000", True), ("http://elsewhere.example", False), ("http://127.0.0.1.example", False)],
)
def test_a_page_of_this_host_alone_may_read_it(live: Live, doctor: User, origin: str, leave: bool) -> None:
    with live.page(sign_in(doctor), Origin=origin) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == (origin if leave else None)


def test_it_says_whether_it_hears(live: Live) -> None:
    with closing(HTTPConnection("127.0.0.1", live.port, timeout=PATIENCE)) as line:
        line.request("GET", "/livez")
        with line.getresponse() as answer:
            assert answer.status == 200
        live.stream.hears.clear()
        line.request("GET", "/livez")
        with line.getresponse() as answer:
            assert answer.status == 503


def test_while_the_database_is_away_it_waits_and_then_all_pages_ask(
    live: Live, doctor: User, monkeypatch: pytest.MonkeyPatch, superuser: Any
) -> None:
    monkeypatch.setattr(streaming, "DEAF", 0.1)
    with live.page(sign_in(doctor)) as answer:
        ended = superuser.execute(CUT).fetchall()
        assert ended == [(True,)]
        assert words(answer, 1) == ["news"]
        nudge([doctor.pk], URGENT)
        assert words(answer, 1) == ["urgent"]
