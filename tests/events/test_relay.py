import os
import signal
import threading
import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from kombu.exceptions import OperationalError

from healthcare.events import broker as broker_module
from healthcare.events import carries_out, publish, ticking, work
from healthcare.events.broker import Broker
from healthcare.events.delivering import AT_ONCE
from healthcare.events.models import Delivery, JobTick
from healthcare.events.relay import JOB_CHECK, JOB_PATIENCE, ROOM, Lane, Relay
from tests.events.announcements import Happened, UrgentlyHappened, effects
from tests.events.draining import as_worker
from tests.roles import taking_role

pytestmark = pytest.mark.django_db


class Post:
    """A broker that takes everything, or nothing."""

    def __init__(self, is_up: bool = True) -> None:
        self.is_up = is_up
        self.handed: list[tuple[str, UUID, str]] = []
        self.tasks: list[int] = []
        self.begun: list[tuple[str, str]] = []

    def begin(self, job: str, queue: str) -> bool:
        if self.is_up:
            self.begun.append((job, queue))
        return self.is_up

    def hand(self, model: str, keys: Collection[UUID], queue: str) -> bool:
        if self.is_up:
            self.tasks.append(len(keys))
            self.handed += [(model, key, queue) for key in keys]
        return self.is_up

    @property
    def queues(self) -> list[str]:
        return [queue for _, _, queue in self.handed]


class HereAndNow:
    """A lane without threads: it runs at once, in the test's own transaction."""

    def __init__(self, free: int = 8) -> None:
        self.free = free

    def run(self, function: Any) -> None:
        function()

    def close(self) -> None:
        pass


@pytest.fixture
def relay(subscribers: None) -> Iterator[Relay]:
    relay = Relay(broker=Post())  # type: ignore[arg-type]
    relay._lanes = {name: HereAndNow() for name in relay._lanes}  # type: ignore[misc]
    with taking_role("worker"):
        yield relay


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def test_the_urgent_is_handed_out_first(relay: Relay) -> None:
    publish(Happened(1))
    publish(UrgentlyHappened(2))
    assert relay.run_once()
    assert relay.broker.queues == ["urgent", "default", "bulk"]
    assert as_worker(effects, 2) == 0  # the workers do it


def test_many_go_to_a_worker_as_one_task_and_the_urgent_one_by_one(relay: Relay) -> None:
    for number in range(AT_ONCE + 5):
        publish(UrgentlyHappened(number), Happened(number))
    relay.run_once()
    urgent, ordinary, bulk = [1] * (AT_ONCE + 5), [AT_ONCE, 5], [AT_ONCE, 5]
    assert relay.broker.tasks == urgent + ordinary + bulk
    assert len(set(relay.broker.handed)) == 3 * (AT_ONCE + 5)


def test_what_is_in_somebodys_hands_is_not_handed_out_again(relay: Relay, clock: Any) -> None:
    publish(Happened(3))
    relay.run_once()
    clock.shift(timedelta(seconds=29))
    assert not relay.run_once()
    assert len(relay.broker.handed) == 2


def test_what_the_workers_lost_is_handed_out_again(relay: Relay, clock: Any) -> None:
    publish(Happened(4))
    relay.run_once()
    clock.shift(timedelta(seconds=31))
    assert relay.run_once()
    assert len(relay.broker.handed) == 4


def test_without_a_broker_the_relay_does_the_urgent_at_once_and_the_rest_a_little_later(
    relay: Relay, clock: Any
) -> None:
    relay.broker.is_up = False
    publish(Happened(5))
    publish(UrgentlyHappened(6))
    assert relay.run_once()
    assert as_worker(effects, 6) == 1
    assert as_worker(effects, 5) == 0
    clock.shift(timedelta(seconds=30))
    assert relay.run_once()
    assert as_worker(effects, 5) == 2


def test_urgent_work_that_no_worker_takes_up_is_done_by_the_relay(relay: Relay, clock: Any) -> None:
    publish(UrgentlyHappened(7))
    relay.run_once()
    clock.shift(timedelta(seconds=16))
    relay.run_once()
    assert as_worker(effects, 7) == 1


def test_a_busy_lane_leaves_work_in_the_database(relay: Relay) -> None:
    relay.broker.is_up = False
    relay._lanes["urgent"].free = 0
    publish(UrgentlyHappened(8))
    relay.run_once()
    assert as_worker(effects, 8) == 0
    assert as_worker(lambda: Delivery.objects.get().handed_until) is None


