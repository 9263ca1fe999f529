"""Free times in Valkey: right when it answers, right when it does not, and never trusted by a booking."""

import json
import logging
import socket
import time
from datetime import timedelta

import pytest
import redis

from healthcare.db.context import acting_as
from scheduling.actions import TimeTaken
from scheduling.actions.forgetting import forget_free_times
from scheduling.events import FreeTimeChanged
from scheduling.queries import cached, free_times
from scheduling.queries.cached import Breaker, cached_spans, forget
from scheduling.queries.free import free_spans
from scheduling.rules import day_span
from scheduling.subscribers import forget_free_times as subscriber
from tests.factories import PatientFactory, TimeClaimFactory, bookable_provider, portal_user, span
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, later
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
BETWEEN = NINE, later(120)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No failures remembered from the test before."""
    monkeypatch.setattr(cached, "breaker", Breaker())


@pytest.fixture
def store(settings):
    return redis.Redis.from_url(settings.CACHES["default"]["LOCATION"], decode_responses=True)


@pytest.fixture
def asked(monkeypatch):
    """How many resources the database was asked about, each time it was."""
    seen = []

    def counting(resource_ids, between):
        seen.append(len(resource_ids))
        return free_spans(resource_ids, between)

    monkeypatch.setattr(cached, "free_spans", counting)
    return seen


def within(clinic, resources=None):
    """The first resource's free spans between nine and eleven."""
    found = cached_spans(resources or [clinic.resource], BETWEEN)
    spans = found[clinic.resource.pk].get(clinic.site.pk, [])
    return [(max(b, BETWEEN[0]), min(e, BETWEEN[1])) for b, e in spans if b < BETWEEN[1] and e > BETWEEN[0]]


def nowhere():
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{free.getsockname()[1]}/0"


def test_the_second_reader_does_not_ask_the_database(clinic, asked):
    first = within(clinic)
    assert within(clinic) == first == [BETWEEN]
    assert asked == [1]


def test_it_is_kept_a_minute_by_day(clinic, store):
    within(clinic)
    day = NINE.date().isoformat()
    key = f"free:{clinic.resource.pk}:{day}"
    assert 50 <= store.ttl(key) <= 60
    assert json.loads(store.get(key))["version"] == store.get(f"free:{clinic.resource.pk}")


def test_only_who_is_missing_is_asked_about(clinic, asked):
    other = bookable_provider(clinic.site)
    within(clinic)
    found = cached_spans([clinic.resource, other.resource], BETWEEN)
    assert set(found) == {clinic.resource.pk, other.resource.pk}
    assert asked == [1, 1]


def test_it_says_the_same_as_the_database(clinic):
    TimeClaimFactory(resource=clinic.resource, blocked=span(later(30), 20))
    for _reader in ("the database", "the cache"):
        assert within(clinic) == [(NINE, later(30)), (later(50), later(120))]


def test_hours_over_midnight_are_put_together_again(clinic):
    days = NINE - timedelta(days=1), NINE + timedelta(days=1)
    whole = cached_spans([clinic.resource], days)[clinic.resource.pk][clinic.site.pk]
    assert cached_spans([clinic.resource], days)[clinic.resource.pk][clinic.site.pk] == whole
    assert len(whole) == 1


def test_without_any_resource_nothing_is_asked(asked):
    assert cached_spans([], BETWEEN) == {}
    assert asked == []


def test_after_a_change_the_database_is_asked_again(clinic, asked):
    within(clinic)
    TimeClaimFactory(resource=clinic.resource, blocked=span(NINE, 60))
    assert within(clinic) == [BETWEEN]  # for a minute at most, until somebody says so
    forget([clinic.resource.pk])
    assert within(clinic) == [(later(60), later(120))]
    assert asked == [1, 1]


def test_a_slow_reader_does_not_bring_old_times_back(clinic, monkeypatch):
    """It asked the database before the change, and writes after it."""

    def slow(resource_ids, between):
        found = free_spans(resource_ids, between)
        TimeClaimFactory(resource=clinic.resource, blocked=span(NINE, 60))
        forget([clinic.resource.pk])
        return found

    with monkeypatch.context() as patch:
        patch.setattr(cached, "free_spans", slow)
        assert within(clinic) == [BETWEEN]
    assert within(clinic) == [(later(60), later(120))]


def test_the_fact_delivered_twice_forgets_once_and_again(clinic, store):
    within(clinic)
    key = f"free:{clinic.resource.pk}"
    version = store.get(key)
    fact = FreeTimeChanged(resource_ids=(clinic.resource.pk,))
    deliver_twice(subscriber, fact, lambda: store.get(key) != version)


