from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from healthcare.db.context import acting_as_system, current_actor
from healthcare.events import after, delivering, publish, registry, tasks, work
from healthcare.events.delivering import (
    deliver,
    deliver_together,
    explode_events,
    prune_delivered,
    replay_dead,
    settle_deliveries,
)
from healthcare.events.figures import outbox_figures
from healthcare.events.models import Delivery, OutboxEvent
from tests.events.announcements import Happened, Unheard, UrgentlyHappened, effects, leave_effect
from tests.events.draining import as_worker, drain
from tests.roles import taking_role

pytestmark = pytest.mark.django_db


def the_delivery() -> Delivery:
    return as_worker(Delivery.objects.get)


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], None]], None]:
    """One subscriber alone to UrgentlyHappened."""

    def register(function: Callable[[Any], None], queue: str = "default") -> None:
        monkeypatch.setattr(registry, "_after", {})
        after(UrgentlyHappened, queue=queue)(function)

    return register


def test_one_delivery_for_each_subscriber_in_its_queue(subscribers: None) -> None:
    publish(Happened(1))
    with taking_role("worker"):
        assert explode_events() == 1
        assert explode_events() == 0
    found = as_worker(lambda: sorted(Delivery.objects.values_list("subscriber", "queue", "status")))
    assert found == [
        ("tests.events.announcements.first", "default", "pending"),
        ("tests.events.announcements.second", "bulk", "pending"),
    ]


def test_each_subscriber_hears_it_once(subscribers: None) -> None:
    publish(Happened(2))
    assert drain() == 2
    assert drain() == 0
    assert as_worker(effects, 2) == 2


def test_delivered_twice_has_the_effect_of_once(subscribers: None) -> None:
    publish(UrgentlyHappened(3))
    drain()
    key = the_delivery().pk
    with taking_role("worker"):
        deliver(key)
        deliver(uuid4())  # a task that outlived its row
    assert as_worker(effects, 3) == 1


def test_nobody_listens_and_nothing_waits(subscribers: None) -> None:
    publish(Unheard(4))
    assert drain() == 0
    assert as_worker(OutboxEvent.objects.filter(exploded_at__isnull=False).count) == 1


def test_subscribers_act_as_the_system_for_a_named_purpose(listen: Any) -> None:
    actors: list[str] = []
    listen(lambda fact: actors.append(current_actor().purpose))
    publish(UrgentlyHappened(5))
    drain()
    assert actors == ["deliver"]


def test_a_failure_takes_its_effect_with_it_and_is_tried_again_later(listen: Any) -> None:
    def stumble(fact: UrgentlyHappened) -> None:
        leave_effect(fact.number, "stumble")
        raise ValueError("Ada Lovelace was here")

    listen(stumble)
    publish(UrgentlyHappened(6))
    before = datetime.now(UTC)
    drain()
    after, delivery = datetime.now(UTC), the_delivery()
    assert as_worker(effects, 6) == 0
    assert (delivery.status, delivery.attempts, delivery.error) == ("pending", 1, "ValueError")
    assert before + timedelta(seconds=3) <= delivery.next_at <= after + timedelta(seconds=30)
    assert delivery.handed_until is None


def test_one_that_fails_does_not_hold_up_the_others(subscribers: None) -> None:
    def stumble(fact: Happened) -> None:
        raise ValueError

    after(Happened)(stumble)
    publish(Happened(7))
    drain()
    assert as_worker(effects, 7) == 2


@pytest.mark.parametrize(("queue", "attempts"), [("default", 6), ("urgent", 8)])
def test_in_the_end_it_is_given_up_visibly_and_can_be_replayed(listen: Any, queue: str, attempts: int) -> None:
    failing = True

    def stumble(fact: UrgentlyHappened) -> None:
        if failing:
            raise ValueError
        leave_effect(fact.number, "stumble")

    listen(stumble, queue)
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        publish(UrgentlyHappened(8))
        for _ in range(20):
            drain()
            clock.shift(timedelta(hours=5))
        delivery = the_delivery()
        assert (delivery.status, delivery.attempts, delivery.next_at) == ("dead", attempts, None)
        assert outbox_figures()["dead"] == 1
        failing = False
        with taking_role("worker"):
            assert replay_dead() == 1
        drain()
    assert as_worker(effects, 8) == 1
    assert the_delivery().status == "done"
    assert outbox_figures()["dead"] == 0


