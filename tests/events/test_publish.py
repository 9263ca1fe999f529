import json
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.events import OutsideTransaction, after, inside, publish, registry
from healthcare.events.facts import NotAFact
from healthcare.events.models import OutboxEvent
from tests.events.announcements import Happened, Unheard, UrgentlyHappened, first
from tests.events.draining import as_worker

pytestmark = pytest.mark.django_db


def announced() -> list[dict[str, Any]]:
    return as_worker(lambda: list(OutboxEvent.objects.order_by("id").values("name", "payload")))


def test_the_web_login_adds_a_fact_it_cannot_read() -> None:
    publish(Happened(3))
    assert announced() == [{"name": "tests.Happened", "payload": {"number": 3}}]
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        OutboxEvent.objects.count()


@pytest.mark.parametrize("statement", ["UPDATE events_outboxevent SET name = ''", "DELETE FROM events_outboxevent"])
def test_the_web_login_changes_no_fact(statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_publishing_is_one_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        publish(Happened(1))


def test_several_facts_are_one_statement_too_in_their_order(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        publish(Unheard(1), Unheard(2), Unheard(3))
    assert [row["payload"] for row in announced()] == [{"number": 1}, {"number": 2}, {"number": 3}]


def test_inside_subscribers_run_in_order_and_before_the_announcer_goes_on(subscribers: None) -> None:
    heard: list[str] = []
    inside(Happened)(lambda fact: heard.append(f"first {fact.number}"))

    @inside(Happened)
    def another(fact: Happened) -> None:
        heard.append(f"second {fact.number}")

    publish(Happened(4))
    assert heard == ["first 4", "second 4"]


def test_an_inside_subscriber_may_refuse(subscribers: None) -> None:
    class No(Exception):
        pass

    @inside(Happened)
    def refuse(fact: Happened) -> None:
        raise No

    with pytest.raises(No), transaction.atomic():
        publish(Happened(5))
    assert announced() == []


def test_after_subscribers_do_not_run_in_the_announcers_transaction(subscribers: None) -> None:
    after(Happened)(lambda fact: pytest.fail("too early"))
    publish(Happened(6))


def test_a_fact_that_is_rolled_back_was_never_announced() -> None:
    with transaction.atomic():
        publish(Happened(7))
        transaction.set_rollback(True)
    assert announced() == []


def test_what_is_no_fact_is_refused() -> None:
    with pytest.raises(NotAFact):
        publish("something")


def test_a_queue_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="urgent, default"):
        after(Happened, queue="asap")


def test_a_subscriber_registers_once(subscribers: None) -> None:
    with pytest.raises(ValueError, match="twice"):
        after(Happened)(first)


def test_one_function_may_hear_of_two_facts(subscribers: None) -> None:
    after(UrgentlyHappened)(first)  # type: ignore[type-var]
    assert len(registry.all_subscribers()) == 4


def test_the_gone_subscriber_is_a_lookup_error(subscribers: None) -> None:
    with pytest.raises(LookupError):
        registry.subscriber_after("tests.Happened", "tests.gone")


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_there_is_nothing_to_belong_to() -> None:
    with pytest.raises(OutsideTransaction, match=r"tests\.Happened"):
        publish(Happened(8))


@pytest.mark.django_db(transaction=True)
def test_the_commit_wakes_the_relay() -> None:
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], dbname=settings["NAME"], user=settings["USER"],
        password=settings["PASSWORD"], autocommit=True,
    ) as ears:  # fmt: skip
        ears.execute("LISTEN outbox")
        with transaction.atomic():
            publish(Happened(9))
            publish(Happened(10))
            assert list(ears.notifies(timeout=0.05)) == []
        heard = list(ears.notifies(timeout=2, stop_after=1))
    assert [(note.channel, note.payload) for note in heard] == [("outbox", "")]


def test_payloads_are_json_in_the_database() -> None:
    publish(Happened(11))

    def raw() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT payload::text FROM events_outboxevent")
            return json.loads(cursor.fetchone()[0])

    assert as_worker(raw) == {"number": 11}
