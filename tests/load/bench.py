"""What the scripts share: the instance under test, one measured load after the other, and the report."""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from tests.load import CannotMeasure
from tests.load.driver import Client, Request, drive, message
from tests.load.figures import Budget, Report, Run
from tests.load.machine import Clock, describe
from tests.load.people import rows_of

JSON_BODY = "application/json"
FORM_BODY = "application/x-www-form-urlencoded"
SIZES = {
    "patients": "patients_patient",
    "providers": "accounts_provider",
    "appointments": "scheduling_appointment",
    "entries": "records_entry",
    "audit events": "audit_auditevent",
}
LARGE = 100_000
ABOUT = """
SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
FROM pg_partition_tree(%s::regclass) t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf
"""


@dataclass(frozen=True)
class Instance:
    """Where the clinic answers. Its database and secrets are those of this process's settings."""

    base_url: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.base_url)
        return parts.hostname or "127.0.0.1", parts.port or 80

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc


class Bench:
    """One script's work. `clients` and `seconds` are what the caller asked for, None where the script decides."""

    def __init__(self, name: str, title: str, instance: Instance, clients: int | None, seconds: float | None) -> None:
        self.instance, self.clients, self.seconds = instance, clients, seconds
        machine = describe(settings.BASE_DIR) | {"postgresql": postgresql()}
        self.report = Report(name, title, machine, sizes())

    def has_api(self) -> bool:
        """Whether programs are served: they are refused without a token, or told that they asked too often without."""
        return status_of(self.instance, "/v1/me") in (401, 429)

    def needs_api(self) -> None:
        if not self.has_api():
            raise CannotMeasure(f"{self.instance.base_url} has no /v1 that asks for a token.")

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        kind: str = "",
        expected: Sequence[int] = (200,),
    ) -> Request:
        data = message(method, target, host=self.instance.host, headers=headers, body=body)
        return Request(data, kind, frozenset(expected))

    def measure(
        self,
        what: str,
        clients: Sequence[Client],
        *,
        seconds: float | None = None,
        instance: Instance | None = None,
    ) -> Run:
        """Load the instance with these clients; a fifth of the time before it, five seconds at most, warms up."""
        where = instance or self.instance
        lasting = self.seconds or seconds or 10.0
        warm_up = min(max(lasting / 5, 0.2), 5.0)
        clock = Clock.of({"web": where.base_url, "database": database_address(), "cache": settings.REDIS_URL})
        before: list[dict[str, float]] = []
        timer = threading.Timer(warm_up, lambda: before.append(clock.read()))
        timer.daemon = True
        timer.start()
        taken = drive(where.address, clients, warm_up=warm_up, seconds=lasting)
        after = clock.read()
        timer.join()
        used = {part: after[part] - before[0][part] for part in after}
        run = Run.of(what, len(clients), warm_up, taken, used)
        self.report.runs.append(run)
        return run

    def budget(self, what: str, measured: float, limit: float, unit: str = "", *, at_least: bool = False) -> None:
        self.report.budgets.append(Budget(what, round(measured, 3), limit, unit, at_least))

    def no_errors(self, run: Run) -> None:
        self.budget(f"errors of {run.what}", run.error_count, 0)

    def cpu_budget(self, run: Run, limit: float) -> None:
        """Web and database together, where both run here; milliseconds a request."""
        if {"web", "database"} <= run.cpu.keys():
            spent = run.cpu["web"] + run.cpu["database"]
            self.budget(f"processor time of {run.what}, web and database", spent, limit, " ms")

    def fact(self, name: str, value: Any) -> None:
        self.report.facts[name] = value


def again(request: Callable[[], Request]) -> Client:
    """A client that asks at once whenever it is answered."""
    while True:
        yield request()


def in_turn(requests: Sequence[Request], clients: int) -> list[Client]:
    """So many clients who go round the same prepared requests, each beginning elsewhere."""

    def client(start: int) -> Client:
        while True:
            for place in range(len(requests)):
                yield requests[(start + place) % len(requests)]

    return [client(number * len(requests) // clients) for number in range(clients)]


def timed(times: int, act: Callable[[int], Any]) -> list[float]:
    """Milliseconds of each call, in order of length."""
    found = []
    for number in range(times):
        began = time.perf_counter()
        act(number)
        found.append(1000 * (time.perf_counter() - began))
    return sorted(found)


# == The instance ==
def check_answers(instance: Instance) -> None:
    """Raises CannotMeasure where nothing, or something else, answers at the address."""
    parts = urlsplit(instance.base_url)
    if parts.scheme != "http" or not parts.hostname:
        raise CannotMeasure(f"{instance.base_url} is not measured: give http://host:port, the site behind any TLS.")
    status = status_of(instance, "/livez")
    if status != 200:
        raise CannotMeasure(f"{instance.base_url} answers /livez with {status}.")


def status_of(instance: Instance, path: str) -> int:
    """Asked once, without a token or a cookie. Raises CannotMeasure where nothing answers."""
    line = http.client.HTTPConnection(*instance.address, timeout=60)
    try:
        line.request("GET", path)
        return line.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        raise CannotMeasure(f"{instance.base_url} does not answer ({type(problem).__name__}).") from problem
    finally:
        line.close()


def database_address() -> str:
    place = connection.settings_dict
    return f"postgresql://{place['HOST']}:{place['PORT']}"


def postgresql() -> str:
    return str(rows_of("SHOW server_version")[0][0]).split()[0]


def sizes() -> dict[str, int]:
    """Rows: counted in small tables, by the planner's estimate, which autovacuum keeps, in large ones."""
    found = {}
    for name, table in SIZES.items():
        estimate = int(rows_of(ABOUT, table)[0][0])
        found[name] = estimate if estimate > LARGE else int(rows_of(f"SELECT count(*) FROM {table}")[0][0])
    return found
