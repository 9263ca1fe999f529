"""Counts a minute: exact in one process, shared by Valkey, and held without it."""

import pytest
import redis
from django.conf import settings as django_settings

from healthcare.api import throttles
from healthcare.api.problems import Problem
from healthcare.api.throttles import spend

MINUTE = 1_700_000_040.0  # begins a minute


@pytest.fixture(autouse=True)
def _afresh(settings, monkeypatch):
    throttles._leases.clear()
    throttles._counts.clear()
    monkeypatch.setattr(throttles, "_asleep_until", 0.0)
    settings.API_LIMITS = {"read": 5, "many": 600, "none": 0}
    settings.REDIS_URL = ""


def passes(who: str, at: float = MINUTE, kind: str = "read", times: int = 1000) -> int:
    """How many in a row before the first refusal."""
    for count in range(times):
        try:
            spend(kind, who, clock=lambda: at)
        except Problem:
            return count
    return times


@pytest.fixture
def valkey(settings, reference):
    settings.REDIS_URL = django_settings.CACHES["default"]["LOCATION"]
    return settings.REDIS_URL


def test_the_limit_is_the_limit(reference) -> None:
    assert passes(reference) == 5
    assert passes(reference) == 0
    assert passes(f"{reference}-other") == 5


def test_the_next_minute_begins_anew(reference) -> None:
    assert passes(reference) == 5
    assert passes(reference, MINUTE + 59.9) == 0
    assert passes(reference, MINUTE + 60) == 5


@pytest.mark.parametrize(("at", "wait"), [(0.0, "60"), (30.5, "30"), (59.9, "1")])
def test_the_refusal_says_how_long_to_wait(reference, at, wait) -> None:
    passes(reference)
    with pytest.raises(Problem) as refusal:
        spend("read", reference, clock=lambda: MINUTE + at)
    assert refusal.value.headers == {"Retry-After": wait}


def test_zero_is_no_limit(reference) -> None:
    assert passes(reference, kind="none") == 1000


def test_a_larger_limit_is_exact_too_although_it_is_bought_in_pieces(reference) -> None:
    assert passes(reference, kind="many") == 600


def test_valkey_counts_for_all_processes(reference, valkey) -> None:
    assert passes(reference, kind="many", times=300) == 300
    throttles._leases.clear()  # as another process
    assert passes(reference, kind="many") == 300
    throttles._leases.clear()
    assert passes(reference, kind="many") == 0


def test_most_requests_ask_nobody(reference, valkey, monkeypatch) -> None:
    asked = []
    count = throttles._count
    monkeypatch.setattr(throttles, "_count", lambda *args: asked.append(1) or count(*args))
    assert passes(reference, kind="many", times=100) == 100
    assert len(asked) == 10


def test_what_is_counted_there_ends_by_itself(reference, valkey) -> None:
    passes(reference)
    client = redis.Redis.from_url(valkey)
    (key,) = client.keys(f"throttle.read.{reference}.*")
    assert 0 < client.ttl(key) <= 120


def test_without_valkey_the_process_counts_and_does_not_ask_again_at_once(reference, settings, monkeypatch) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    tries = []
    client = throttles._client
    monkeypatch.setattr(throttles, "_client", lambda address: tries.append(address) or client(address))
    assert passes(reference) == 5
    assert len(tries) == 1


def test_a_crowd_of_addresses_does_not_fill_the_memory(monkeypatch) -> None:
    monkeypatch.setattr(throttles, "MOST", 10)
    for number in range(11):
        spend("read", f"old-{number}", clock=lambda: MINUTE)
    spend("read", "new", clock=lambda: MINUTE + 60)
    assert len(throttles._leases) <= 2
    spend("read", "new too", clock=lambda: MINUTE + 60)
    assert len(throttles._counts) <= 3
