"""Facts between processes: once in effect, whoever is killed."""

import time

import pytest
from django.db import transaction

from healthcare.events import publish
from tests.chaos.conftest import Post
from tests.chaos.processes import House, wait_for
from tests.events.announcements import Happened, UrgentlyHappened

pytestmark = pytest.mark.django_db(transaction=True)


def announce(*facts: object) -> None:
    with transaction.atomic():
        for fact in facts:
            publish(fact)


def test_from_the_commit_to_both_effects_through_real_processes(house: House, post: Post) -> None:
    house.relay()
    house.worker()
    announce(Happened(1))
    wait_for(lambda: post.effects(1) == 2)
    started = time.monotonic()
    announce(Happened(2))
    wait_for(lambda: post.effects(2) == 2)
    assert time.monotonic() - started < 5  # it was woken; two polls would take longer on a slow day


def test_two_relays_and_two_workers_deliver_once(house: House, post: Post) -> None:
    for _ in range(2):
        house.relay()
        house.worker()
    for number in range(60):
        announce(Happened(1000 + number))
    wait_for(lambda: all(post.effects(1000 + number) == 2 for number in range(60)))
    time.sleep(1)
    assert [post.effects(1000 + number) for number in range(60)] == [2] * 60


def test_a_worker_killed_in_the_middle_of_an_effect(house: House, post: Post) -> None:
    house.relay()
    worker = house.worker(SLOW_SECONDS="30")
    announce(UrgentlyHappened(3))
    wait_for(lambda: is_in_the_middle(post))
    worker.kill()
    assert post.effects(3) == 0
    house.worker()
    post.let_time_pass(11)
    wait_for(lambda: post.effects(3) == 1)
    post.let_time_pass(60)
    time.sleep(1)
    assert post.effects(3) == 1


def test_without_a_broker_urgent_facts_are_delivered_at_once(house: House, post: Post) -> None:
    house.valkey.kill()
    house.relay()
    announce(UrgentlyHappened(4), Happened(5))
    wait_for(lambda: post.effects(4) == 1)
    assert post.effects(5) == 0
    post.let_time_pass(31)
    wait_for(lambda: post.effects(5) == 2)


def test_beat_and_workers_run_the_jobs_each_tick_once(house: House, post: Post) -> None:
    house.worker()
    house.beat()
    house.beat()

    def ticks() -> int:
        row = post.connection.execute(
            "SELECT count(*) FROM events_jobtick WHERE job = 'healthcare.messaging.tasks.sweep_messages'"
            " AND finished_at IS NOT NULL AND error = ''"
        ).fetchone()
        return int(row[0]) if row else 0

    wait_for(lambda: ticks() >= 1)
    doubled = post.connection.execute(
        "SELECT job, tick FROM events_jobtick WHERE job LIKE 'healthcare.%' GROUP BY job, tick HAVING count(*) > 1"
    ).fetchall()
    assert doubled == []


def is_in_the_middle(post: Post) -> bool:
    row = post.connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'worker'"
        " AND state = 'idle in transaction'"
        " AND query LIKE 'INSERT INTO \"events_jobtick\"%'"
    ).fetchone()
    return bool(row and row[0])
