"""The relay: wakes on NOTIFY or every two seconds, hands what is due to the workers, and stands in for them.

Any number may run side by side. What it holds is in PostgreSQL, so that it can be killed at any moment.
"""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock
from uuid import UUID

import psycopg
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Count, F, Q
from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events.broker import Broker
from healthcare.events.delivering import explode_events
from healthcare.events.jobs import Job
from healthcare.events.pulse import pulse
from healthcare.events.queues import QUEUES, URGENT, lease, patience
from healthcare.events.ticking import overdue_jobs, stand_in_for
from healthcare.events.work import Kind, all_kinds

log = logging.getLogger("healthcare.events")
CHANNEL = "outbox"
POLL = 2.0  # seconds
BREATH = 0.2  # seconds between two rounds: what comes meanwhile is one round's work, and costs what one fact costs
ROOM = 200  # rows of one kind and queue in the hands of the workers at a time
JOB_CHECK = 10.0  # seconds between two looks for jobs that nobody started
JOB_PATIENCE = 120.0  # seconds that the workers have to begin a job, before the relay sees to it itself


@dataclass(frozen=True)
class Due:
    kind: Kind
    queue: str
    handed: int


class Lane:
    """A few threads of the relay's own; what does not fit stays due, in the database."""

    def __init__(self, threads: int) -> None:
        self.free = 2 * threads
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(threads)

    def run(self, work: Callable[[], object]) -> None:
        with self._lock:
            self.free -= 1
        self._threads.submit(_on_own_connection, work).add_done_callback(self._done)

    def _done(self, future: "Future[None]") -> None:
        with self._lock:
            self.free += 1
        problem = None if future.cancelled() else future.exception()
        if problem is not None:
            log.error("the relay's own work failed", extra={"error": type(problem).__name__})

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)


class Relay:
    def __init__(self, broker: Broker | None = None) -> None:
        self.broker = broker or Broker()
        self.stopping = Event()
        # Routine work that waits for a slow carrier must not stand in the way of what is urgent.
        self._lanes = {URGENT: Lane(4), "": Lane(2)}
        self._jobs_at = time.monotonic()
        self._asked: dict[str, float] = {}  # jobs that the workers were asked to begin, and have not yet

    def run(self) -> None:
        """Until `stop()`. A database that goes away is waited for."""
        for _ in self._wakings():
            try:
                while self.run_once() and not self.stopping.is_set():
                    self.stopping.wait(BREATH)
            except (DatabaseError, InterfaceError) as problem:
                log.error("the relay lost the database", extra={"error": type(problem).__name__})
                connection.close()
                self.stopping.wait(POLL)
        for lane in self._lanes.values():
            lane.close()

    def stop(self) -> None:
        self.stopping.set()

    def run_once(self) -> bool:
        """Explode, hand out, see to the jobs; whether it is worth looking again at once."""
        exploded = explode_events()
        now = timezone.now()
        handed = sum(self._hand_out(due, now) for due in due_work(now))
        self._see_to_jobs(now)
        return bool(exploded or handed)

    def _hand_out(self, due: Due, now: datetime) -> int:
        count = self._stand_in(due, now)
        if self.broker.is_up:
            keys = take(due, ROOM - due.handed, now)
            # What is urgent goes one by one, to as many workers as there are.
            size = 1 if due.queue == URGENT else due.kind.at_once
            bundles = [keys[start : start + size] for start in range(0, len(keys), size)]
            sent = [key for part in bundles if self.broker.hand(due.kind.model, part, due.queue) for key in part]
            give_back(due.kind, set(keys) - set(sent))
            count += len(sent)
        return count

    def _stand_in(self, due: Due, now: datetime) -> int:
        """Do here what the workers have not done in time, as far as there are threads."""
        lane = self._lanes.get(due.queue, self._lanes[""])
        keys = take(due, lane.free, now, before=now - patience(due.queue, self.broker.is_up))
        for key in keys:
            lane.run(lambda key=key: due.kind.run(key))  # type: ignore[misc]
        return len(keys)

    def _see_to_jobs(self, now: datetime) -> None:
        if time.monotonic() - self._jobs_at < JOB_CHECK:
            return
        self._jobs_at = time.monotonic()
        pulse("relay")
        overdue = overdue_jobs(now)
        self._asked = {job.name: self._asked[job.name] for job in overdue if job.name in self._asked}
        for job in overdue:
            if not self._is_begun_elsewhere(job) and self._lanes[""].free > 0:
                self._lanes[""].run(lambda job=job: stand_in_for(job))  # type: ignore[misc]

    def _is_begun_elsewhere(self, job: Job) -> bool:
        """Asked of the workers once, and then waited for: what takes long is not for the relay, with urgent work."""
        if job.name in self._asked:
            return time.monotonic() - self._asked[job.name] < JOB_PATIENCE
        if asked := self.broker.begin(job.name, job.queue):
            self._asked[job.name] = time.monotonic()
        return asked

    def _wakings(self) -> Iterator[None]:
        """Once at the start, then at each NOTIFY and every POLL seconds at the latest."""
        while not self.stopping.is_set():
            try:
                with listening() as ears:
                    while not self.stopping.is_set():
                        yield
                        hear(ears)
            except psycopg.Error as problem:
                log.error("the relay hears nothing", extra={"error": type(problem).__name__})
                yield  # polling goes on
                self.stopping.wait(POLL)


def listening(channel: str = CHANNEL, name: str = "healthcare-relay") -> psycopg.Connection:
    """A connection of its own that LISTENs: no transaction of Django's ever runs on it."""
    settings = connection.settings_dict
    ears = psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        **{name: value for name, value in settings["OPTIONS"].items() if name.startswith("ssl")},
        application_name=name,
        autocommit=True,
    )
    ears.execute(f"LISTEN {channel}")
    return ears


def hear(ears: psycopg.Connection) -> None:
    """Wait for a NOTIFY, POLL seconds at most, and take those that came with it as one."""
    for timeout in (POLL, 0):
        for _ in ears.notifies(timeout=timeout, stop_after=1):
            pass


def due_work(now: datetime) -> list[Due]:
    """What is due, by kind and queue, the most urgent first."""
    found = []
    with acting_as_system("relay"):
        for kind in all_kinds():
            handed = Count("pk", filter=Q(handed_until__gt=now))
            rows = kind.rows.filter(next_at__lte=now).order_by().values("queue")
            counts = rows.annotate(due=Count("pk"), handed=handed).filter(due__gt=F("handed"))
            found += [Due(kind, row["queue"], row["handed"]) for row in counts]
    return sorted(found, key=lambda due: QUEUES.index(due.queue))


def take(due: Due, limit: int, now: datetime, before: datetime | None = None) -> list[UUID]:
    """Put up to `limit` rows that were due `before` (now) into somebody's hands, the longest due first."""
    if limit <= 0:
        return []
    with acting_as_system("relay"):
        rows = due.kind.rows.due(now).filter(queue=due.queue, next_at__lte=before or now).order_by("next_at")
        keys = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
        due.kind.rows.filter(pk__in=keys).update(handed_until=now + lease(due.queue))
    return keys


def give_back(kind: Kind, keys: set[UUID]) -> None:
    if keys:
        with acting_as_system("relay"):
            kind.rows.filter(pk__in=keys).update(handed_until=None)


def _on_own_connection(work: Callable[[], object]) -> None:
    close_old_connections()
    try:
        work()
    finally:
        close_old_connections()
