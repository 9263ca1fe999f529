"""Whether two registrations are of one person: the evidence weighed. What is compared stands in SQL, beside the rows
that nobody may read; here it is decided what that means, and patients/reasons.py tells it in words.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from functools import lru_cache
from pathlib import Path

NAMES_FILE = Path(__file__).parents[1] / "data" / "given_names.txt"


@dataclass(frozen=True)
class Person:
    """What is told of somebody at a desk; "" and None where nothing is. `birth_slack` is how many days before or after
    `birth_date` the true day may lie: 0 for one that is known.
    """

    given_name: str = ""
    family_name: str = ""
    preferred_name: str = ""
    birth_date: date | None = None
    birth_slack: int = 0
    sex: str = ""
    phone: str = ""
    email: str = ""
    line: str = ""
    postal_code: str = ""
    identifier: str = ""


class Name(IntEnum):
    """How like two names are, best last."""

    NOT_SAID = -1
    DIFFERS = 0
    SHARES_A_WORD = 1
    ALIKE = 2  # one or two letters differ, or they sound the same
    KNOWN_FORM = 3  # Bob and Robert; R and Robert
    PART = 4  # García and García López
    SAME = 5


class Born(IntEnum):
    NOT_SAID = -1
    DIFFERS = 0
    HARDLY = 1  # a birthday shared over many years, as fathers and sons may
    PARTLY = 2  # two of day, month and year
    SLIP = 3  # one digit, or two that changed places
    SWAPPED = 4  # day and month
    SAME = 5


class Other(IntEnum):
    NOT_SAID = -1
    DIFFERS = 0
    NEAR = 1
    SAME = 2


class Bears(IntEnum):
    """Which name of the registered person was compared: the one that is most like what was told."""

    NOW = 0
    AT_BIRTH = 1
    BEFORE = 2
    BESIDES = 3


@dataclass(frozen=True)
class Comparison:
    """Two registrations, field by field, in the order in which `app.compare_people` answers; the search adds `name`."""

    given: Name
    family: Name
    names_swapped: bool
    suffix: Other
    born: Born
    sex: Other
    phone: Other
    email: Other
    line: Other
    postal_code: Other
    identifier: Other
    name: Bears = Bears.NOW

    @classmethod
    def of(cls, levels: Iterable[int]) -> "Comparison":
        given, family, swapped, suffix, born, sex, phone, email, line, postal_code, identifier, *name = levels
        others = map(Other, (sex, phone, email, line, postal_code, identifier))
        bears = Bears(name[0]) if name else Bears.NOW
        parts = (Name(given), Name(family), swapped == 1, Other(suffix), Born(born), *others, bears)
        return cls(*parts)  # type: ignore[arg-type]


# == The weights ==
# Each says how much more often people of one registration agree so than two who are not the same, as a power of two,
# rounded; set by hand and held by `manage.py match_quality`.
GIVEN = {
    Name.SAME: 4.0,
    Name.PART: 3.5,
    Name.KNOWN_FORM: 3.0,
    Name.ALIKE: 2.5,
    Name.SHARES_A_WORD: 0.0,
    Name.DIFFERS: -9.0,
}
FAMILY = {
    Name.SAME: 4.0,
    Name.PART: 3.5,
    Name.KNOWN_FORM: 2.5,
    Name.ALIKE: 3.0,
    Name.SHARES_A_WORD: 2.0,
    Name.DIFFERS: -3.0,
}
NAMES_SWAPPED = 7.0
BORN = {
    Born.SAME: 7.0,
    Born.SWAPPED: 5.0,
    Born.SLIP: 4.0,
    Born.PARTLY: -3.0,
    Born.HARDLY: -3.0,
    Born.DIFFERS: -9.0,
    Born.NOT_SAID: -3.0,
}
OTHERS: dict[str, dict[Other, float]] = {
    "suffix": {Other.SAME: 1.0, Other.DIFFERS: -6.0},
    "sex": {Other.SAME: 0.5, Other.DIFFERS: -2.5},
    "phone": {Other.SAME: 3.5, Other.NEAR: 2.0, Other.DIFFERS: -1.0},
    "email": {Other.SAME: 4.0, Other.NEAR: 2.5, Other.DIFFERS: -0.5},
    "line": {Other.SAME: 3.0, Other.NEAR: 1.0, Other.DIFFERS: -0.75},
    "postal_code": {Other.SAME: 1.0, Other.DIFFERS: -0.5},
    "identifier": {Other.SAME: 10.0, Other.NEAR: 6.0, Other.DIFFERS: -4.0},
}
ONE_PERSON = 6.0  # from here on two registrations are taken for one person's
PERHAPS = 2.0  # from here on somebody shall look


@dataclass(frozen=True)
class Judgement:
    """How likely it is one person, as the sum of the weights, and by what."""

    score: float
    compared: Comparison

    @property
    def same(self) -> bool:
        return self.score >= ONE_PERSON

    @property
    def perhaps(self) -> bool:
        return self.score >= PERHAPS


def judge(compared: Comparison) -> Judgement:
    """Weigh all that is known of both; what a family shares does not outweigh another name or another birthday."""
    score = sum(_weights(compared))
    if _are_relatives(compared) or _shares_but_name_and_birth(compared):
        score = min(score, PERHAPS - 0.5 if compared.given == Name.DIFFERS else ONE_PERSON - 0.5)
    return Judgement(score, compared)


def _weights(compared: Comparison) -> Iterator[float]:
    if compared.names_swapped:
        yield NAMES_SWAPPED
    else:
        yield GIVEN.get(compared.given, 0.0)
        yield FAMILY.get(compared.family, 0.0)
    yield BORN.get(compared.born, 0.0)
    for name, weights in OTHERS.items():
        yield weights.get(getattr(compared, name), 0.0)


def _are_relatives(compared: Comparison) -> bool:
    """Twins have another given name, fathers and sons another year of birth; how to reach them they may share."""
    if compared.identifier >= Other.NEAR:
        return False
    twins = not compared.names_swapped and compared.given == Name.DIFFERS
    mixed_twins = compared.given == Name.ALIKE and compared.sex == Other.DIFFERS
    generations = compared.born in (Born.DIFFERS, Born.HARDLY)
    return twins or mixed_twins or generations or compared.suffix == Other.DIFFERS


def _shares_but_name_and_birth(compared: Comparison) -> bool:
    """Another number, and nothing by which both could be reached: with a name that many bear, two people."""
    reached = (compared.phone, compared.email, compared.line)
    return compared.identifier == Other.DIFFERS and max(reached) == Other.DIFFERS


# == What to look for ==
@lru_cache(maxsize=1)
def _name_groups() -> tuple[frozenset[str], ...]:
    groups: list[frozenset[str]] = []
    for text in NAMES_FILE.read_text(encoding="utf-8").splitlines():
        if text.startswith("="):
            groups += [frozenset([name]) for name in text[1:].split()]
        elif text and not text.startswith("#"):
            groups.append(frozenset(text.split()))
    return tuple(groups)


@lru_cache(maxsize=1)
def known_names() -> list[str]:
    """Given names that many bear: one of them is no typing mistake for another."""
    return sorted(frozenset().union(*_name_groups()))


@lru_cache(maxsize=1)
def _forms() -> dict[str, frozenset[str]]:
    forms: dict[str, frozenset[str]] = {}
    for group in _name_groups():
        for name in group:
            forms[name] = forms.get(name, frozenset()) | group
    return forms


def folded(name: str) -> str:
    """In small letters, without accents and hyphens, as the database folds names."""
    said = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in said if not unicodedata.combining(sign)).replace("-", " ")


def forms_of(words: Iterable[str]) -> list[str]:
    """The other forms in which these given names, in small letters without accents, are known: Robert for Bob."""
    return sorted(frozenset().union(*(_forms().get(word, frozenset()) for word in words)))


def likely_births(born: date | None) -> list[date]:
    """The dates that may be written where this one is meant: itself, day and month swapped, a year or a day beside."""
    if born is None:
        return []
    found = [born]
    numbers = [(born.year, born.day, born.month), *((born.year + by, born.month, born.day) for by in (-1, 1))]
    for year, month, day in numbers:
        try:
            found.append(date(year, month, day))
        except ValueError:  # there is no such day
            continue
    found += [born - timedelta(days=1), born + timedelta(days=1)]
    return list(dict.fromkeys(found))
