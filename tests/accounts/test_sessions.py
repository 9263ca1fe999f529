"""The server alone decides when a session ends."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.actions import end_session
from healthcare.accounts.models import Membership, Session
from healthcare.accounts.sessions import SessionStore
from healthcare.db.context import acting_as
from tests.accounts.conftest import audited, colleague, person, sign_in
from tests.factories import SessionFactory
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
ACCOUNT, STATE, STAY = (reverse(f"accounts:{name}") for name in ("account", "session", "keep_alive"))
MINUTE = 60


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(timezone.now(), tick=False) as moving:
        yield moving


def is_in(client: Client) -> bool:
    """Looks without being seen: a request in the background."""
    return client.get(ACCOUNT, headers={"X-Background": "1"}).status_code == 200


# == Idle ==
def test_after_fifteen_minutes_without_a_person_it_is_over(clock: Any) -> None:
    client = sign_in(person())
    clock.shift(15 * MINUTE - 1)
    assert is_in(client)
    clock.shift(2)
    assert not is_in(client)


def test_whoever_goes_on_working_stays_signed_in(clock: Any) -> None:
    client = sign_in(person())
    for _round in range(4):
        clock.shift(14 * MINUTE)
        assert client.get(ACCOUNT).status_code == 200


@pytest.mark.parametrize("query", ["", "?skip_timeout_reset=1", "?keepalive=1"])
def test_what_a_page_asks_by_itself_keeps_no_session_alive(clock: Any, query: str) -> None:
    """Abuse case 44."""
    client = sign_in(person())
    for _poll in range(14):
        clock.shift(MINUTE)
        assert client.get(ACCOUNT + query, headers={"X-Background": "1"}).status_code == 200
    clock.shift(MINUTE)
    assert not is_in(client)


def test_asking_how_long_it_lasts_does_not_put_the_end_off(clock: Any) -> None:
    client = sign_in(person())
    clock.shift(10 * MINUTE)
    assert client.get(STATE).json() == {"idle": 300, "absolute": 12 * 3600 - 600}
    clock.shift(5 * MINUTE + 1)
    assert client.get(STATE).json() == {"idle": 0, "absolute": 0}
    assert not is_in(client)


def test_staying_signed_in_is_a_press_of_a_button(clock: Any) -> None:
    client = sign_in(person())
    clock.shift(14 * MINUTE)
    assert client.post(STAY).json()["idle"] == 900
    clock.shift(10)
    assert client.post(STAY).json()["idle"] == 900
    clock.shift(14 * MINUTE)
    assert is_in(client)


def test_an_action_is_written_at_most_once_a_minute(clock: Any) -> None:
    user = person()
    client = sign_in(user)
    before = Session.objects.get(user=user).last_action_at
    clock.shift(59)
    client.get(ACCOUNT)
    assert Session.objects.get(user=user).last_action_at == before
    clock.shift(1)
    client.get(ACCOUNT)
    assert Session.objects.get(user=user).last_action_at == before + timedelta(seconds=60)


def test_the_page_knows_how_long_it_may_lie(clock: Any) -> None:
    client = sign_in(person())
    clock.shift(50)
    assert b'data-idle-seconds="850"' in client.get(ACCOUNT).content


# == Absolute ==
def test_after_twelve_hours_it_is_over_whatever_happens(clock: Any) -> None:
    client = sign_in(person())
    for _round in range(12 * 6 - 1):
        clock.shift(10 * MINUTE)
        client.get(ACCOUNT)
    assert is_in(client)
    clock.shift(10 * MINUTE + 1)
    assert not is_in(client)


def test_a_new_key_is_no_new_session(clock: Any) -> None:
    user = person()
    sign_in(user)
    row = Session.objects.get(user=user)
    store = SessionStore()
    store._row, store._session_key = row, "old"  # type: ignore[assignment]
    store._session_cache = store.decode(row.data)
    clock.shift(MINUTE)
    store.cycle_key()
    again = Session.objects.get(pk=row.pk)
    assert (again.started_at, again.digest) == (row.started_at, Session.digest_of(store.session_key or ""))


# == Roles in mid-session ==
def test_a_role_that_ends_closes_its_pages_at_once() -> None:
    doctor = colleague("doctor")
    client = sign_in(doctor)
    with as_the_system():
        for membership in Membership.objects.filter(user=doctor):
            membership.validity = type(membership.validity)(membership.validity.lower, timezone.now())
            membership.save(update_fields=["validity"])
    assert client.get(ACCOUNT).headers["Location"] == reverse("accounts:continue")


def test_a_staff_role_without_a_proven_second_factor_counts_for_nothing() -> None:
    client = sign_in(colleague("doctor"), verified=False)
    assert client.get(ACCOUNT).headers["Location"] == reverse("accounts:continue")


# == The list ==
def test_people_see_their_sessions_and_end_them() -> None:
    user = person()
    here, there = sign_in(user), sign_in(user)
    Session.objects.filter(user=user).update(agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    page = here.get(ACCOUNT).content.decode()
    assert page.count("Firefox, Linux") >= 2
    other = Session.objects.exclude(digest=Session.digest_of(here.cookies["sessionid"].value)).get(user=user)
    here.post(reverse("accounts:end_session", args=[other.pk]))
    assert not is_in(there)
    assert is_in(here)
    assert len(audited("accounts.end_session", actor_id=user.pk)) == 1


def test_ending_the_session_one_sits_in_signs_out() -> None:
    user = person()
    client = sign_in(user)
    answer = client.post(reverse("accounts:end_session", args=[Session.objects.get(user=user).pk]))
    assert answer.headers["Location"] == reverse("accounts:sign_in")
    assert not is_in(client)


def test_ending_every_other_session() -> None:
    user = person()
    here, there, elsewhere = sign_in(user), sign_in(user), sign_in(user)
    here.post(reverse("accounts:end_other_sessions"))
    assert [is_in(client) for client in (here, there, elsewhere)] == [True, False, False]
    assert audited("accounts.end_other_sessions")[0].detail == {"count": 2}


def test_nobody_ends_a_strangers_session() -> None:
    stranger, mine = SessionFactory(user=person()), person()
    assert sign_in(mine).post(reverse("accounts:end_session", args=[stranger.pk])).status_code == 404
    with acting_as(mine, "patient"), pytest.raises(NotAllowed):
        end_session(by=mine, session=stranger)
    assert Session.objects.filter(pk=stranger.pk).exists()


# == The store ==
def test_a_session_that_was_ended_does_not_come_to_life_again() -> None:
    store = SessionStore()
    store.create()
    Session.objects.all().delete()
    store["next"] = "/"
    with pytest.raises(UpdateError):
        store.save()


def test_the_store_does_what_django_asks_of_it() -> None:
    store = SessionStore()
    store["next"] = "/x/"
    store.save()
    key = store.session_key or ""
    assert store.exists(key)
    assert SessionStore(key)["next"] == "/x/"
    assert SessionStore("unknown-key").get("next") is None
    store.change(acting_role="patient")
    assert store.modified
    store.flush()
    assert store.row is None
    assert not SessionStore().exists(key)
    empty = SessionStore()
    empty.delete()
    empty.change(acting_role="patient")
    assert empty.row is not None
    fresh = SessionStore()
    fresh.cycle_key()
    assert fresh.session_key


def test_two_sessions_of_one_key_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are random; should one come twice all the same, another is drawn."""
    keys = iter(["a" * 43, "a" * 43, "b" * 43])
    monkeypatch.setattr("healthcare.accounts.sessions.secrets.token_urlsafe", lambda _length: next(keys))
    first, second = SessionStore(), SessionStore()
    first.create()
    second.create()
    assert (first.session_key, second.session_key) == ("a" * 43, "b" * 43)


def test_what_is_over_is_swept(clock: Any) -> None:
    sign_in(person())
    clock.shift(16 * MINUTE)
    alive = person()
    sign_in(alive)
    SessionStore.clear_expired()
    assert [session.user_id for session in Session.objects.order_by("pk")] == [alive.pk]


def test_pages_of_the_signed_in_are_kept_by_no_cache() -> None:
    assert "no-store" in sign_in(person()).get(ACCOUNT).headers["Cache-Control"]


def test_htmx_is_told_that_the_session_is_over() -> None:
    assert Client().get(ACCOUNT, headers={"HX-Request": "true"}).status_code == 401
