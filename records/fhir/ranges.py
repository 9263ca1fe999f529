"""With what a value is compared, and what its source or that comparison says of it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from records.kinds.flags import ABNORMAL
from records.queries.imports import Person
from records.rules import told
from records.rules.laboratory import TESTS, expected_of
from records.rules.ranges import Flag, Interval
from records.rules.told import Amount

REPORTED = "its source"
# HL7 v3 ObservationInterpretation, of which FHIR R4's value set is made.
FLAGS = {
    "N": Flag.NONE,
    "L": Flag.LOW,
    "LU": Flag.LOW,
    "<": Flag.LOW,
    "H": Flag.HIGH,
    "HU": Flag.HIGH,
    ">": Flag.HIGH,
    "LL": Flag.CRITICAL_LOW,
    "HH": Flag.CRITICAL_HIGH,
}
ABNORMALS = frozenset({"A", "AA", "POS", "DET", "R", "I", "WR", "RR", "E"})


def range_in(
    resource: dict[str, Any], code: str, given: Amount | None, person: Person | None = None, years: int | None = None
) -> Interval | None:
    """The source's own range before ours; ours only for our test in our unit. Limits of a call are ours either way."""
    ours = None
    if given is not None and person is not None and code in TESTS and given.unit == TESTS[code].unit:
        ours = expected_of(code, sex=person.sex, age_years=years)
    low, high = _reported(resource, given)
    if low is None and high is None:
        return ours
    return replace(ours or Interval(), low=low, high=high, source=REPORTED)


def flag_of(resource: dict[str, Any], given: Amount | None, bounds: Interval | None) -> dict[str, str]:
    """What the source says of the value, else what the comparison says; and its words where they say more."""
    codes = told.codes_of(resource.get("interpretation"))
    words = told.text_of(resource.get("interpretation"))
    said = next((FLAGS[code] for code in sorted(codes) if code in FLAGS), None)
    flag = said.value if said is not None else ABNORMAL if codes & ABNORMALS else ""
    if said is None and given is not None and bounds is not None:
        flag = bounds.flag(given.value).value or flag
    return {"flag": flag} | ({"interpretation": words} if words and said is None else {})


def _reported(resource: dict[str, Any], given: Amount | None) -> tuple[Decimal | None, Decimal | None]:
    """The normal range, if it is in the value's unit and for anybody: one for some may not be this patient's."""
    ranges = [one for one in told.objects(resource.get("referenceRange")) if not one.get("appliesTo")]
    usual = [one for one in ranges if told.codes_of(one.get("type")) <= {"normal"} and not one.get("age")]
    if given is None or len(usual) != 1:
        return None, None
    low, high = (told.amount(usual[0].get(side)) for side in ("low", "high"))
    if any(bound is not None and bound.unit not in ("", given.unit) for bound in (low, high)):
        return None, None
    if low is not None and high is not None and low.value > high.value:
        return None, None
    return (low.value if low else None), (high.value if high else None)
