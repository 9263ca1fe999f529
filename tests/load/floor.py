"""The least an authenticated, audited read can be: token, context, one SELECT, one audit insert, nothing else."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db import connection

from tests.load import CannotMeasure
from tests.load.bench import Bench, Instance, check_answers, in_turn
from tests.load.figures import Run
from tests.load.floor_app import token_for
from tests.load.people import Person, staff

CLIENTS = 64
PATIENCE = 120.0
KEPT_SECONDS = 75  # a connection that waits for its turn while the other side is slow


def run(bench: Bench) -> None:
    taken = measure(bench, readers(), bench.clients or CLIENTS)
    bench.no_errors(taken)


def readers() -> list[Person]:
    """Nurses, who reach all patients of their site by their team, and doctors where there are no nurses."""
    return staff("nurse", at_most=50, patients=200)


def pairs(people: Sequence[Person], at_most: int = 500) -> list[tuple[Person, str]]:
    """Who opens whom, all people taking turns."""
    longest = max(len(person.patients) for person in people)
    every = [
        (person, str(person.patients[place]))
        for place in range(longest)
        for person in people
        if place < len(person.patients)
    ]
    return every[:at_most]


def measure(bench: Bench, people: Sequence[Person], clients: int) -> Run:
    with serving() as instance:
        requests = [
            bench.request(
                "GET",
                f"/floor/{patient_id}",
                headers={"Authorization": f"Bearer {token_for(person.user_id, person.role)}"},
            )
            for person, patient_id in pairs(people)
        ]
        return bench.measure("floor", in_turn(requests, clients), instance=instance)


@contextlib.contextmanager
def serving(
    app: str = "tests.load.floor_app:served()",
    settings_module: str = "healthcare.settings.dev",
    *,
    processes: int = 2,
    threads: int = 8,
) -> Iterator[Instance]:
    """The bare app under gunicorn with the settings of the product, as the web login, on a port of its own.

    Or another app, with other settings, on the same database.
    """
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", app, f"--bind=127.0.0.1:{port}", f"--workers={processes}"]
    command += ["--worker-class=gthread", f"--threads={threads}", "--graceful-timeout=3", "--no-control-socket"]
    command.append(f"--keep-alive={KEPT_SECONDS}")
    place = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{place['HOST']}:{place['PORT']}/{place['NAME']}",
        "DJANGO_SETTINGS_MODULE": settings_module,
        "HC_PROCESS": "web",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    child = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        instance = Instance(f"http://127.0.0.1:{port}")
        wait_for(instance, child)
        yield instance
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def wait_for(instance: Instance, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return check_answers(instance)
        except CannotMeasure:
            if child.poll() is not None or time.monotonic() > until:
                raise
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