def test_what_a_booking_changes_is_forgotten_by_the_fact(clinic, announced):
    within(clinic)
    clinic.book()
    for fact in announced(FreeTimeChanged):
        with as_the_system():
            subscriber(fact)
    assert within(clinic) == [(later(40), later(120))]


# == When it is away or talks nonsense ==
@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "17",
        '{"version": "VERSION"}',
        '{"version": "VERSION", "free": []}',
        '{"version": "VERSION", "free": {"SITE": 7}}',
        '{"version": "VERSION", "free": {"SITE": [["2030-05-07T00:00:00"]]}}',
        '{"version": "VERSION", "free": {"SITE": [["2030-05-07T00:00:00", "2030-05-08T00:00:00"]]}}',
        '{"version": "VERSION", "free": {"SITE": [["2030-05-08T00:00:00Z", "2030-05-07T00:00:00Z"]]}}',
        '{"version": "VERSION", "free": {"nowhere": []}}',
        '{"version": "older", "free": {}}',
    ],
)
def test_nonsense_counts_as_nothing(clinic, store, text):
    within(clinic)
    version = store.get(f"free:{clinic.resource.pk}")
    text = text.replace("VERSION", version).replace("SITE", str(clinic.site.pk))
    for key in store.keys(f"free:{clinic.resource.pk}:*"):
        store.set(key, text)
    assert within(clinic) == [BETWEEN]


def test_a_key_of_another_kind_counts_as_away(clinic, store):
    store.lpush(f"free:{clinic.resource.pk}", "a list")
    assert within(clinic) == [BETWEEN]
    store.delete(f"free:{clinic.resource.pk}")


def test_without_it_the_database_answers_and_after_three_failures_it_is_left_alone(clinic, settings, caplog):
    settings.CACHES = {"default": {"LOCATION": nowhere()}}
    with caplog.at_level(logging.WARNING):
        for _reader in range(5):
            assert within(clinic) == [BETWEEN]
    assert [record.getMessage() for record in caplog.records] == [
        "The cache of free times did not answer: ConnectionError"
    ] * 3
    forget([clinic.resource.pk])
    assert cached.breaker.closed_until > time.monotonic()


def test_a_cache_that_never_answers_costs_no_more_than_its_patience(clinic, settings):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        settings.CACHES = {"default": {"LOCATION": f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"}}
        begun = time.monotonic()
        for _reader in range(10):
            assert within(clinic) == [BETWEEN]
        assert time.monotonic() - begun < 2


def test_after_a_pause_it_is_asked_again(monkeypatch):
    breaker, now = Breaker(), [100.0]
    monkeypatch.setattr(cached.time, "monotonic", lambda: now[0])

    def fail(_client):
        raise redis.ConnectionError

    for _failure in range(3):
        assert breaker.attempt(fail, "otherwise") == "otherwise"
    assert breaker.attempt(lambda _client: "answer", "otherwise") == "otherwise"
    now[0] += cached.PAUSE
    assert breaker.attempt(lambda _client: "answer", "otherwise") == "answer"
    assert breaker.failures == 0


def test_a_booking_asks_the_database_whatever_the_cache_says(clinic, store):
    """Poisoned to “all free”: the search believes it, the booking does not, and what it offers instead is true."""
    clinic.book()
    begins = day_span(NINE.date(), clinic.resource and cached.ZoneInfo("America/New_York"))[0]
    everything = {clinic.site.pk: [(begins, begins + timedelta(days=1))]}
    store.set(f"free:{clinic.resource.pk}", "lie")
    for days in (-1, 0, 1):
        day = (NINE + timedelta(days=days)).date()
        store.set(f"free:{clinic.resource.pk}:{day.isoformat()}", cached._text("lie", everything))
    other = portal_user(patient := PatientFactory(site=clinic.site))
    with acting_as(other):
        shown = free_times(
            providers=[clinic.provider],
            visit_type=clinic.visit_type,
            between=(NINE, later(10)),
            now=NOW,
            by_patient=True,
        )
    assert [free.start for free in shown] == [NINE, later(5)]
    with pytest.raises(TimeTaken) as refused:
        clinic.book(by=other, patient=patient)
    assert [free.start for free in refused.value.alternatives] == [later(-45), later(-40), later(40)]


def test_forgetting_is_the_systems(clinic, store):
    forget_free_times(by=None, resource_ids=[clinic.resource.pk])
    assert store.get(f"free:{clinic.resource.pk}")
