from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.events.queues import QUEUES, lease, patience, wait_after


@pytest.mark.parametrize(("attempts", "longest"), [(1, 30), (2, 120), (3, 600), (4, 3_600), (5, 14_400)])
def test_routine_work_waits_longer_each_time(attempts: int, longest: int) -> None:
    assert wait_after(attempts, "default", 1) == timedelta(seconds=longest)
    assert wait_after(attempts, "default", 0) == timedelta(seconds=longest / 10)


def test_after_the_last_step_it_is_given_up() -> None:
    assert wait_after(6, "bulk", 0.5) is None
    assert wait_after(7, "urgent", 0.5) is not None
    assert wait_after(8, "urgent", 0.5) is None


@given(attempts=st.integers(1, 7), luck=st.floats(0, 1))
def test_urgent_work_never_waits_longer_than_routine(attempts: int, luck: float) -> None:
    urgent, routine = wait_after(attempts, "urgent", luck), wait_after(attempts, "sync", luck)
    assert urgent is not None
    assert routine is None or urgent < routine


@pytest.mark.parametrize("queue", QUEUES)
def test_nothing_is_handed_out_again_while_the_relay_would_do_it_itself(queue: str) -> None:
    assert lease(queue) < patience(queue, broker_is_up=True)
    assert patience(queue, broker_is_up=False) <= timedelta(seconds=30)


def test_urgent_work_does_not_wait_for_a_broker() -> None:
    assert patience("urgent", broker_is_up=False) == timedelta(0)
