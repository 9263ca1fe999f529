"""The nightly roll-up of a whole year, in one go."""

import time
from datetime import timedelta

from django.utils import timezone

from analytics import actions
from healthcare.db.context import acting_as_system
from tests.load.bench import Bench
from tests.load.people import rows_of

DAYS = 365
COUNTED = """
SELECT count(*) FROM scheduling_appointment WHERE lower(during) >= now() - interval '366 days' AND lower(during) < now()
"""


def run(bench: Bench) -> None:
    now = timezone.now()
    last = timezone.localdate(now) - timedelta(days=1)
    began = time.perf_counter()
    with acting_as_system("roll_up"):
        days = actions.roll_up(by=None, day=last - timedelta(days=DAYS - 1), until=last, now=now)
    seconds = time.perf_counter() - began
    bench.fact("days counted", days)
    bench.fact("visits of the year", f"{rows_of(COUNTED)[0][0]:,}")
    bench.budget("roll-up of a year", seconds, 60, " s")
