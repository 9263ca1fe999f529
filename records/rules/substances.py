"""Results in other units than ours: the same amount of a substance by mass and by number of its molecules.

Molar masses are those of the formula by the standard atomic weights (IUPAC 2021), in g/mol; 1 mmol/L of a substance of
180.16 g/mol is 18.016 mg/dL. A1c goes by the master equation of IFCC and NGSP (Hoelzel 2004, Clin Chem 50:166):
NGSP = 0.09148 IFCC + 2.152. Nothing is converted that does not stand here.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from records.rules.laboratory import TESTS
from records.rules.units import ANNOTATION, Unreadable, fold, rounded, sign_of

MMOL, MICROMOL, GRAMS, PER_MOL = "mmol/L", "umol/L", "g/L", "mmol/mol"
SIGNS = {MICROMOL: "µmol/L"}
GIVEN = re.compile(r"(?P<comparator>[<>]?)\s*(?P<number>[0-9]{1,9}(?:[.,][0-9]{1,4})?)\s*(?P<unit>[^0-9\s.,<>].*)?")
PLACES = 4  # decimals that a row holds


@dataclass(frozen=True)
class Way:
    """From another unit to ours: times `factor`, plus `offset`; `decimals` is how finely the result is said."""

    factor: Decimal
    decimals: int
    offset: Decimal = Decimal(0)


def _molar(mass: str, decimals: int, *units: str) -> dict[str, Way]:
    """To mg/dL from mmol/L, or from µmol/L."""
    per = {MMOL: Decimal(mass) / 10, MICROMOL: Decimal(mass) / 10_000}
    return {unit: Way(per[unit], decimals) for unit in units}


# LOINC code → unit of another system → the way to the unit of our table.
WAYS: dict[str, dict[str, Way]] = {
    "2345-7": _molar("180.156", 1, MMOL),  # glucose, C6H12O6
    "2093-3": _molar("386.65", 1, MMOL),  # cholesterol, C27H46O; also that in LDL and HDL
    "18262-6": _molar("386.65", 1, MMOL),
    "2085-9": _molar("386.65", 1, MMOL),
    "2571-8": _molar("885.45", 1, MMOL),  # triglycerides, as triolein, C57H104O6
    "2160-0": _molar("113.12", 2, MICROMOL),  # creatinine, C4H7N3O
    "3094-0": _molar("28.014", 1, MMOL),  # urea nitrogen, N2, from the urea that holds it
    "1975-2": _molar("584.67", 2, MICROMOL),  # bilirubin, C33H36N4O6
    "17861-6": _molar("40.078", 2, MMOL),  # calcium
    "19123-9": _molar("24.305", 2, MMOL),  # magnesium
    "2777-1": _molar("30.974", 2, MMOL),  # phosphate, as phosphorus
    "718-7": {GRAMS: Way(Decimal("0.1"), 1)},
    "786-4": {GRAMS: Way(Decimal("0.1"), 1)},
    "2885-2": {GRAMS: Way(Decimal("0.1"), 1)},
    "1751-7": {GRAMS: Way(Decimal("0.1"), 1)},
    "10834-0": {GRAMS: Way(Decimal("0.1"), 1)},
    "4548-4": {PER_MOL: Way(Decimal("0.09148"), 1, Decimal("2.152"))},
}


@dataclass(frozen=True)
class Given:
    """A number as a report says it; `unit` is a UCUM code, ours where none was typed. `said`: it was typed."""

    comparator: str
    value: Decimal
    unit: str
    said: bool = False


def read_result(code: str, text: str) -> Given:
    """ "5.6 mmol/L", "<0.1", "101". Raises Unreadable: "number", or "unit" for one that the test does not come in."""
    found = GIVEN.fullmatch(" ".join(text.split()))
    if not found:
        raise Unreadable("number")
    value = Decimal(found["number"].replace(",", "."))
    if not found["unit"]:
        return Given(found["comparator"], value, TESTS[code].unit)
    return Given(found["comparator"], value, _unit_of(code, found["unit"]), said=True)


def _unit_of(code: str, typed: str) -> str:
    """By its UCUM code or its sign, in capitals or not, annotated or not."""
    known = {fold(spelled): unit for unit in units_of(code) for spelled in (unit, ANNOTATION.sub("", unit), sign(unit))}
    try:
        return known[fold(typed)]
    except KeyError:
        raise Unreadable("unit") from None


def units_of(code: str) -> tuple[str, ...]:
    """Ours first."""
    return (TESTS[code].unit, *WAYS.get(code, {}))


def in_our_unit(code: str, value: Decimal, unit: str) -> Decimal:
    """Raises Unreadable where there is no way."""
    if unit == TESTS[code].unit:
        return value
    way = WAYS.get(code, {}).get(unit)
    if way is None:
        raise Unreadable("unit")
    return rounded(value * way.factor + way.offset, way.decimals)


def in_unit(code: str, value: Decimal, unit: str) -> Decimal:
    """The way back, from our unit, to the decimals that a row holds. Raises Unreadable where there is none."""
    if unit == TESTS[code].unit:
        return value
    way = WAYS.get(code, {}).get(unit)
    if way is None:
        raise Unreadable("unit")
    return rounded((value - way.offset) / way.factor, PLACES)


def sign(unit: str) -> str:
    """As read on a page."""
    return SIGNS.get(unit) or sign_of(unit)
