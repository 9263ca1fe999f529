"""A request that is sent again has its effect once, and gets the first reply again."""

import hashlib
import threading
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, connections, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from healthcare.accounts.access import NotAllowed
from healthcare.api import tasks
from healthcare.api.idempotency import KEY_REUSED, LOCKS, UNDER_WAY, forget_replies, idempotent, once
from healthcare.api.models import Reply
from healthcare.api.problems import Problem
from healthcare.db.context import acting_as
from tests.factories import ReplyFactory, UserFactory, staff
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


class Effect:
    """Counts how often it was had."""

    def __init__(self, raises: Exception | None = None, status: int = 201) -> None:
        self.times, self.raises, self.status = 0, raises, status

    def __call__(self) -> HttpResponse:
        self.times += 1
        if self.raises:
            raise self.raises
        return HttpResponse(
            f'{{"made": {self.times}}}', "application/json", self.status, headers={"Location": "/x", "X-Other": "1"}
        )


def asked(user, key="k", body='{"a": 1}', path="/v1/things", role="doctor"):
    request = RequestFactory().post(path, body, content_type="application/json")
    if key is not None:
        request.META["HTTP_IDEMPOTENCY_KEY"] = key
    request.user = user.in_role(role)
    request.resolver_match = None
    return request


def send(request, effect):
    with acting_as(request.user):
        return once(request, effect)


def replies() -> int:
    with as_the_system():
        return Reply.objects.count()


def test_the_same_again_gets_the_first_reply_and_has_no_second_effect() -> None:
    user, effect = UserFactory(), Effect()
    first, second = (send(asked(user), effect) for _twice in range(2))
    assert effect.times == 1
    assert (second.status_code, second.content, second["Location"]) == (201, first.content, "/x")
    assert second["Content-Type"] == "application/json"
    assert second["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert "X-Other" not in second


def test_another_body_under_the_key_is_refused() -> None:
    user, effect = UserFactory(), Effect()
    send(asked(user), effect)
    for other in (asked(user, body='{"a": 2}'), asked(user, path="/v1/things?x=1")):
        with pytest.raises(Problem) as refusal:
            send(other, effect)
        assert refusal.value.kind is KEY_REUSED
    assert effect.times == 1


def test_another_person_role_or_key_is_another_request() -> None:
    user, effect = UserFactory(), Effect()
    for who, more in ((user, {}), (UserFactory(), {}), (user, {"role": "nurse"}), (user, {"key": "other"})):
        send(asked(who, **more), effect)
    assert effect.times == 4


def test_without_a_key_everything_runs_and_nothing_is_kept() -> None:
    user, effect = UserFactory(), Effect()
    for _twice in range(2):
        send(asked(user, key=None), effect)
    assert (effect.times, replies()) == (2, 0)


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_key_is_printable_and_not_too_long(key) -> None:
    with pytest.raises(Problem) as refusal:
        send(asked(UserFactory(), key=key), Effect())
    assert refusal.value.extra["errors"][0]["field"] == "Idempotency-Key"


def test_a_refusal_is_a_reply_too() -> None:
    user, effect = UserFactory(), Effect(NotAllowed("Not you."))
    first, second = (send(asked(user), effect) for _twice in range(2))
    assert effect.times == 1
    assert first.status_code == second.status_code == 403
    assert second["Content-Type"] == "application/problem+json"


def test_what_a_refused_one_had_written_is_undone() -> None:
    user = UserFactory()

    def write_and_refuse() -> HttpResponse:
        Reply(user=user, key="half", request="", status=1).save(force_insert=True)
        raise NotAllowed("Not you.")

    send(asked(user), write_and_refuse)
    with as_the_system():
        assert list(Reply.objects.values_list("status", flat=True)) == [403]


@pytest.mark.parametrize("fault", [Effect(ZeroDivisionError()), Effect(status=503)])
def test_a_fault_of_ours_is_not_kept(fault) -> None:
    user = UserFactory()
    try:
        send(asked(user), fault)
    except ZeroDivisionError:
        assert fault.raises
    assert replies() == 0


def test_the_reply_is_encrypted_and_its_users_alone() -> None:
    user = UserFactory()
    send(asked(user), Effect())
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute("SELECT body, key, request FROM api_reply")
        stored = cursor.fetchone()
    assert stored[0].startswith("v1.")
    assert "made" not in str(stored)
    assert hashlib.sha256(b'{"a": 1}').hexdigest() not in stored, "a short body could be guessed from its hash"
    with acting_as(UserFactory(), "doctor"):
        assert not Reply.objects.exists()
    with acting_as(user, "doctor"):
        assert Reply.objects.count() == 1


@pytest.mark.parametrize("statement", ["UPDATE api_reply SET status = 200", "DELETE FROM api_reply"])
def test_a_page_neither_changes_nor_removes_one(statement) -> None:
    user = UserFactory()
    with (
        acting_as(user, "doctor"),
        pytest.raises(ProgrammingError),
        connection.cursor() as cursor,
        transaction.atomic(),
    ):
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_under_way_the_second_waits_for_nobody() -> None:
    user, inside, go_on = UserFactory(), threading.Event(), threading.Event()

    def slow() -> HttpResponse:
        inside.set()
        assert go_on.wait(20)
        return Effect()()

    def first() -> None:
        try:
            send(asked(user), slow)
        finally:
            connections.close_all()

    other = threading.Thread(target=first)
    other.start()
    assert inside.wait(20)
    with pytest.raises(Problem) as refusal:
        send(asked(user), Effect())
    assert refusal.value.kind is UNDER_WAY
    assert refusal.value.headers == {"Retry-After": "1"}
    assert send(asked(user, key="another"), Effect()).status_code == 201
    go_on.set()
    other.join(20)
    assert send(asked(user), Effect())["Idempotent-Replayed"] == "true"


def test_the_locks_are_in_a_space_of_their_own() -> None:
    assert 0 < LOCKS < 2**31


def test_after_a_day_it_is_forgotten() -> None:
    ReplyFactory()
    with taking_role("owner"):
        Reply.objects.update(created_at=timezone.now() - tasks.KEPT - timedelta(minutes=1))
    young = ReplyFactory()
    with taking_role("worker"):
        tasks.prune_replies()
        assert forget_replies(before=timezone.now() - tasks.KEPT) == 0
    with as_the_system():
        assert list(Reply.objects.all()) == [young]


def test_the_mark_survives_on_either_side_of_the_door() -> None:
    from healthcare.accounts.permissions import Permission, Scope
    from healthcare.api.doors import operation

    def inner(request):
        return None

    door = operation(Scope.IDENTITY, Permission.OPEN_CHART, write=True)
    assert door(idempotent(inner)).is_idempotent
    assert idempotent(door(inner)).is_idempotent


def test_a_door_that_writes_runs_once_for_one_key(api) -> None:
    """Through the whole way, with an operation that changes nothing: the refusal itself is what is given again."""
    program = api(staff("front_desk"))
    body = {"provider": "x"}
    first, second = (program.write("/appointments", body, Idempotency_Key="k") for _twice in range(2))
    assert first.status_code == second.status_code == 422
