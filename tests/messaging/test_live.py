"""Open pages are told that there is news: at the commit, by a word, and whom it is for."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import transaction

from healthcare.events.relay import listening
from healthcare.messaging.live import AT_ONCE, CHANNEL, NEWS, URGENT, heard, nudge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ears() -> Iterator[psycopg.Connection]:
    with listening(CHANNEL, "healthcare-tests") as ears:
        yield ears


def taken(ears: psycopg.Connection, seconds: float = 0.2) -> list[tuple[str, list[UUID]]]:
    return [heard(notice.payload) for notice in ears.notifies(timeout=seconds)]


def test_at_the_commit_and_not_before(ears: psycopg.Connection) -> None:
    one, other = sorted((uuid4(), uuid4()))
    with transaction.atomic():
        nudge([other, one, other], URGENT)
        assert taken(ears) == []
    assert taken(ears) == [(URGENT, [one, other])]


def test_what_was_taken_back_is_not_said(ears: psycopg.Connection) -> None:
    with transaction.atomic():
        nudge([uuid4()])
        transaction.set_rollback(True)
    assert taken(ears) == []


def test_nobody_is_told_nothing(ears: psycopg.Connection) -> None:
    nudge([])
    assert taken(ears) == []


def test_a_crowd_is_told_in_parts(ears: psycopg.Connection) -> None:
    people = {uuid4() for _each in range(AT_ONCE + 1)}
    nudge(people)
    told = taken(ears)
    assert [(word, len(ids)) for word, ids in told] == [(NEWS, AT_ONCE), (NEWS, 1)]
    assert {one for _word, ids in told for one in ids} == people


@pytest.mark.parametrize(
    ("payload", "problem"),
    [("hello 00000000-0000-0000-0000-000000000000", "word of ours"), ("news nobody", "UUID"), ("", "to unpack")],
)
def test_what_is_not_ours_is_not_understood(payload: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        heard(payload)