def test_it_is_not_delivered_before_its_time(listen: Any) -> None:
    listen(lambda fact: pytest.fail("too early"))
    publish(UrgentlyHappened(9))
    with taking_role("worker"):
        explode_events()
    later = datetime.now(UTC) + timedelta(minutes=1)
    as_worker(lambda: Delivery.objects.update(next_at=later))
    with taking_role("worker"):
        deliver(the_delivery().pk)
    assert the_delivery().attempts == 0


def test_a_subscriber_gone_from_the_code_stays_visible(subscribers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(UrgentlyHappened(10))
    with taking_role("worker"):
        explode_events()
    monkeypatch.setattr(registry, "_after", {})
    with taking_role("worker"):
        deliver(the_delivery().pk)
    assert the_delivery().error == "KeyError"


def test_a_database_error_in_a_subscriber_is_a_failure_like_others(listen: Any) -> None:
    def break_it(fact: UrgentlyHappened) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    listen(break_it)
    publish(UrgentlyHappened(11))
    drain()
    assert the_delivery().error == "DataError"


def test_a_failure_noted_after_somebody_delivered_it_changes_nothing(listen: Any) -> None:
    from healthcare.events.delivering import _note_failure

    listen(lambda fact: None)
    publish(UrgentlyHappened(12))
    drain()
    with taking_role("worker"):
        _note_failure(the_delivery().pk, "ValueError")
    assert the_delivery().attempts == 0


def test_the_same_event_and_subscriber_meet_once() -> None:
    publish(Unheard(13))

    def twice() -> None:
        event = OutboxEvent.objects.get()
        for _ in range(2):
            Delivery.objects.create(event=event, subscriber="x", next_at=event.created_at)

    with pytest.raises(IntegrityError, match="delivery_once"), transaction.atomic():
        as_worker(twice)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "pending", "next_at": None},
        {"status": "dead", "next_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"status": "done", "next_at": None, "done_at": None},
    ],
)
def test_the_database_refuses_half_states(values: dict[str, Any]) -> None:
    publish(Unheard(14))
    with pytest.raises(IntegrityError), transaction.atomic():
        as_worker(lambda: Delivery.objects.create(event=OutboxEvent.objects.get(), subscriber="x", **values))


def test_old_facts_are_forgotten_when_everybody_has_them(listen: Any) -> None:
    listen(lambda fact: None)
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)):
        publish(UrgentlyHappened(15))
        drain()

        def stumble(fact: UrgentlyHappened) -> None:
            raise ValueError

        listen(stumble)
        publish(UrgentlyHappened(16))
        drain()
    publish(UrgentlyHappened(17))
    with taking_role("worker"):
        assert prune_delivered() == 1
    kept = as_worker(lambda: sorted(OutboxEvent.objects.values_list("payload__number", flat=True)))
    assert kept == [16, 17]


def test_figures_say_how_far_behind_it_is(subscribers: None) -> None:
    assert outbox_figures()["oldest_seconds"] == 0
    publish(UrgentlyHappened(18))
    with taking_role("worker"):
        explode_events()
    past = datetime.now(UTC) - timedelta(minutes=5)
    as_worker(lambda: Delivery.objects.update(created_at=past))
    figures = outbox_figures()
    assert 299 < figures["oldest_seconds"] < 330
    assert 299 < figures["oldest_urgent_seconds"] < 330
    assert figures["pending"] == 1


def test_the_web_login_sees_no_delivery() -> None:
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        Delivery.objects.count()
    with pytest.raises(Exception, match="permission denied"), acting_as_system("test"):
        Delivery.objects.count()


