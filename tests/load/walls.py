"""What the audit and both walls cost when a chart is opened, beside the same chart on the same database without."""

import http.client
import random
import time
from collections.abc import Sequence
from contextlib import closing
from statistics import median

from tests.load import CannotMeasure
from tests.load.bench import Bench, Instance, in_turn
from tests.load.floor import serving
from tests.load.people import session_of, staff

PRODUCT = "healthcare.wsgi"
UNWALLED = ("tests.load.unwalled:served()", "tests.load.unwalled_settings")
PAIRS, WARM_UP = 400, 40
PATIENTS = 20
ROUNDS, SECONDS = 3, 5.0


def run(bench: Bench) -> None:
    """Charts of one doctor's patients, opened on one and on the other, in an order that chance decides each time.

    First by the clock, in pairs; then by processor time, which other work on the machine changes less, in turn.
    """
    doctor = staff("doctor", at_most=1, patients=PATIENTS)[0]
    paths = [f"/patients/{patient_id}/" for patient_id in doctor.patients]
    cookie = session_of(doctor)
    alone = {"processes": 1, "threads": 1}  # one connection, whose plans are soon made
    with serving(PRODUCT, **alone) as walled, serving(*UNWALLED, **alone) as unwalled:
        with closing(Opening(walled, cookie)) as first, closing(Opening(unwalled, cookie)) as second:
            turns = [paths[number % len(paths)] for number in range(WARM_UP + pairs(bench))]
            taken = [pair((first, second), path) for path in turns][WARM_UP:]
        sides = (walled, unwalled)
        spent = [[processor_time(bench, side, paths, cookie) for side in sides] for _round in range(ROUNDS)]
    with_walls, without = (median(one[side] for one in taken) for side in (0, 1))
    bench.fact("charts opened on each", len(taken))
    bench.fact("median with audit and both walls", f"{with_walls:.1f} ms")
    bench.fact("median without", f"{without:.1f} ms")
    bench.fact("median of the differences", f"{median(one - other for one, other in taken):.1f} ms")
    cost = median(one - other for one, other in spent)
    bench.budget("what audit and both walls cost a chart, processor time", cost, 3, " ms")


def processor_time(bench: Bench, instance: Instance, paths: Sequence[str], cookie: str) -> float:
    """Milliseconds a chart, web and database together, for one reader after the other."""
    requests = [bench.request("GET", path, headers={"Cookie": cookie}, kind="chart") for path in paths]
    taken = bench.measure(f"chart at {instance.base_url}", in_turn(requests, 1), seconds=SECONDS, instance=instance)
    bench.no_errors(taken)
    return taken.cpu["web"] + taken.cpu["database"]


def pairs(bench: Bench) -> int:
    """About as many as fit into the seconds that were asked for; else enough for a median that stands still."""
    return PAIRS if bench.seconds is None else max(int(bench.seconds * 10), 5)


def pair(openings: tuple["Opening", "Opening"], path: str) -> tuple[float, float]:
    """Milliseconds of both."""
    found = {}
    for side in random.sample((0, 1), 2):
        found[side] = openings[side].take(path)
    return found[0], found[1]


class Opening:
    """One browser, signed in, on a connection that stays open."""

    def __init__(self, instance: Instance, cookie: str) -> None:
        self.line = http.client.HTTPConnection(*instance.address, timeout=30)
        self.cookie = cookie

    def take(self, path: str) -> float:
        """Milliseconds until the whole page is there. Raises CannotMeasure where there is none."""
        began = time.perf_counter()
        self.line.request("GET", path, headers={"Cookie": self.cookie})
        answer = self.line.getresponse()
        answer.read()
        if answer.status != 200:
            self.close()
            raise CannotMeasure(f"The chart answers {answer.status}.")
        return 1000 * (time.perf_counter() - began)

    def close(self) -> None:
        self.line.close()
