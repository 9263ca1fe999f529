"""Laboratory tests by LOINC code: the unit, the usual interval by sex and age, and the limits of a call by telephone.

The intervals are conventional ones for adults, taken from a published table of 49 LOINC codes; a laboratory's own, on
its report, goes before them. Critical limits are the means of the American survey in Kost 1990 (JAMA 263:704). Below 18
years only electrolytes and glucose have an interval here: for the rest, none is better than a wrong one.
"""

from dataclasses import dataclass
from decimal import Decimal

from records.rules.vitals import Flag, Interval

ADULT_YEARS = 18
SOURCE = "conventional adult interval"
KOST = "Kost 1990"


@dataclass(frozen=True)
class Usual:
    """One interval with its selectors; `sex` is "" for everybody."""

    low: Decimal
    high: Decimal
    sex: str = ""


@dataclass(frozen=True)
class Test:
    """A test whose result is a number in one unit; `any_age` where the interval also holds for children."""

    code: str
    unit: str
    usual: tuple[Usual, ...]
    critical_low: Decimal | None = None
    critical_high: Decimal | None = None
    any_age: bool = False


@dataclass(frozen=True)
class Measured:
    """What a report says: `comparator` is "<" or ">" where the value lies beyond what could be measured. `low` and
    `high` are the report's own interval; where it has none, ours by sex and age is copied."""

    code: str
    value: Decimal
    comparator: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    laboratory: str = ""


def _test(code: str, unit: str, usual: str, critical: str = "", *, women: str = "", any_age: bool = False) -> Test:
    rows = ([Usual(*_span(women), sex="female")] if women else []) + [Usual(*_span(usual), sex="male" if women else "")]
    low, _dots, high = critical.partition("..")
    return Test(code, unit, tuple(rows), Decimal(low) if low else None, Decimal(high) if high else None, any_age)


def _span(text: str) -> tuple[Decimal, Decimal]:
    low, high = text.split("..")
    return Decimal(low), Decimal(high)


# code, unit (UCUM), interval (men's where women's stands beside it), critical at or beyond
TESTS: dict[str, Test] = {
    test.code: test
    for test in (
        # Blood count
        _test("718-7", "g/dL", "13.5..17.5", "6.6..19.9", women="12.0..15.5"),
        _test("4544-3", "%", "41.0..50.0", "18..61", women="36.0..44.0"),
        _test("789-8", "10*6/uL", "4.5..5.9", women="4.1..5.1"),
        _test("787-2", "fL", "80..100"),
        _test("785-6", "pg", "27..33"),
        _test("786-4", "g/dL", "32..36"),
        _test("788-0", "%", "11.5..14.5"),
        _test("6690-2", "10*3/uL", "4.5..11.0", "2.0..37.0"),
        _test("777-3", "10*3/uL", "150..400", "37..910"),
        # That table has it under 32207-3, which is how far platelets differ in size (LOINC).
        _test("32623-1", "fL", "7.5..11.5"),
        _test("770-8", "%", "40..70"),
        _test("736-9", "%", "20..45"),
        _test("5905-5", "%", "2..10"),
        _test("713-8", "%", "0..6"),
        _test("706-2", "%", "0..2"),
        # Sugar, kidneys, salts
        _test("2345-7", "mg/dL", "70..99", "46..484", any_age=True),
        _test("4548-4", "%", "4.0..5.6"),
        _test("2160-0", "mg/dL", "0.74..1.35", "..7.4", women="0.59..1.04"),
        _test("33914-3", "mL/min/{1.73_m2}", "60..200"),
        _test("3094-0", "mg/dL", "7..20", "..104"),
        _test("2951-2", "mmol/L", "135..145", "120..158", any_age=True),
        _test("2823-3", "mmol/L", "3.5..5.1", "2.8..6.2", any_age=True),
        _test("2075-0", "mmol/L", "98..107", "75..126", any_age=True),
        _test("1963-8", "mmol/L", "22..29", "11..40", any_age=True),
        _test("17861-6", "mg/dL", "8.6..10.3", "6.6..12.9", any_age=True),
        _test("19123-9", "mg/dL", "1.7..2.2", "1.0..4.9"),
        _test("2777-1", "mg/dL", "2.5..4.5", "1.2..8.9"),
        # Liver
        _test("2885-2", "g/dL", "6.0..8.3"),
        _test("1751-7", "g/dL", "3.5..5.0", "1.7..6.8"),
        _test("10834-0", "g/dL", "2.0..3.5"),
        _test("1759-0", "{ratio}", "1.1..2.5"),
        _test("1975-2", "mg/dL", "0.2..1.2"),
        _test("6768-6", "U/L", "40..129"),
        _test("1742-6", "U/L", "7..56"),
        _test("1920-8", "U/L", "10..40"),
        # Fats, thyroid, clotting
        _test("2093-3", "mg/dL", "0..200"),
        _test("2571-8", "mg/dL", "0..150"),
        _test("18262-6", "mg/dL", "0..100"),
        _test("2085-9", "mg/dL", "40..200"),
        _test("3016-3", "u[IU]/mL", "0.45..4.5"),
        # 6301-6 is not in that table: 0.8 to 1.1 without a blood thinner; above 5 by CHEST 2012.
        _test("6301-6", "{INR}", "0.8..1.1", "..5"),
    )
}


def expected_of(code: str, *, sex: str, age_years: int) -> Interval | None:
    """The interval for somebody of this sex and age in completed years; None where this table knows none.

    Critical limits hold also where no interval does. Without a known sex, an interval that differs by sex is not given.
    """
    test = TESTS.get(code)
    if test is None:
        return None
    usual = None
    if age_years >= ADULT_YEARS or test.any_age:
        usual = next((row for row in test.usual if row.sex in ("", sex)), None)
    if usual is None and test.critical_low is None and test.critical_high is None:
        return None
    return Interval(
        low=usual.low if usual else None,
        high=usual.high if usual else None,
        critical_low=test.critical_low,
        critical_high=test.critical_high,
        source=SOURCE if test.critical_high is None else f"{SOURCE}; critical by {KOST}",
    )


def flag_result(value: Decimal, interval: Interval | None) -> Flag:
    """Low, high or critical; nothing where nothing is known to compare with, which a page has to say."""
    return interval.flag(value) if interval else Flag.NONE
