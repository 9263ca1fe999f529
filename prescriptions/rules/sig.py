"""Directions: how a medicine is taken, in words a patient reads, and how much of it that takes.

The words are English, as they stand on the label; they are kept with the prescription as signed.
"""

from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any

DROPS_PER_ML = 20  # the usual dropper; USP <1101> fixes the dropper's size, makers vary between 15 and 25
LONGEST_DAYS = 366
LARGEST_DOSE = Decimal("9999")
MOST_STEPS = 12  # of a taper


@dataclass(frozen=True)
class Frequency:
    """How often: the words, and how many times a day on average."""

    words: str
    per_day: Fraction


FREQUENCIES = {
    "once_daily": Frequency("once a day", Fraction(1)),
    "twice_daily": Frequency("twice a day", Fraction(2)),
    "three_times_daily": Frequency("3 times a day", Fraction(3)),
    "four_times_daily": Frequency("4 times a day", Fraction(4)),
    "every_4_hours": Frequency("every 4 hours", Fraction(6)),
    "every_6_hours": Frequency("every 6 hours", Fraction(4)),
    "every_8_hours": Frequency("every 8 hours", Fraction(3)),
    "every_12_hours": Frequency("every 12 hours", Fraction(2)),
    "in_the_morning": Frequency("in the morning", Fraction(1)),
    "in_the_evening": Frequency("in the evening", Fraction(1)),
    "at_bedtime": Frequency("at bedtime", Fraction(1)),
    "every_other_day": Frequency("every other day", Fraction(1, 2)),
    "once_weekly": Frequency("once a week", Fraction(1, 7)),
    "every_2_weeks": Frequency("every 2 weeks", Fraction(1, 14)),
    "every_28_days": Frequency("every 28 days", Fraction(1, 28)),
    "once": Frequency("one time only", Fraction(0)),
}


@dataclass(frozen=True)
class Unit:
    """A unit of dose, one and many; `given` is the unit the quantity is counted in, where it is another."""

    one: str
    many: str
    given: str = ""
    splits: Decimal = Decimal(1)  # the smallest part that can be taken

    def of(self, amount: Decimal) -> str:
        return f"{number(amount)} {self.one if amount <= 1 else self.many}"


HALVES, TENTHS = Decimal("0.25"), Decimal("0.01")
UNITS = {
    "tablet": Unit("tablet", "tablets", splits=HALVES),
    "capsule": Unit("capsule", "capsules"),
    "lozenge": Unit("lozenge", "lozenges"),
    "packet": Unit("packet", "packets"),
    "ml": Unit("mL", "mL", splits=TENTHS),
    "g": Unit("g", "g", splits=TENTHS),
    "puff": Unit("puff", "puffs"),
    "spray": Unit("spray", "sprays"),
    "drop": Unit("drop", "drops", given="ml"),
    "patch": Unit("patch", "patches"),
    "unit": Unit("unit", "units"),
    "injection": Unit("injection", "injections"),
    "suppository": Unit("suppository", "suppositories"),
    "application": Unit("application", "applications"),
    "ring": Unit("ring", "rings"),
}

# For each route: what one does with it, and where it goes.
ROUTES = {
    "oral": ("Take", "by mouth"),
    "sublingual": ("Put", "under the tongue"),
    "inhaled": ("Inhale", ""),
    "nasal": ("Spray", "into each nostril"),
    "topical": ("Apply", "to the skin"),
    "transdermal": ("Put", "on the skin"),
    "ophthalmic": ("Put", "into the eye"),
    "otic": ("Put", "into the ear"),
    "subcutaneous": ("Inject", "under the skin"),
    "intramuscular": ("Inject", "into a muscle"),
    "rectal": ("Put", "into the rectum"),
    "vaginal": ("Put", "into the vagina"),
}


@dataclass(frozen=True)
class Step:
    """Of a taper: this dose for so many days, as often as before."""

    dose: Decimal
    days: int