FIRST, SECOND = "tests.events.announcements.first", "tests.events.announcements.second"


def test_what_is_settled_is_not_carried_out_and_the_rest_is(subscribers: None) -> None:
    began = timezone.now()
    publish(Happened(31))
    with taking_role("worker"):
        assert settle_deliveries(subscribers=[FIRST], since=began) == 1
        assert settle_deliveries(subscribers=[FIRST], since=began) == 0, "once"
    found = as_worker(lambda: dict(Delivery.objects.order_by("id").values_list("subscriber", "status")))
    assert found == {FIRST: "done", SECOND: "pending"}
    assert drain() == 1
    assert as_worker(effects, 31) == 1


def test_what_was_announced_before_is_not_settled(subscribers: None) -> None:
    publish(Happened(32))
    with taking_role("worker"):
        assert settle_deliveries(subscribers=[FIRST, SECOND], since=timezone.now() + timedelta(seconds=1)) == 0
    assert drain() == 2


def test_nobody_unknown_is_settled(subscribers: None) -> None:
    publish(Happened(33))
    with pytest.raises(LookupError, match="Nobody is called nobody"):
        settle_deliveries(subscribers=[FIRST, "nobody"], since=timezone.now())


# == Many at once ==
def together(*numbers: int) -> dict[int, Delivery]:
    """Announce these facts and carry their deliveries out as one task; what became of each."""
    publish(*[UrgentlyHappened(number) for number in numbers])
    with taking_role("worker"):
        explode_events()
        tasks.carry_out(model="events.Delivery", keys=[str(pk) for pk in as_worker(keys)])
    return as_worker(lambda: {row.event.payload["number"]: row for row in Delivery.objects.select_related("event")})


def keys() -> list[Any]:
    return list(Delivery.objects.values_list("pk", flat=True))


def test_many_are_delivered_in_one_transaction(subscribers: None) -> None:
    found = together(41, 42, 43)
    assert {row.status for row in found.values()} == {"done"}
    assert [as_worker(effects, number) for number in (41, 42, 43)] == [1, 1, 1]
    with taking_role("worker"):
        deliver_together([row.pk for row in found.values()])
    assert [as_worker(effects, number) for number in (41, 42, 43)] == [1, 1, 1], "once in effect"


def test_one_that_fails_among_many_takes_its_own_effect_alone(listen: Any) -> None:
    def stumble_at_the_second(fact: UrgentlyHappened) -> None:
        leave_effect(fact.number, "stumble")
        if fact.number == 52:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")

    listen(stumble_at_the_second)
    found = together(51, 52, 53)
    assert [as_worker(effects, number) for number in (51, 52, 53)] == [1, 0, 1]
    assert [(found[n].status, found[n].attempts) for n in (51, 52, 53)] == [("done", 0), ("pending", 1), ("done", 0)]
    assert found[52].error == "DataError"


def test_where_the_transaction_of_many_fails_each_is_delivered_for_itself(
    listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a constraint is checked at the commit."""
    commits: list[int] = []
    inner = delivering._deliver

    def refuse_many(keys: Any) -> dict[Any, str]:
        commits.append(len(keys))
        with transaction.atomic():
            failed = inner(keys)
            if len(keys) > 1 or as_worker(effects, 62):
                raise IntegrityError
        return failed

    monkeypatch.setattr(delivering, "_deliver", refuse_many)
    listen(lambda fact: leave_effect(fact.number, "careful"))
    found = together(61, 62)
    assert commits == [2, 1, 1]
    assert [as_worker(effects, number) for number in (61, 62)] == [1, 0]
    assert [(found[n].status, found[n].attempts, found[n].error) for n in (61, 62)] == [
        ("done", 0, ""),
        ("pending", 1, "IntegrityError"),
    ]


def test_due_work_without_a_way_together_is_carried_out_one_by_one() -> None:
    done: list[int] = []
    work.Kind("tests.Work", done.append).run_all([1, 2])  # type: ignore[list-item, arg-type]
    assert done == [1, 2]
