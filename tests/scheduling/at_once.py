"""Several clients on real connections, let go together, again and again."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from django.db import connection, connections

from scheduling.actions import Crowded

PATIENCE = 120  # seconds for one round
AGAIN = 10  # times that a client asks anew when told that many are booking at this moment


def rounds(count: int, clients: Sequence[Callable[[int], str]]) -> Counter[str]:
    """Each client is called with 0 to `count` - 1 in a thread of its own, all of them at once for each round.

    Returns how often each outcome came; an exception is one too, by its type and text.
    """
    gate, outcomes, lock = threading.Barrier(len(clients), timeout=PATIENCE), Counter[str](), threading.Lock()

    def run(client: Callable[[int], str]) -> None:
        try:
            for number in range(count):
                gate.wait()
                outcome = attempt(client, number)
                with lock:
                    outcomes[outcome] += 1
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def attempt(client: Callable[[int], str], number: int) -> str:
    try:
        return patiently(client, number)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"


def patiently(client: Callable[[int], str], number: int) -> str:
    """A busy machine may keep somebody from the lock for longer than they wait: they are asked to try again, and do."""
    for _time in range(AGAIN):
        with suppress(Crowded):
            return client(number)
    return client(number)


def deadlocks() -> int:
    """How many the server has seen in this database since it counts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


OVERLAPS = """
SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b
ON a.{whose} = b.{whose} AND a.id < b.id AND a.during && b.during
WHERE a.status NOT IN ('cancelled', 'no_show', 'left') AND b.status NOT IN ('cancelled', 'no_show', 'left')
"""


def overlaps(whose: str) -> int:
    """Pairs of standing visits of one provider, or of one patient, that overlap by their own times."""
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS.format(whose=whose))
        return int(cursor.fetchone()[0])