@dataclass(frozen=True)
class Sig:
    """Structured directions. `dose` counts in `dose_unit`; `duration_days` is what this supply lasts.

    `ongoing` says that the treatment goes on after the supply, so the label names no end. With `as_needed` the
    frequency is the most that may be taken. A taper goes on by the steps of `then`, and `duration_days` is for the
    first dose alone.
    """

    dose: Decimal
    dose_unit: str
    route: str
    frequency: str
    duration_days: int
    ongoing: bool = False
    as_needed: bool = False
    as_needed_for: str = ""
    note: str = ""
    then: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Each dose with its days, the first first."""
        return (Step(self.dose, self.duration_days), *self.then)

    @property
    def days(self) -> int:
        """How long the supply lasts in all."""
        return sum(step.days for step in self.steps)

    @property
    def largest_dose(self) -> Decimal:
        return max(step.dose for step in self.steps)

    def content(self) -> dict[str, Any]:
        """Plain JSON values; `read_sig` brings them back equal."""
        said = asdict(self) | {"dose": number(self.dose)}
        del said["then"]
        then = [{"dose": number(step.dose), "days": step.days} for step in self.then]
        return said | ({"then": then} if then else {})


@dataclass(frozen=True)
class Content:
    """What a draft says. `sig` None: the directions are still missing. `sensitivity` is a label, "" for none."""

    sig: Sig | None = None
    reason: str = ""
    repeats: int = 0
    may_substitute: bool = True
    sensitivity: str = ""


def read_sig(content: dict[str, Any]) -> Sig | None:
    """What `Sig.content` wrote; None for a draft that has no directions yet."""
    if not content:
        return None
    then = tuple(Step(Decimal(step["dose"]), step["days"]) for step in content.get("then", ()))
    return Sig(**content | {"dose": Decimal(content["dose"]), "then": then})


def number(value: Decimal) -> str:
    """Without trailing zeros and with a leading one: 0.5, never .5 or 1.0 (ISMP, error-prone dose designations)."""
    return f"{value.normalize():f}"


def mistakes_in(sig: Sig) -> dict[str, str]:
    """What is wrong with the directions: a code by field, nothing when they can be followed."""
    found = {}
    unit = UNITS.get(sig.dose_unit)
    if unit is None:
        found["dose_unit"] = "unknown"
    if why := _wrong_dose(sig.dose, unit):
        found["dose"] = why
    if sig.route not in ROUTES:
        found["route"] = "unknown"
    if sig.frequency not in FREQUENCIES:
        found["frequency"] = "unknown"
    if not 1 <= sig.duration_days <= LONGEST_DAYS:
        found["duration_days"] = "range"
    if why := _wrong_steps(sig, unit):
        found["then"] = why
    return found


def _wrong_dose(dose: Decimal, unit: Unit | None) -> str:
    if not dose.is_finite() or not 0 < dose <= LARGEST_DOSE:
        return "range"
    return "cannot_be_split" if unit and dose % unit.splits else ""


def _wrong_steps(sig: Sig, unit: Unit | None) -> str:
    """A taper has few steps, each as long as any, and is not taken one time only."""
    if not sig.then:
        return ""
    if len(sig.then) > MOST_STEPS or sig.frequency == "once" or any(step.days < 1 for step in sig.then):
        return "steps"
    if sig.days > LONGEST_DAYS:
        return "steps"
    return next(filter(None, (_wrong_dose(step.dose, unit) for step in sig.then)), "")


def sig_text(sig: Sig) -> str:
    """The sentence on the label: "Take 1 tablet by mouth twice a day for 3 days, with water."."""
    verb, where = ROUTES[sig.route]
    words = [verb, UNITS[sig.dose_unit].of(sig.dose), where]
    words.append("up to " + FREQUENCIES[sig.frequency].words if _at_most(sig) else FREQUENCIES[sig.frequency].words)
    if sig.as_needed:
        words.append(f"if needed for {sig.as_needed_for}" if sig.as_needed_for else "if needed")
    if sig.then or (not sig.ongoing and sig.frequency != "once"):
        words.append(_for(sig.duration_days))
    sentence = " ".join(word for word in words if word)
    for step in sig.then:
        last = sig.ongoing and step is sig.then[-1]
        sentence += f", then {UNITS[sig.dose_unit].of(step.dose)}{'' if last else ' ' + _for(step.days)}"
    note = sig.note.strip().rstrip(".")
    return f"{sentence}, {note}." if note else f"{sentence}."


def _for(days: int) -> str:
    return "for 1 day" if days == 1 else f"for {days} days"


def _at_most(sig: Sig) -> bool:
    """ "Up to twice a day if needed"; "every 6 hours if needed" says it already."""
    return sig.as_needed and FREQUENCIES[sig.frequency].words.endswith("a day")


def doses_in(sig: Sig) -> int:
    """How often the medicine is taken within the supply; the first dose is on its first day."""
    return sum(_doses(sig, step) for step in sig.steps)


def _doses(sig: Sig, step: Step) -> int:
    return max(1, _ceiling(FREQUENCIES[sig.frequency].per_day * step.days))


def quantity_of(sig: Sig) -> tuple[Decimal, str]:
    """How much to hand out, rounded up to whole units, and the unit it is counted in (drops as millilitres)."""
    amount = sum((step.dose * _doses(sig, step) for step in sig.steps), Decimal(0))
    unit = UNITS[sig.dose_unit]
    if unit.given == "ml":
        amount = amount / DROPS_PER_ML
    return amount.to_integral_value(rounding=ROUND_CEILING), unit.given or sig.dose_unit


def quantity_sum(sig: Sig) -> str:
    """How the quantity came about, for the page: dose, times a day, days; of a taper each step."""
    if sig.frequency == "once":
        return f"{number(sig.dose)} × 1"
    return " + ".join(_product(sig, step) for step in sig.steps)


def _product(sig: Sig, step: Step) -> str:
    per_day = FREQUENCIES[sig.frequency].per_day
    if per_day < 1:
        return f"{number(step.dose)} × {_doses(sig, step)}"
    return f"{number(step.dose)} × {per_day} × {step.days} {'day' if step.days == 1 else 'days'}"


def quantity_text(quantity: Decimal, unit: str) -> str:
    return UNITS[unit].of(quantity)


def _ceiling(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
