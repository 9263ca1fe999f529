"""In which order the diagnoses of a visit stand: the first is the principal one. Plain Python."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")
MOST = 20  # of one visit


class Place(StrEnum):
    """What is done with one: put behind the others, made the principal one, or taken off."""

    ADD = "add"
    FIRST = "first"
    DROP = "drop"


def placed(chosen: Sequence[T], one: T, place: Place) -> list[T]:
    """The list after that; one that stands in it already keeps its place when it is added again."""
    rest = [other for other in chosen if other != one]
    if place == Place.DROP:
        return rest
    if place == Place.FIRST:
        return [one, *rest]
    return list(chosen) if one in chosen else [*chosen, one]
