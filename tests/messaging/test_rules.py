from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.messaging.models import Message
from healthcare.messaging.rules import (
    CARRIER_SECONDS,
    ENDED_BADLY,
    LEASE,
    MOVES,
    TWILIO_STATES,
    is_header_safe,
    may_move,
    states_before,
)


def test_the_table_names_every_state() -> None:
    assert set(MOVES) == set(Message.Status.values)
    assert set().union(*MOVES.values()) <= set(Message.Status.values)
    assert set(TWILIO_STATES.values()) <= set(MOVES)
    assert set(MOVES) >= ENDED_BADLY


def test_what_arrived_stays_so() -> None:
    assert not any(may_move("delivered", after) for after in MOVES)


def test_what_may_have_arrived_is_not_sent_again_by_itself() -> None:
    """Only a person moves it back to queued; no worker claims anything but queued."""
    assert states_before("sending") == ["queued"]
    assert not may_move("unknown", "sending")


def test_a_worker_has_given_up_before_its_lease_ends() -> None:
    assert LEASE.total_seconds() > CARRIER_SECONDS


@pytest.mark.parametrize("sign", ["\n", "\r", "\x00", "\x0b", "\x1f", "\x7f", "\x85", "\u2028"])
def test_no_sign_that_ends_a_line_is_safe(sign: str) -> None:
    assert not is_header_safe(f"a{sign}b")


@given(st.text())
def test_what_is_safe_is_one_line(text: str) -> None:
    check: Callable[[str], bool] = is_header_safe
    assert not check(text) or len(f"x{text}x".splitlines()) == 1
