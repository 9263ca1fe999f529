"""Does this medicine, in this dose, suit who takes it: by age, weight, kidneys and pregnancy?

Plain rules over plain values, as in `safety`. What is not known of the person is said; where it matters, it holds the
signature.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from prescriptions.rules.safety import (
    AGE_UNKNOWN,
    CHILD_DOSE,
    CONTRAINDICATED,
    DOSE,
    DOSE_UNKNOWN,
    KIDNEY_UNKNOWN,
    MUST_ANSWER,
    PERSON,
    PREGNANCY_UNKNOWN,
    SEVERITIES,
    WEIGHT_UNKNOWN,
    Finding,
    Knowledge,
    Medicine,
    Result,
    Rule,
    Substance,
    Unchecked,
    finding_by,
    worst_first,
)
from prescriptions.rules.sig import FREQUENCIES, Sig, number

CHILD_MONTHS, GROWN_MONTHS = 12 * 12, 18 * 12
IN_MONTHS_UNTIL = 24  # months of age
SMALL_KG, CHILD_KG = Decimal(50), Decimal(40)
FERTILE_YEARS = range(12, 51)
ROUNDED = Decimal("1.1")  # a dose by weight is rounded to what can be measured: a tenth more is no finding
FAR_BEYOND = 2  # times the limit, from which on it is contraindicated
SYSTEMIC = frozenset({"oral", "sublingual", "subcutaneous", "intramuscular", "rectal", "transdermal"})
IN_MG = {"mg": Decimal(1), "mcg": Decimal("0.001"), "g": Decimal(1000)}
PART = re.compile(r"([\d,.]+) (mg|mcg|g)(/mL)?")
NOT_PIECES = frozenset({"ml", "g", "drop", "unit"})  # what a strength for each piece says nothing about


@dataclass(frozen=True)
class Person:
    """Who takes it, as far as it is known. `weight` is in kg and `egfr` in mL/min/1.73 m², each with when it was
    measured in words; `pregnancy` is the key of the entry that says so, "" where none does."""

    age_months: int | None = None
    sex: str = ""
    weight: Decimal | None = None
    weighed: str = ""
    egfr: int | None = None
    egfr_of: str = ""
    pregnancy: str = ""

    @property
    def is_small(self) -> bool:
        """Doses go by weight."""
        if self.weight is not None and self.weight < CHILD_KG:
            return True
        grown = self.age_months is None or self.age_months >= GROWN_MONTHS
        return not grown and (self.weight is None or self.weight < SMALL_KG)

    @property
    def is_child(self) -> bool:
        by_age = self.age_months is not None and self.age_months < CHILD_MONTHS
        return by_age or (self.weight is not None and self.weight < CHILD_KG)

    @property
    def years(self) -> int | None:
        return None if self.age_months is None else self.age_months // 12

    @property
    def could_be_pregnant(self) -> bool:
        return self.sex != "male" and self.years in FERTILE_YEARS

    @property
    def age_words(self) -> str:
        if self.age_months is None:
            return ""
        return f"{self.years} years" if self.age_months >= IN_MONTHS_UNTIL else f"{self.age_months} months"

    @property
    def weight_words(self) -> str:
        return f"{number(self.weight)} kg ({self.weighed})" if self.weight is not None else ""

    @property
    def kidney_words(self) -> str:
        return f"eGFR {self.egfr} ({self.egfr_of})" if self.egfr is not None else ""

    def words(self) -> tuple[str, ...]:
        """What the check went by."""
        return (
            self.age_words or "age not known",
            self.weight_words or "weight not known",
            self.kidney_words or "kidney function not known",
        )


# Of whom a rule speaks: what is asked of the person, and what to say where it is not known; None says nothing.
CONDITIONS: dict[str, Callable[[Person], tuple[Decimal | int | None, str | None]]] = {
    "under_months": lambda person: (person.age_months, AGE_UNKNOWN),
    "from_years": lambda person: (person.years, AGE_UNKNOWN),
    "under_kg": lambda person: (person.weight, WEIGHT_UNKNOWN if person.is_child else None),
    "egfr_under": lambda person: (person.egfr, None if person.is_child else KIDNEY_UNKNOWN),
    "pregnant": lambda person: (None, PREGNANCY_UNKNOWN),
}


@dataclass(frozen=True)
class Dosing:
    """What is taken at a time, in mg of each ingredient, and how many times a day on average."""

    route: str
    per_day: Decimal
    amounts: Mapping[str, Decimal] = field(default_factory=dict)

    def most_in_a_day(self, amount: Decimal) -> Decimal:
        return amount * max(Decimal(1), self.per_day)

    def in_a_week(self, amount: Decimal) -> Decimal:
        return amount * max(Decimal(1), self.per_day * 7)


def dosing_of(sig: Sig, names: Iterable[str], strength: str) -> Dosing:
    """`names` and the parts of `strength` are in one order. What is not counted in mg has no amount.

    Of a taper the largest dose is judged.
    """
    rate = FREQUENCIES[sig.frequency].per_day
    amounts: dict[str, Decimal] = {}
    for name, part in zip(names, strength.split(" + "), strict=True):
        found = PART.fullmatch(part)
        if found and (sig.dose_unit == "ml" if found[3] else sig.dose_unit not in NOT_PIECES):
            amounts[name] = Decimal(found[1].replace(",", "")) * IN_MG[found[2]] * sig.largest_dose
    return Dosing(sig.route, Decimal(rate.numerator) / rate.denominator, amounts)


def egfr_of(creatinine: Decimal, years: int, sex: str) -> int:
    """From creatinine in mg/dL, of adults: CKD-EPI 2021 (Inker LA et al., N Engl J Med 2021;385:1737-1749).

    Where the sex is not known, the lower of both.
    """
    found = []
    for one, kappa, alpha, factor in (("female", 0.7, -0.241, 1.012), ("male", 0.9, -0.302, 1.0)):
        ratio = float(creatinine) / kappa
        value = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**years * factor
        found.append((one, round(value)))
    known = [value for one, value in found if one == sex]
    return min(known or [value for _one, value in found])


def with_person(result: Result, subject: Medicine, dosing: Dosing | None, person: Person, known: Knowledge) -> Result:
    """The result, with what the rules say of this person and this dose. Without directions the dose is not judged."""
    if result.problem:
        return result
    found = list(_of_person(subject, dosing, person, known))
    if dosing is not None and not _is_local(subject, dosing):
        found += _of_dose(subject, dosing, person, known)
    findings = [one for one in found if isinstance(one, Finding)]
    unchecked = dict.fromkeys(one for one in found if isinstance(one, Unchecked))
    return replace(
        result,
        findings=tuple(sorted([*result.findings, *findings], key=worst_first)),
        unchecked=(*result.unchecked, *unchecked),
        about=person.words(),
    )


def _is_local(subject: Medicine, dosing: Dosing | None) -> bool:
    """It stays on the skin or in the eye, by its form and by the directions."""
    return not SYSTEMIC & {subject.route, dosing.route if dosing else ""}


def _of_person(
    subject: Medicine, dosing: Dosing | None, person: Person, known: Knowledge
) -> Iterator[Finding | Unchecked]:
    local = _is_local(subject, dosing)
    rules = [rule for rule in _rules(PERSON, subject, known) if not local or rule.limits.get("everywhere")]
    answers = [(rule, _why_not(rule, person)) for rule in rules]
    applied = [rule for rule, why in answers if why == ""]
    for rule in applied:
        if not any(_says_more(other, rule) for other in applied):
            about = person.pregnancy if rule.limits.get("pregnant") else rule.kind
            yield finding_by(rule, about, _seen_in(rule, person))
    for rule, why in answers:
        if why and rule.severity in MUST_ANSWER:
            yield Unchecked(f"unchecked.{why}", "", why)


def _says_more(one: Rule, other: Rule) -> bool:
    """Of two rules on the kidneys and the same medicine, the one for worse kidneys, unless it is the milder one."""
    if not one.left & other.left or not {"egfr_under"} <= one.limits.keys() & other.limits.keys():
        return False
    worse = SEVERITIES.index(one.severity) <= SEVERITIES.index(other.severity)
    return worse and one.limits["egfr_under"] < other.limits["egfr_under"]


def _why_not(rule: Rule, person: Person) -> str | None:
    """ "" where it applies, None where it does not, and what is missing to say so."""
    answers = [_met(name, limit, person) for name, limit in rule.limits.items() if name in CONDITIONS]
    return None if None in answers else next(filter(None, answers), "")


def _met(name: str, limit: float, person: Person) -> str | None:
    if name == "pregnant":
        return "" if person.pregnancy else PREGNANCY_UNKNOWN if person.could_be_pregnant else None
    value, missing = CONDITIONS[name](person)
    if value is None:
        return missing
    return "" if (value >= limit if name == "from_years" else value < limit) else None


def _seen_in(rule: Rule, person: Person) -> str:
    """What of the person the rule speaks of."""
    if rule.limits.get("pregnant"):
        return "pregnancy"
    if "egfr_under" in rule.limits:
        return person.kidney_words
    return person.weight_words if "under_kg" in rule.limits else person.age_words


# == Doses ==
def _of_dose(subject: Medicine, dosing: Dosing, person: Person, known: Knowledge) -> Iterator[Finding | Unchecked]:
    judged = False
    for mine in subject.substances:
        amount = dosing.amounts.get(mine.name)
        for rule in _rules(DOSE, mine, known):
            if _why_not(rule, person) != "":
                continue
            if amount is None:
                yield Unchecked(f"unchecked.{DOSE_UNKNOWN}", subject.label, DOSE_UNKNOWN)
                continue
            by_weight = person.is_small and any(name.endswith("_kg") for name in rule.limits)
            judged = judged or by_weight or "under_months" in rule.limits
            if by_weight and person.weight is None:
                yield Unchecked(f"unchecked.{WEIGHT_UNKNOWN}", "", WEIGHT_UNKNOWN)
            yield from _too_much(rule, mine, amount, dosing, person)
    if person.is_child and subject.substances and not judged:
        yield Unchecked(f"unchecked.{CHILD_DOSE}", subject.label, CHILD_DOSE)


def _too_much(rule: Rule, mine: Substance, amount: Decimal, dosing: Dosing, person: Person) -> Iterator[Finding]:
    """The worst of what the dose is beyond: at a time, in a day, in a week."""
    weight = person.weight if person.is_small else None
    taken = {
        "dose": (amount, "at a time"),
        "day": (dosing.most_in_a_day(amount), "in a day"),
        "week": (dosing.in_a_week(amount), "in a week"),
    }
    beyond = []
    for name, (mg, words) in taken.items():
        limit = _limit(rule.limits.get(f"{name}_mg"), rule.limits.get(f"{name}_mg_kg"), weight)
        if limit is not None and mg > limit:
            at = f" at {person.weight_words}" if weight is not None else ""
            beyond.append((mg / limit, mg, f"{mine.name} {_mg(mg)} {words}; at most {_mg(limit)}{at}"))
    if beyond:
        ratio, mg, said = max(beyond)
        rule = replace(rule, severity=CONTRAINDICATED) if ratio >= FAR_BEYOND else rule
        # what was answered of one dose is not answered of another that was typed since
        yield finding_by(rule, f"{rule.kind}-{rule.severity}-{number(mg)}", said)


def _limit(most: float | None, per_kg: float | None, weight: Decimal | None) -> Decimal | None:
    limits = [Decimal(str(most))] if most is not None else []
    if per_kg is not None and weight is not None:
        limits.append(Decimal(str(per_kg)) * weight * ROUNDED)
    return min(limits, default=None)


def _mg(amount: Decimal) -> str:
    """Whole from 10 mg on, two places below; micrograms below a milligram."""
    if amount < 1:
        return f"{number((amount * 1000).quantize(Decimal(1), ROUND_HALF_UP))} mcg"
    places = Decimal(1) if amount >= 10 else Decimal("0.01")
    return f"{number(amount.quantize(places, ROUND_HALF_UP))} mg"


def _rules(kind: str, of: Medicine | Substance, known: Knowledge) -> list[Rule]:
    substances = of.substances if isinstance(of, Medicine) else (of,)
    return sorted({rule for one in substances for rule in known.of(kind, one.terms)}, key=lambda rule: rule.code)