def test_a_broker_that_fails_in_the_middle_gives_the_work_back(relay: Relay) -> None:
    class Falls(Post):
        def hand(self, *arguments: Any) -> bool:
            self.is_up = False
            return False

    relay.broker = Falls()  # type: ignore[assignment]
    publish(Happened(9))
    relay.run_once()
    assert as_worker(lambda: Delivery.objects.filter(handed_until__isnull=True).count()) == 2


def test_the_workers_hold_only_so_much_at_a_time(relay: Relay, clock: Any) -> None:
    for number in range(ROOM + 30):
        publish(UrgentlyHappened(number))
    relay.run_once()
    relay.run_once()
    assert len(relay.broker.handed) == ROOM
    as_worker(lambda: Delivery.objects.filter(handed_until__isnull=False).update(status="dead", next_at=None))
    relay.run_once()
    assert len(relay.broker.handed) == ROOM + 30


def test_ten_thousand_due_things_do_not_stand_before_an_urgent_one(relay: Relay, clock: Any) -> None:
    for number in range(ROOM + 1):
        publish(Happened(number))
    relay.run_once()
    publish(UrgentlyHappened(99_999))
    relay.run_once()
    relay.run_once()
    assert relay.broker.queues[-1] == "urgent"


SWEEP = "healthcare.messaging.tasks.sweep_messages"


def look_for_jobs(relay: Relay) -> None:
    relay._jobs_at -= JOB_CHECK
    relay.run_once()


@pytest.fixture
def stood_in(monkeypatch: Any) -> list[str]:
    """Jobs that the relay saw to itself."""
    ran: list[str] = []
    monkeypatch.setattr("healthcare.events.relay.stand_in_for", lambda job: ran.append(job.name))
    return ran


def test_the_relay_asks_the_workers_once_to_begin_what_nobody_began(relay: Relay, stood_in: list[str]) -> None:
    relay.run_once()
    assert relay.broker.begun == []  # beat has a moment to begin
    look_for_jobs(relay)
    assert (SWEEP, "default") in relay.broker.begun
    asked = len(relay.broker.begun)
    look_for_jobs(relay)
    assert len(relay.broker.begun) == asked
    assert stood_in == []


def test_the_relay_sees_to_jobs_that_no_worker_begins(relay: Relay, stood_in: list[str]) -> None:
    look_for_jobs(relay)
    relay._asked[SWEEP] -= JOB_PATIENCE
    look_for_jobs(relay)
    assert stood_in == [SWEEP]


def test_what_a_worker_began_is_asked_for_anew_at_its_next_time(relay: Relay, stood_in: list[str]) -> None:
    look_for_jobs(relay)
    row = JobTick(job=SWEEP, tick=1)
    as_worker(lambda: JobTick.objects.bulk_create([row]))
    look_for_jobs(relay)
    assert SWEEP not in relay._asked
    as_worker(lambda: JobTick.objects.all().delete())
    look_for_jobs(relay)
    assert [name for name, _queue in relay.broker.begun].count(SWEEP) == 2


def test_without_a_broker_the_relay_sees_to_jobs_itself(relay: Relay, stood_in: list[str]) -> None:
    relay.broker.is_up = False
    look_for_jobs(relay)
    assert SWEEP in stood_in
    stood_in.clear()
    relay._lanes[""].free = 0
    look_for_jobs(relay)
    assert stood_in == []


def test_two_functions_do_not_carry_out_the_same_rows() -> None:
    with pytest.raises(ValueError, match=r"events\.Delivery"):
        carries_out("events.Delivery")(lambda key: None)
    with pytest.raises(LookupError):
        work.kind_of("events.Nothing")


class App:
    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.sent: list[Any] = []

    def send_task(self, name: str, kwargs: dict[str, str], queue: str, retry: bool) -> None:
        if self.problem:
            raise self.problem
        self.sent.append((name, kwargs, queue, retry))


def test_the_broker_gets_ids_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App()
    monkeypatch.setattr(broker_module, "import_string", lambda name: app)
    key = UUID(int=5)
    assert Broker().hand("events.Delivery", [key], "bulk")
    assert Broker().begin(SWEEP, "default")
    assert app.sent == [
        ("events.carry_out", {"model": "events.Delivery", "keys": [str(key)]}, "bulk", False),
        ("events.job", {"name": SWEEP}, "default", False),
    ]


