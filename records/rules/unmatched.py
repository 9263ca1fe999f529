"""What a laboratory tells of a result and of whose it says it is, where nobody is sure who that is. Plain Python."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from records.rules.laboratory import TESTS, Measured
from records.rules.substances import in_our_unit
from records.rules.told import plain
from records.rules.units import Unreadable

COMPARATORS = ("", "<", ">")


@dataclass(frozen=True)
class Person:
    """Whom the laboratory names, in its own words; `numbers` are those under which it knows them."""

    name: str = ""
    birth_date: str = ""
    sex: str = ""
    numbers: tuple[str, ...] = ()

    def as_searched(self) -> str:
        """As one would type it into the search of patients: the name with the birth date, else a number."""
        if self.name:
            return f"{self.name} {self.birth_date}".strip()
        return self.numbers[0] if self.numbers else self.birth_date


@dataclass(frozen=True)
class Told:
    """One result as it arrived. `value` is a number as text, in `unit`; `data` what its kind holds of it besides;
    `resource` all that was told, as JSON."""

    kind: str
    effective_at: str
    code: str = ""
    code_system: str = ""
    display: str = ""
    value: str = ""
    unit: str = ""
    record_status: str = "final"
    sensitivity: str = ""
    private: bool = False
    resource: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    person: Person = field(default_factory=Person)

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.effective_at)

    @property
    def number(self) -> Decimal | None:
        return Decimal(self.value) if self.value else None


def as_text(told: Told) -> str:
    return json.dumps(asdict(told))


def told_of(text: str) -> Told:
    said = json.loads(text)
    person = said.pop("person")
    return Told(**said, person=Person(**person | {"numbers": tuple(person["numbers"])}))


def headline_of(told: Told) -> str:
    """What a list shows: the test, and of the name the first letters."""
    return json.dumps({"display": told.display, "person": masked(told.person.name)})


def headline(text: str) -> tuple[str, str]:
    said = json.loads(text)
    return said["display"], said["person"]


def masked(name: str) -> str:
    return " ".join(f"{word[0]}•••" for word in name.split())


def measured_of(told: Told) -> Measured | None:
    """As one of our own tests, in our unit; None for what can only be kept in the laboratory's own words."""
    comparator, value = str(told.data.get("comparator", "")), told.number
    ours = told.kind == "laboratory_result" and told.code_system == "loinc" and told.code in TESTS
    if not ours or value is None or comparator not in COMPARATORS or told.data.get("parts"):
        return None
    bounds = told.data.get("range", {})
    try:
        low, high = (
            in_our_unit(told.code, Decimal(bounds[side]), told.unit) if side in bounds else None
            for side in ("low", "high")
        )
        number = in_our_unit(told.code, value, told.unit)
    except Unreadable:
        return None
    typed = "" if told.unit == TESTS[told.code].unit else f"{comparator}{plain(value)} {told.unit}"
    laboratory = str(told.data.get("by", ""))[:80]
    return Measured(told.code, number, comparator, low, high, laboratory, typed)
