"""kill -9 of whoever stands between a verb's commit and its mail: it is sent, or visibly unknown, and never twice."""

import time
from collections import Counter

import pytest

from healthcare.messaging.sweeping import end_lost_leases
from tests.chaos.conftest import Post
from tests.chaos.processes import House, wait_for
from tests.messaging.mailserver import MailServer
from tests.roles import taking_role

pytestmark = pytest.mark.django_db(transaction=True)

PAGE_THAT_DIES = """
import os, signal
from django.db import transaction
from healthcare.messaging.actions import queue_message
with transaction.atomic():
    queue_message(by=None, channel="email", address="ada@patients.example", template="portal_opened", parameters={},
                  dedupe_key="once")
os.kill(os.getpid(), signal.SIGKILL)
"""


def letters(mail: MailServer) -> Counter[str]:
    return Counter(str(letter["Message-ID"]) for letter in mail.taken)


def test_a_page_that_dies_after_its_commit_loses_no_mail(house: House, post: Post, mail: MailServer) -> None:
    house.relay()
    house.worker()
    assert house.web(PAGE_THAT_DIES).ends() == -9
    wait_for(lambda: post.states() == {"sent": 1})
    assert list(letters(mail).values()) == [1]


def test_with_the_broker_dead_mail_still_goes(house: House, post: Post, mail: MailServer) -> None:
    house.valkey.kill()
    house.relay()
    urgent, routine = post.queue(urgent=True), post.queue()
    wait_for(lambda: post.state(urgent) == "sent")
    assert post.state(routine) == "queued"  # it waits a little for the broker
    post.let_time_pass(31)
    wait_for(lambda: post.state(routine) == "sent")
    assert set(letters(mail).values()) == {1}


def test_a_broker_killed_under_load_loses_and_doubles_nothing(house: House, post: Post, mail: MailServer) -> None:
    house.relay()
    house.worker()
    first = post.queue()
    wait_for(lambda: post.state(first) == "sent")
    for _ in range(10):
        post.queue()
    house.valkey.kill()
    for _ in range(10):
        post.queue()
    house.valkey.start()

    def all_sent() -> bool:
        post.let_time_pass(5)
        return post.states() == {"sent": 21}

    wait_for(all_sent)
    assert len(letters(mail)) == 21
    assert set(letters(mail).values()) == {1}


@pytest.mark.bug(21)
def test_a_broker_that_forgot_everything_costs_time_alone(house: House, post: Post, mail: MailServer) -> None:
    house.relay()
    keys = [post.queue() for _ in range(5)]
    wait_for(lambda: house.valkey.say("LLEN default").strip() == ":5")
    house.valkey.say("FLUSHALL")
    post.let_time_pass(31)
    house.worker()
    wait_for(lambda: post.states() == {"sent": len(keys)})
    assert set(letters(mail).values()) == {1}


@pytest.mark.bug(21)
def test_a_worker_killed_while_the_mail_server_has_it_leaves_it_unknown(
    house: House, post: Post, mail: MailServer
) -> None:
    mail.orders.append("data:slow")
    house.relay()
    worker = house.worker()
    key = post.queue()
    wait_for(lambda: mail.taken)
    worker.kill()
    house.worker()
    assert post.state(key) == "sending"
    post.let_time_pass(31)
    with taking_role("worker"):
        assert end_lost_leases() == 1
    post.queue()
    wait_for(lambda: post.states() == {"unknown": 1, "sent": 1})
    assert set(letters(mail).values()) == {1}


def test_a_killed_relay_is_replaced_by_another(house: House, post: Post, mail: MailServer) -> None:
    house.worker()
    relay = house.relay()
    first = post.queue()
    wait_for(lambda: post.state(first) == "sent")
    relay.kill()
    second = post.queue()
    house.relay()
    wait_for(lambda: post.state(second) == "sent")
    assert set(letters(mail).values()) == {1}


@pytest.mark.chaos
@pytest.mark.bug(21)
def test_workers_killed_again_and_again(house: House, post: Post, mail: MailServer) -> None:
    """At most one unknown for each kill; everything else is sent; nothing twice."""
    count, kills = 40, 4
    house.relay()
    worker = house.worker()
    for number in range(count):
        if number % 3 == 0:
            mail.orders.append("data:pause")
        post.queue()
    for _ in range(kills):
        already = len(mail.taken)
        wait_for(lambda already=already: len(mail.taken) > already + 2)
        worker.kill()
        post.let_time_pass(31)
        worker = house.worker()

    def settled() -> bool:
        post.let_time_pass(5)
        with taking_role("worker"):
            end_lost_leases()
        time.sleep(0.3)
        states = post.states()
        return states["sent"] + states["unknown"] == count

    wait_for(settled, 90)
    assert post.states()["unknown"] <= kills
    assert set(letters(mail).values()) == {1}
    assert len(letters(mail)) >= count - kills