@pytest.mark.parametrize("problem", [OperationalError("gone"), ConnectionRefusedError(), TimeoutError()])
def test_a_dead_broker_costs_one_attempt_every_few_seconds(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    app = App(problem)
    monkeypatch.setattr(broker_module, "import_string", lambda name: app)
    moment = 100.0
    monkeypatch.setattr(broker_module.time, "monotonic", lambda: moment)
    post = Broker()
    assert not post.hand("events.Delivery", [UUID(int=5)], "bulk")
    assert not post.is_up
    app.problem = None
    assert not post.hand("events.Delivery", [UUID(int=5)], "bulk")
    moment += broker_module.PAUSE
    assert post.hand("events.Delivery", [UUID(int=5)], "bulk")
    assert len(app.sent) == 1


def test_a_lane_counts_what_it_holds_and_survives_failures() -> None:
    lane, gate, failed = Lane(1), threading.Event(), threading.Event()
    lane.run(gate.wait)

    def fail() -> None:
        failed.set()
        raise ValueError

    lane.run(fail)
    assert lane.free == 0  # one runs, one waits
    gate.set()
    assert failed.wait(5)
    lane.close()
    assert lane.free == 2


def test_the_command_needs_the_workers_login(settings: Any) -> None:
    settings.PROCESS = "web"
    with pytest.raises(CommandError, match="HC_PROCESS=worker"):
        call_command("relay")


def test_the_command_replays_what_was_given_up(settings: Any, subscribers: None, capsys: Any) -> None:
    settings.PROCESS = "worker"
    publish(UrgentlyHappened(1))
    with taking_role("worker"):
        from healthcare.events.delivering import explode_events

        explode_events()
        as_worker(lambda: Delivery.objects.update(status="dead", next_at=None))
        call_command("relay", "--replay-dead")
    assert "1 deliveries are due again" in capsys.readouterr().out


def test_a_lost_database_is_waited_for(monkeypatch: pytest.MonkeyPatch, relay: Relay) -> None:
    from django.db import OperationalError as DatabaseGone

    tries: list[int] = []

    def run_once() -> bool:
        tries.append(1)
        if len(tries) == 3:
            relay.stop()
        if len(tries) < 3:
            raise DatabaseGone("secret")
        return False

    monkeypatch.setattr(relay, "run_once", run_once)
    monkeypatch.setattr(relay, "_wakings", lambda: iter([None] * 3))
    monkeypatch.setattr("healthcare.events.relay.connection.close", lambda: None)
    monkeypatch.setattr(relay.stopping, "wait", lambda seconds: None)
    relay.run()
    assert len(tries) == 3


def test_without_ears_the_relay_still_polls(monkeypatch: pytest.MonkeyPatch, relay: Relay) -> None:
    import psycopg

    def deaf() -> Any:
        raise psycopg.OperationalError

    monkeypatch.setattr("healthcare.events.relay.listening", deaf)
    monkeypatch.setattr(relay.stopping, "wait", lambda seconds: None)
    wakings = relay._wakings()
    next(wakings)
    next(wakings)
    relay.stop()
    assert list(wakings) == []


def test_ticking_is_not_needed_for_deliveries(relay: Relay) -> None:
    assert not relay.run_once()
    assert ticking.overdue_jobs(datetime.now(UTC))


@pytest.mark.django_db(transaction=True)
def test_a_commit_is_heard_and_many_are_heard_as_one(subscribers: None) -> None:
    relay = Relay(broker=Post())  # type: ignore[arg-type]
    wakings = relay._wakings()
    next(wakings)
    for number in range(5):
        with transaction.atomic():
            publish(Happened(number))
    started = time.monotonic()
    next(wakings)
    assert time.monotonic() - started < 1.5
    relay.stop()
    assert list(wakings) == []
    for lane in relay._lanes.values():
        lane.close()


def test_work_of_the_relays_own_threads_has_its_own_connection() -> None:
    done = threading.Event()
    lane = Lane(1)
    lane.run(done.set)
    assert done.wait(5)
    lane.close()


def test_the_command_runs_until_it_is_told_to_stop(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PROCESS = "worker"
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(Relay, "_wakings", lambda relay: iter(lambda: relay.stopping.is_set(), True))
    monkeypatch.setattr(Relay, "run_once", lambda relay: os.kill(os.getpid(), signal.SIGTERM))
    try:
        call_command("relay")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
