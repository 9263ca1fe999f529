from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connection

from healthcare.events import checks, every, jobs, tasks, ticking
from healthcare.events.models import JobTick
from healthcare.events.ticking import overdue_jobs, prune_ticks, run_job
from tests.events.draining import as_worker
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
RAN: list[str] = []
NAME = "tests.events.test_jobs.job_of_a_minute"
BROKEN = "tests.events.test_jobs.broken_job"


@every(seconds=60)
def job_of_a_minute() -> None:
    RAN.append("minute")


@every(seconds=60, queue="default")
def broken_job() -> None:
    raise ValueError("Ada Lovelace")


def no_job() -> None:
    """Not marked."""


@pytest.fixture(autouse=True)
def _two_jobs(settings: Any) -> Iterator[None]:
    settings.BEAT = [NAME, BROKEN]
    jobs.all_jobs.cache_clear()
    RAN.clear()
    with taking_role("worker"):
        yield
    jobs.all_jobs.cache_clear()


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.mark.bug(25)
def test_two_beats_run_a_tick_once(clock: Any) -> None:
    assert [run_job(NAME), run_job(NAME)] == [True, False]
    assert RAN == ["minute"]


@pytest.mark.bug(25)
def test_the_next_tick_runs_again_also_over_a_change_of_summer_time(clock: Any) -> None:
    run_job(NAME)
    clock.shift(timedelta(seconds=60))
    assert run_job(NAME)


@pytest.mark.bug(25)
def test_a_clock_set_back_repeats_nothing(clock: Any) -> None:
    run_job(NAME)
    clock.shift(timedelta(seconds=60))
    run_job(NAME)
    clock.shift(timedelta(seconds=-60))
    assert not run_job(NAME)


def test_a_failing_job_is_noted_by_kind_and_tried_at_its_next_tick(clock: Any) -> None:
    assert run_job(BROKEN)
    row = as_worker(JobTick.objects.get)
    assert (row.error, row.finished_at) == ("ValueError", datetime.now(UTC))
    clock.shift(timedelta(seconds=60))
    assert run_job(BROKEN)


def test_a_job_does_not_run_beside_itself(superuser: Any) -> None:
    key = ticking.crc32(NAME.encode()) - 2**31
    superuser.execute("SELECT pg_advisory_lock(%s::integer, %s::integer)", [ticking.LOCKS, key])
    assert not run_job(NAME)
    superuser.execute("SELECT pg_advisory_unlock_all()")
    assert run_job(NAME)


def test_the_lock_is_given_back() -> None:
    run_job(NAME)
    run_job(BROKEN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone()[0] == 0


def test_a_job_is_overdue_an_interval_and_a_grace_after_its_last_run() -> None:
    now = datetime.now(UTC)
    assert [job.name for job in overdue_jobs(now)] == [NAME, BROKEN]
    run_job(NAME)
    run_job(BROKEN)
    assert overdue_jobs(now + timedelta(seconds=80)) == []
    assert len(overdue_jobs(now + timedelta(seconds=100))) == 2


def test_old_runs_are_forgotten_but_the_last_one_stays() -> None:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as clock:
        for _ in range(3):
            run_job(NAME)
            clock.shift(timedelta(seconds=60))
    assert prune_ticks() == 2
    assert as_worker(JobTick.objects.count) == 1


def test_the_tasks_make_one_call_each(monkeypatch: Any) -> None:
    assert tasks.job(name=NAME) is None
    assert RAN == ["minute"]
    tasks.carry_out(model="events.Delivery", keys=["01890000-0000-7000-8000-000000000000"])  # unknown: nothing happens
    tasks.prune_events()


def test_a_job_is_run_by_hand_once_a_tick(clock: Any) -> None:
    said = [call(), call()]
    assert said == [f"{NAME} ran.\n", f"{NAME} runs elsewhere, or ran already in this tick.\n"]
    assert RAN == ["minute"]
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("run_job", "os.remove")


def call() -> str:
    out = StringIO()
    call_command("run_job", NAME, stdout=out)
    return out.getvalue()


def test_what_may_take_long_has_a_process_of_its_own_that_gives_way(monkeypatch: Any, clock: Any) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(ticking.subprocess, "run", lambda command, **options: begun.append(command))
    found = jobs.all_jobs()
    ticking.stand_in_for(found[BROKEN])
    assert begun == []  # short, and here
    ticking.stand_in_for(found[NAME])
    assert begun[0][:3] == ["nice", "-n", "10"]
    assert begun[0][-2:] == ["run_job", NAME]
    assert RAN == []


def test_the_check_names_what_is_no_job(settings: Any) -> None:
    assert checks.jobs_exist() == []
    for wrong in ("nowhere.at_all", "tests.events.test_jobs.no_job"):
        settings.BEAT = [wrong]
        jobs.all_jobs.cache_clear()
        assert [problem.id for problem in checks.jobs_exist()] == ["events.E001"]


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": 60, "queue": "asap"}])
def test_a_job_needs_an_interval_and_a_queue(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="interval"):
        every(**wrong)


def test_celery_is_set_up_so_that_nothing_is_lost_or_blocked() -> None:
    from healthcare.celery import app

    conf = app.conf
    transport = conf.broker_transport_options
    assert conf.task_soft_time_limit < conf.task_time_limit < transport["visibility_timeout"]
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.result_backend is None
    assert transport["max_retries"] == 0
    assert transport["socket_timeout"] is not None
    assert not conf.worker_hijack_root_logger
    assert conf.timezone == "UTC"
    assert {queue.name for queue in conf.task_queues} == {"urgent", "default", "bulk", "sync", "maintenance"}
    assert conf.broker_url == configured.BROKER_URL
