"""Open pages hear within a second that there is something new for them, from a small process beside the site.

Server-sent events (HTML standard, 9.2): `news` or `urgent`, and nothing else is said. The page then asks the site, by
its own session and rights, so that what this process gets wrong shows nobody anything. A thread reads what PostgreSQL
notifies; every page is one open connection. Without this process pages ask by themselves each half minute.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from aiohttp import web
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from healthcare.accounts.middleware import seat
from healthcare.accounts.models import Session
from healthcare.events.relay import listening
from healthcare.messaging.live import CHANNEL, NEWS, heard

log = logging.getLogger("healthcare.ui")
PATH = "/live/stream"
BEAT = 15.0  # seconds of silence after which a comment is sent, so that no proxy takes the line for dead
AGAIN = 30.0  # seconds after which a session is looked at again
MOST = 12  # pages of one account: a browser tab each, hidden ones hang up
END = ""
RETRY = b"retry: 3000\n\n"
DEAF = 2.0  # seconds between two attempts to reach the database


@dataclass(eq=False)
class Page:
    """One open page: whose it is, and what it was not told yet."""

    key: str
    words: asyncio.Queue[str] = field(default_factory=asyncio.Queue)


class Stream:
    """Who listens, by account, and the thread that hears for all of them."""

    def __init__(self, *, beat: float = BEAT, again: float = AGAIN) -> None:
        self.beat, self.again = beat, again
        self.pages: dict[UUID, set[Page]] = defaultdict(set)
        self.stopping, self.hears = Event(), Event()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get(PATH, self.open_page)
        app.router.add_get("/livez", self.livez)
        app.cleanup_ctx.append(self._listening)
        app.on_shutdown.append(self._hang_up)
        return app

    async def livez(self, _request: web.Request) -> web.Response:
        """Whether it hears anything: 503 while the database is away."""
        return web.Response(status=200 if self.hears.is_set() else 503)

    async def open_page(self, request: web.Request) -> web.StreamResponse:
        """The stream of one page, until it hangs up or its session ends.

        204 without one, and past so many pages of an account: then the browser asks no more (HTML standard, 9.2.3).
        """
        page = Page(request.cookies.get(settings.SESSION_COOKIE_NAME, ""))
        user_id = await whose(page.key)
        if user_id is None or len(self.pages[user_id]) >= MOST:
            return web.Response(status=204, headers=_leave(request))
        answer = web.StreamResponse(headers=_leave(request) | {"Cache-Control": "no-store"})
        answer.content_type = "text/event-stream"
        self.pages[user_id].add(page)
        try:
            await answer.prepare(request)
            await answer.write(RETRY)
            await self._tell_all(page, answer)
        except ConnectionError:
            pass  # the page hung up
        finally:
            self.pages[user_id].discard(page)
            if not self.pages[user_id]:
                del self.pages[user_id]
        return answer

    async def _tell_all(self, page: Page, answer: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        look_again = loop.time() + self.again
        while True:
            try:
                word = await asyncio.wait_for(page.words.get(), self.beat)
                if word == END:
                    return
                await answer.write(f"event: {word}\ndata: .\n\n".encode())
            except TimeoutError:
                await answer.write(b":\n\n")
            if loop.time() >= look_again:
                if await whose(page.key) is None:
                    return
                look_again = loop.time() + self.again

    def tell(self, word: str, people: Iterable[UUID]) -> None:
        for user_id in people:
            for page in self.pages.get(user_id, ()):
                page.words.put_nowait(word)

    async def _hang_up(self, _app: web.Application) -> None:
        """So that the process ends at once; the browsers come back by themselves."""
        self.tell(END, list(self.pages))

    async def _listening(self, _app: web.Application) -> AsyncIterator[None]:
        ears = Thread(target=self._hear, args=[asyncio.get_running_loop()], daemon=True)
        ears.start()
        yield
        self.stopping.set()
        await asyncio.to_thread(ears.join)

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        """Until the process ends. What was said while the database was away nobody knows: then all pages ask."""
        missed = False
        while not self.stopping.is_set():
            try:
                with listening(CHANNEL, "healthcare-live") as ears:
                    if missed:
                        loop.call_soon_threadsafe(lambda: self.tell(NEWS, list(self.pages)))
                    self.hears.set()
                    while not self.stopping.is_set():
                        for notice in ears.notifies(timeout=0.5):
                            with contextlib.suppress(ValueError):
                                loop.call_soon_threadsafe(self.tell, *heard(notice.payload))
            except psycopg.Error as problem:
                log.error("the stream hears nothing", extra={"error": type(problem).__name__})
                missed = True
                self.hears.clear()
                self.stopping.wait(DEAF)


@sync_to_async
def whose(key: str) -> UUID | None:
    """Whose session this is, once the sign-in is complete. To ask keeps no session alive."""
    close_old_connections()
    row = Session.objects.get_of_key(key, timezone.now())
    if row is None or row.user is None or not row.user.is_active:
        return None
    seat(row.user, row)
    return row.user_id if row.user.acting_role else None


def _leave(request: web.Request) -> dict[str, str]:
    """Leave for a page of the same host, whatever its port: without a proxy before both, the site has another one."""
    origin = request.headers.get("Origin", "")
    if not origin or urlsplit(origin).hostname != urlsplit(f"//{request.host}").hostname:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", "Vary": "Origin"}
