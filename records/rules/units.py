"""What somebody typed, as a number in one UCUM unit. Text in, exact decimals out; nothing is guessed."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CELSIUS, FAHRENHEIT = "Cel", "[degF]"
KILOGRAM, POUND, GRAM = "kg", "[lb_av]", "g"
CENTIMETRE, INCH, METRE = "cm", "[in_i]", "m"
MERCURY, KILOPASCAL, PER_MINUTE, PERCENT, SCORE = "mm[Hg]", "kPa", "/min", "%", "{score}"
BODY_MASS = "kg/m2"

# UCUM code → what people write after the number, folded.
SPELLINGS: dict[str, tuple[str, ...]] = {
    CELSIUS: ("c", "°c", "cel", "celsius", "deg c", "degc"),
    FAHRENHEIT: ("f", "°f", "fahrenheit", "deg f", "degf"),
    KILOGRAM: ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms"),
    POUND: ("lb", "lbs", "pound", "pounds", "#"),
    GRAM: ("g", "gram", "grams"),
    CENTIMETRE: ("cm", "centimeter", "centimeters", "centimetre", "centimetres"),
    INCH: ("in", "ins", "inch", "inches", '"', "″", "''"),
    METRE: ("m", "meter", "meters", "metre", "metres"),
    MERCURY: ("mmhg", "mm hg"),
    KILOPASCAL: ("kpa",),
    PER_MINUTE: ("/min", "bpm", "per minute", "a minute"),
    PERCENT: ("%",),
    SCORE: ("/10",),
}
# As read on a page; UCUM codes are for machines.
SIGNS: dict[str, str] = {
    CELSIUS: "°C",
    FAHRENHEIT: "°F",
    KILOGRAM: "kg",
    POUND: "lb",
    GRAM: "g",
    CENTIMETRE: "cm",
    INCH: "in",
    METRE: "m",
    MERCURY: "mmHg",
    PER_MINUTE: "/min",
    SCORE: "of 10",
    BODY_MASS: "kg/m²",
    "10*3/uL": "×10³/µL",
    "10*6/uL": "×10⁶/µL",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "u[IU]/mL": "µIU/mL",
    "{ratio}": "",
    "{INR}": "",
    "1": "",
}
BY_SPELLING = {spelling: unit for unit, spellings in SPELLINGS.items() for spelling in spellings}
# Exact by definition: the international pound and inch of 1959; °F and the conventional millimetre of mercury by NIST
# SP 811, appendix B.
FACTORS: dict[tuple[str, str], Decimal] = {
    (POUND, KILOGRAM): Decimal("0.45359237"),
    (GRAM, KILOGRAM): Decimal("0.001"),
    (INCH, CENTIMETRE): Decimal("2.54"),
    (METRE, CENTIMETRE): Decimal(100),
    (MERCURY, KILOPASCAL): Decimal("0.133322387415"),
}
# Read where it is named, never guessed: one number of a pressure alone must not change its unit.
NEVER_GUESSED = frozenset({KILOPASCAL})
NUMBER = r"[-+]?[0-9]+(?:[.,][0-9]+)?"
QUANTITY = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>[^0-9\s.,+-].*)?")
FEET = re.compile(
    r"(?P<feet>[0-9]+)\s*(?:ft|feet|foot|'|′|’)\s*(?:(?P<inches>[0-9]+(?:[.,][0-9]+)?)\s*(?:in|ins|inch|inches|\"|″|'')?)?"
)
PRESSURE = re.compile(
    r"(?P<upper>[0-9]{1,3}(?:[.,][0-9])?)\s*(?:/|\\|over|on|\s)\s*(?P<lower>[0-9]{1,3}(?:[.,][0-9])?)"
    r"\s*(?P<unit>mm ?hg|kpa)?"
)
ANNOTATION = re.compile(r"\{[^}]*\}")  # UCUM: what is counted, without weight for the unit
LONGEST = 40


class Unreadable(ValueError):
    """No number, or a unit that this value does not come in. `why` is "number", "unit" or "pressure"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Quantity:
    """A number in a UCUM unit; `said` where the unit was typed and not taken from the form."""

    value: Decimal
    unit: str
    said: bool = False


def read_quantity(text: str, *, default: str, units: tuple[str, ...]) -> Quantity:
    """The number typed, in the unit typed after it or else in `default`. A comma is a decimal mark.

    Raises Unreadable for anything else, also for a unit that is not among `units`.
    """
    typed = fold(text)
    if INCH in units and (feet := FEET.fullmatch(typed)):
        return Quantity(Decimal(feet["feet"]) * 12 + _decimal(feet["inches"] or "0"), INCH, said=True)
    found = QUANTITY.fullmatch(typed)
    if not found:
        raise Unreadable("number")
    if not found["unit"]:
        return Quantity(_decimal(found["number"]), default)
    unit = BY_SPELLING.get(found["unit"].strip())
    if unit not in units:
        raise Unreadable("unit")
    return Quantity(_decimal(found["number"]), unit, said=True)


def read_pressure(text: str) -> tuple[Quantity, Quantity]:
    """Systolic and diastolic from "120/80", "120 over 80", "120 80", in mmHg, or from "16/10.7 kPa".

    Raises Unreadable, also for a part of a millimetre: nobody reads one, and 12.0/8.0 is kPa or a slip.
    """
    found = PRESSURE.fullmatch(fold(text))
    unit = BY_SPELLING[found["unit"]] if found and found["unit"] else MERCURY
    if not found or (unit == MERCURY and not (found["upper"] + found["lower"]).isdecimal()):
        raise Unreadable("pressure")
    said = bool(found["unit"])
    return Quantity(_decimal(found["upper"]), unit, said), Quantity(_decimal(found["lower"]), unit, said)


def convert(quantity: Quantity, unit: str) -> Decimal:
    """The value in another unit of the same kind, exact. Raises Unreadable where there is no way."""
    if quantity.unit == unit:
        return quantity.value
    if (quantity.unit, unit) == (FAHRENHEIT, CELSIUS):
        return (quantity.value - 32) * 5 / 9
    if (quantity.unit, unit) == (CELSIUS, FAHRENHEIT):
        return quantity.value * 9 / 5 + 32
    if factor := FACTORS.get((quantity.unit, unit)):
        return quantity.value * factor
    if factor := FACTORS.get((unit, quantity.unit)):
        return quantity.value / factor
    raise Unreadable("unit")


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Half away from zero, as people round."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def shown(value: Decimal) -> str:
    """Without zeros that the database added: 7.4000 is 7.4, and 120 stays 120."""
    text = f"{value.normalize():f}"
    return "0" if text == "-0" else text


def plain_unit(said: str, units: tuple[str, ...]) -> str | None:
    """The one of these units that another system means: by its UCUM code, annotated or not, or as people spell it."""
    for spelled in (said, ANNOTATION.sub("", said), BY_SPELLING.get(fold(said), "")):
        if spelled in units:
            return spelled
    return units[0] if units == (SCORE,) and ANNOTATION.sub("", said) in ("", "1") else None


def sign_of(unit: str) -> str:
    return SIGNS.get(unit, unit)


def fold(text: str) -> str:
    """Lower case, compatible forms composed (NFKC turns the one sign ℃ into °C), single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text[:LONGEST]).lower().split())


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))
