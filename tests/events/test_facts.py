from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.events.facts import NotAFact, check_is_fact, decode, encode, name_of
from patients.events import PatientRegistered
from tests.events.announcements import Colour, Everything, Happened

EVERYTHING = Everything(
    key=uuid4(),
    at=datetime(2026, 3, 8, 2, 30, 0, 123, tzinfo=timezone(timedelta(hours=-5))),
    day=date(1968, 3, 12),
    amount=Decimal("12.50"),
    colour=Colour.RED,
    words=("a", "b"),
    pair=(3, uuid4()),
    keys=[uuid4()],
    missing=None,
    maybe=uuid4(),
    share=0.25,
    yes=True,
)


def test_every_kind_of_plain_value_comes_back_equal() -> None:
    assert decode(Everything, encode(EVERYTHING)) == EVERYTHING


def test_payload_is_plain_text_and_numbers() -> None:
    payload = encode(EVERYTHING)
    assert payload["at"] == "2026-03-08T02:30:00.000123-05:00"
    assert payload["amount"] == "12.50"
    assert payload["colour"] == "red"
    assert payload["key"] == str(EVERYTHING.key)


@given(
    at=st.datetimes(timezones=st.just(UTC)),
    amount=st.decimals(allow_nan=False, allow_infinity=False),
    keys=st.lists(st.uuids()),
    words=st.lists(st.text()).map(tuple),
    number=st.integers(),
)
def test_any_values_come_back_equal(
    at: datetime, amount: Decimal, keys: list[UUID], words: tuple[str, ...], number: int
) -> None:
    fact = replace(EVERYTHING, at=at, amount=amount, keys=keys, words=words, pair=(number, uuid4()))
    assert decode(Everything, encode(fact)) == fact


def test_names_say_the_app_and_the_class() -> None:
    assert name_of(PatientRegistered) == "patients.PatientRegistered"
    assert name_of(Happened) == "tests.Happened"
    from healthcare.messaging.events import MessageFailed

    assert name_of(MessageFailed) == "messaging.MessageFailed"


def test_a_field_added_later_has_its_default() -> None:
    payload = encode(EVERYTHING)
    del payload["added"]
    assert decode(Everything, payload).added == 7


def test_a_field_removed_later_is_dropped() -> None:
    assert decode(Happened, {"number": 3, "gone": "x"}) == Happened(3)


def test_a_missing_field_without_default_raises() -> None:
    with pytest.raises(TypeError):
        decode(Happened, {})


@dataclass
class Melting:
    number: int


@dataclass(frozen=True)
class Loose:
    value: Any


@dataclass(frozen=True)
class Torn:
    value: int | UUID


@pytest.mark.parametrize("kind", [Melting, int])
def test_only_frozen_dataclasses_are_facts(kind: type) -> None:
    with pytest.raises(NotAFact, match="frozen"):
        check_is_fact(kind)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001  (the naive time is the point)
        {"a": 1},
        object(),
        b"bytes",
        uuid4(),  # Any does not say what to read
        (1, 2),
    ],
)
def test_what_would_not_come_back_is_refused(value: Any) -> None:
    with pytest.raises(NotAFact):
        encode(Loose(value))


def test_a_choice_of_two_types_is_refused() -> None:
    with pytest.raises(NotAFact, match="leaves open"):
        encode(Torn(3))


def test_a_value_of_another_type_than_declared_is_refused() -> None:
    with pytest.raises(NotAFact):
        encode(replace(EVERYTHING, words=["a"]))  # type: ignore[arg-type]
