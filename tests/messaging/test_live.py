"""Open pages are told that there is news: at the commit, by a word, and whom it is for."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import transaction

from healthcare.events.relay import listening
from healthcare.messaging.live import AT_ONCE, CHANNEL, NEWS, URGENT, heard, nudge

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30  # seconds


Taken = Callable[[], list[tuple[str, list[UUID]]]]


@pytest.fixture
def taken(superuser: psycopg.Connection) -> Iterator[Taken]:
    """What was said since it was asked last: up to a mark that comes after it."""
    with listening(CHANNEL, "healthcare-tests") as ears:

        def read() -> list[tuple[str, list[UUID]]]:
            mark, found = uuid4(), []
            superuser.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{NEWS} {mark}"])
            for notice in ears.notifies(timeout=PATIENCE):
                said = heard(notice.payload)
                if said[1] == [mark]:
                    return found
                found.append(said)
            raise AssertionError("nothing came")

        yield read


def test_at_the_commit_and_not_before(taken: Taken) -> None:
    one, other = sorted((uuid4(), uuid4()))
    with transaction.atomic():
        nudge([other, one, other], URGENT)
        assert taken() == []
    assert taken() == [(URGENT, [one, other])]


def test_what_was_taken_back_is_not_said(taken: Taken) -> None:
    with transaction.atomic():
        nudge([uuid4()])
        transaction.set_rollback(True)
    assert taken() == []


def test_nobody_is_told_nothing(taken: Taken) -> None:
    nudge([])
    assert taken() == []


def test_a_crowd_is_told_in_parts(taken: Taken) -> None:
    people = {uuid4() for _each in range(AT_ONCE + 1)}
    nudge(people)
    told = taken()
    assert [(word, len(ids)) for word, ids in told] == [(NEWS, AT_ONCE), (NEWS, 1)]
    assert {one for _word, ids in told for one in ids} == people


@pytest.mark.parametrize(
    ("payload", "problem"),
    [("hello 00000000-0000-0000-0000-000000000000", "word of ours"), ("news nobody", "UUID"), ("", "to unpack")],
)
def test_what_is_not_ours_is_not_understood(payload: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        heard(payload)
