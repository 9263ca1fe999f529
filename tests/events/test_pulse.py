"""Signs of life: in a file for the container, in the cache for `selfcheck`; none of them can stop the work."""

import os
import time

import pytest
from django.core.cache import cache

from healthcare.celery import Beat, Pulse
from healthcare.events import pulse as module
from healthcare.events.pulse import pulse, silent
from healthcare.events.queues import QUEUES


@pytest.fixture(autouse=True)
def _nobody_spoke_yet(monkeypatch):
    monkeypatch.setattr(module, "_given_at", {})
    cache.delete_many([f"pulse:{name}" for name in ("relay", "beat", *(f"worker:{queue}" for queue in QUEUES))])


def test_who_gave_a_sign_is_not_silent():
    assert silent(["relay", "beat"]) == ["beat", "relay"]
    pulse("relay")
    assert silent(["relay", "beat"]) == ["beat"]


def test_the_file_is_touched(settings, tmp_path):
    settings.PULSE_FILE = str(tmp_path / "pulse")
    pulse("relay")
    assert time.time() - os.path.getmtime(tmp_path / "pulse") < 5


def test_it_is_given_at_most_every_few_seconds(settings, tmp_path, monkeypatch):
    settings.PULSE_FILE = str(tmp_path / "pulse")
    pulse("relay")
    os.utime(tmp_path / "pulse", (0, 0))
    pulse("relay")
    assert os.path.getmtime(tmp_path / "pulse") == 0
    monkeypatch.setattr(module.time, "monotonic", lambda: time.perf_counter() + 10**6)
    pulse("relay")
    assert os.path.getmtime(tmp_path / "pulse") > 0


def test_without_the_cache_the_work_goes_on(settings, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ConnectionError

    monkeypatch.setattr(cache, "set_many", fail)
    settings.PULSE_FILE = str(tmp_path / "pulse")
    pulse("relay")
    assert (tmp_path / "pulse").exists()


class Timer:
    def __init__(self):
        self.calls, self.cancelled = [], False

    def call_repeatedly(self, seconds, function, arguments):
        self.calls.append((seconds, function, arguments))
        return self

    def cancel(self):
        self.cancelled = True


class Consumer:
    """As Celery shows itself to a step: the queues chosen on the command line, and its timer."""

    class app:
        class amqp:
            class queues:
                consume_from = {"bulk": None, "maintenance": None}

    timer = Timer()


def test_a_worker_speaks_for_its_queues_while_it_is_connected():
    step = Pulse(Consumer)
    step.start(Consumer)
    assert silent(["worker:bulk", "worker:maintenance", "worker:urgent"]) == ["worker:urgent"]
    assert Consumer.timer.calls == [(10.0, pulse, ("worker:bulk", "worker:maintenance"))]
    step.stop(Consumer)
    assert Consumer.timer.cancelled


def test_beat_speaks_at_each_tick(monkeypatch):
    monkeypatch.setattr("celery.beat.PersistentScheduler.tick", lambda *_, **__: 5.0)
    assert Beat.tick(object.__new__(Beat)) == 5.0
    assert silent(["beat"]) == []
