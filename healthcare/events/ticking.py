"""Each tick of a job runs once: beat starts it on time, a row decides who runs it, and the relay stands in for beat."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zlib import crc32

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events.jobs import Job, all_jobs
from healthcare.events.models import JobTick

log = logging.getLogger("healthcare.events")
LOCKS = 7_240_010  # the first half of the advisory locks of jobs
GRACE = timedelta(seconds=30)
KEPT = timedelta(days=7)
OWN_PROCESS = {"bulk", "maintenance"}  # jobs of these queues may take minutes


def run_job(name: str) -> bool:
    """Run the job unless this tick ran already or the job runs just now; whether it ran. What it raises is noted."""
    job = all_jobs()[name]
    with _alone(job) as free:
        if not free:
            return False
        tick = _claim(job, timezone.now())
        if tick is None:
            return False
        error = ""
        try:
            job.run()
        except Exception as problem:  # the next tick is the next attempt
            error = type(problem).__name__[:80]
            log.error("a job failed", extra={"job": name, "error": error})
        _note_end(tick, error)
    return True


def stand_in_for(job: Job) -> None:
    """Run what no worker runs. What may take long has a process of its own, and gives way to all others: the relay has
    urgent letters to see to.
    """
    if job.queue not in OWN_PROCESS:
        run_job(job.name)
        return
    command = ["nice", "-n", "10", sys.executable, str(settings.BASE_DIR / "manage.py"), "run_job", job.name]
    subprocess.run(command, check=True)  # noqa: S603  (a name of settings.BEAT)


def overdue_jobs(now: datetime) -> list[Job]:
    """Jobs whose last run is further back than an interval and a grace: beat or the broker is away."""
    with acting_as_system("relay"):
        ticks = JobTick.objects.filter(job__in=list(all_jobs())).order_by()
        last = dict(ticks.values_list("job").annotate(last=Max("created_at")))
    return [
        job
        for job in all_jobs().values()
        if job.name not in last or now - last[job.name] > timedelta(seconds=job.seconds) + GRACE
    ]


def prune_ticks() -> int:
    """Forget old runs, but not the last of a job: its age tells when the job is due."""
    with acting_as_system("prune"):
        last = JobTick.objects.order_by("job", "-created_at").distinct("job").values("pk")
        old = JobTick.objects.filter(created_at__lt=timezone.now() - KEPT)
        return old.exclude(pk__in=last).delete()[0]


def _claim(job: Job, now: datetime) -> JobTick | None:
    """The row of this tick, or None when somebody has it. Clocks set back find it there as well."""
    row = JobTick(job=job.name, tick=job.tick(now))
    with acting_as_system("job"):
        JobTick.objects.bulk_create([row], ignore_conflicts=True)
        return JobTick.objects.filter(pk=row.pk).first()


def _note_end(tick: JobTick, error: str) -> None:
    with acting_as_system("job"):
        JobTick.objects.filter(pk=tick.pk).update(finished_at=timezone.now(), error=error)


@contextmanager
def _alone(job: Job) -> Iterator[bool]:
    """Whether no other process runs this job now. The lock belongs to the connection, and dies with the process."""
    key = crc32(job.name.encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s::integer, %s::integer)", [LOCKS, key])
        free = bool(cursor.fetchone()[0])
    try:
        yield free
    finally:
        if free and connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s::integer, %s::integer)", [LOCKS, key])
