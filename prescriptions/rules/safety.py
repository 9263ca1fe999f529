"""Does this medicine go together with what the patient takes and what they are allergic to?

Plain rules over plain values: the knowledge comes in as an argument. The result says what was found, and as loudly what
could not be checked. Nothing found is not "safe"; it is "nothing found", against these medicines, by this version.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

KB_VERSION = "2026.11.3"  # of data/knowledge.toml and the formulary; goes up with every change of them

CONTRAINDICATED, SEVERE, MODERATE = "contraindicated", "severe", "moderate"
SEVERITIES = (CONTRAINDICATED, SEVERE, MODERATE)  # the worst first
MUST_ANSWER = frozenset({CONTRAINDICATED, SEVERE})

# Why a check did not run.
NO_KNOWLEDGE, MIXED_KNOWLEDGE, BROKEN = "no_knowledge", "mixed_knowledge", "broken"
PROBLEM = "problem"
# Why something could not be checked.
BY_HAND, NO_INGREDIENTS, UNKNOWN_ALLERGEN = "by_hand", "no_ingredients", "unknown_allergen"
ELSEWHERE, PARTLY = "elsewhere", "partly"
NEVER_ASKED, NOT_SHOWN = "never_asked", "not_shown"
AGE_UNKNOWN, WEIGHT_UNKNOWN, CHILD_DOSE, DOSE_UNKNOWN = "age_unknown", "weight_unknown", "child_dose", "dose_unknown"
KIDNEY_UNKNOWN, PREGNANCY_UNKNOWN = "kidney_unknown", "pregnancy_unknown"
# Said, and the signature does not wait for an answer: else nobody would prescribe before a blood test.
ONLY_SAID = frozenset({KIDNEY_UNKNOWN, PREGNANCY_UNKNOWN})

# What a rule is about.
INTERACTION, ALLERGY, PERSON, DOSE = "interaction", "allergy", "person", "dose"


@dataclass(frozen=True)
class Substance:
    """An ingredient and the terms by which rules may speak of it: its name, and `class:` with each of its classes."""

    name: str
    terms: frozenset[str]


def substance(name: str, classes: Iterable[str]) -> Substance:
    return Substance(name, frozenset({name, *(f"class:{one}" for one in classes)}))


@dataclass(frozen=True)
class Medicine:
    """What is taken or prescribed. Without substances nothing can be said of it; `by_hand` says why.

    `elsewhere` is one that another system tells of, in its own words; `unknown` is what of it nobody here knows.
    """

    key: str
    label: str
    substances: tuple[Substance, ...] = ()
    by_hand: bool = False
    elsewhere: bool = False
    unknown: tuple[str, ...] = ()
    route: str = ""

    @property
    def unchecked(self) -> str:
        """Why something of it cannot be checked; "" where all of it can."""
        if self.substances:
            return PARTLY if self.unknown else ""
        return ELSEWHERE if self.elsewhere else BY_HAND if self.by_hand else NO_INGREDIENTS


@dataclass(frozen=True)
class Allergy:
    """`terms` is None where nobody knows what is meant, and empty for what is no medicine, such as latex."""

    key: str
    label: str
    terms: frozenset[str] | None


@dataclass(frozen=True)
class Allergies:
    """`asked` is whether anybody asked; asked and empty means none are known. `why` says why nothing is known."""

    asked: bool
    entries: tuple[Allergy, ...] = ()
    why: str = NEVER_ASKED


@dataclass(frozen=True)
class Rule:
    """`limits` say for whom, and how much, in the names of `rules.people`; interactions and allergies have none."""

    code: str
    kind: str
    left: frozenset[str]
    right: frozenset[str]
    severity: str
    title: str
    mechanism: str
    advice: str
    source: str
    limits: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Knowledge:
    """The rules of one version, found by their terms."""

    version: str
    rules: tuple[Rule, ...]
    by_term: Mapping[tuple[str, str], tuple[Rule, ...]] = field(default_factory=dict)

    def of(self, kind: str, terms: Iterable[str]) -> set[Rule]:
        """The rules of a kind that speak of one of these terms on their left side."""
        return {rule for term in terms for rule in self.by_term.get((kind, term), ())}


def knowledge_of(version: str, rules: Iterable[Rule]) -> Knowledge:
    """Index the rules; an interaction counts in both directions, an allergy from the allergen to the medicine."""
    every = tuple(rules)
    index: dict[tuple[str, str], list[Rule]] = {}
    for rule in every:
        sides = [(rule.left, rule.right)]
        if rule.kind == INTERACTION:
            sides.append((rule.right, rule.left))
        for here, there in sides:
            turned = Rule(**{**vars(rule), "left": here, "right": there})
            for term in here:
                index.setdefault((rule.kind, term), []).append(turned)
    return Knowledge(version, every, {key: tuple(found) for key, found in index.items()})


@dataclass(frozen=True)
class Finding:
    """One thing that does not go together. `key` names it for the answer, and is the same as long as it stands."""

    key: str
    kind: str
    severity: str
    rule: str
    other: str
    title: str
    mechanism: str
    advice: str
    source: str

    @property
    def must_be_answered(self) -> bool:
        return self.severity in MUST_ANSWER


@dataclass(frozen=True)
class Unchecked:
    """Something the rules could say nothing about: neither safe nor unsafe."""

    key: str
    what: str
    why: str

    @property
    def must_be_answered(self) -> bool:
        return self.why not in ONLY_SAID


@dataclass(frozen=True)
class Result:
    """What was checked, by which version, what was found, what was not checked, and against what nothing was found."""

    version: str
    problem: str = ""
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    clear: tuple[str, ...] = ()
    medicines: int = 0
    allergies: int = 0
    about: tuple[str, ...] = ()  # what of the person it went by

    @property
    def to_answer(self) -> tuple[str, ...]:
        """Keys of everything that holds the signature until the prescriber has answered it."""
        if self.problem:
            return (PROBLEM,)
        found = [finding.key for finding in self.findings if finding.must_be_answered]
        return (*found, *(one.key for one in self.unchecked if one.must_be_answered))

    def content(self) -> dict[str, Any]:
        """Plain JSON values, as a SafetyCheck keeps them."""
        return {
            "checked": {
                "medicines": self.medicines,
                "allergies": self.allergies,
                "clear": list(self.clear),
                "about": list(self.about),
            },
            "findings": [asdict(finding) for finding in self.findings],
            "unchecked": [asdict(one) for one in self.unchecked],
        }


def failed(problem: str, version: str = "") -> Result:
    """The check did not run: nothing is known, and the signature waits for an answer."""
    return Result(version=version, problem=problem)


def check(subject: Medicine, others: Sequence[Medicine], allergies: Allergies, knowledge: Knowledge) -> Result:
    """Check one medicine against the others and the allergies. Linear in what the patient has, not in the rules."""
    if not knowledge.rules:
        return failed(NO_KNOWLEDGE)
    findings: list[Finding] = []
    clear: list[str] = []
    speaking = [(mine, knowledge.of(INTERACTION, mine.terms)) for mine in subject.substances]
    for other in others:
        found = _against_medicine(speaking, other)
        findings += found
        if not found and not subject.unchecked and not other.unchecked:
            clear.append(other.label)
    for allergy in allergies.entries:
        hit = _against_allergy(subject, allergy, knowledge)
        findings += hit
        if not hit and subject.substances and allergy.terms is not None:
            clear.append(allergy.label)
    return Result(
        version=knowledge.version,
        findings=tuple(sorted(findings, key=worst_first)),
        unchecked=tuple(_unchecked(subject, others, allergies)),
        clear=tuple(clear),
        medicines=len(others),
        allergies=len(allergies.entries),
    )


def worst_first(finding: Finding) -> tuple[int, str, str]:
    return SEVERITIES.index(finding.severity), finding.other, finding.rule


def _against_medicine(speaking: Iterable[tuple[Substance, Iterable[Rule]]], other: Medicine) -> list[Finding]:
    """Of rules that say the same of the same medicine, the most severe one; `speaking` are those on each substance."""
    found: dict[str, Finding] = {}
    for mine, rules in speaking:
        for theirs in other.substances:
            if mine.name == theirs.name:
                finding = _same_medicine(other, mine)
                found[finding.title] = finding
                continue
            for rule in rules:
                if not rule.right.isdisjoint(theirs.terms):
                    _keep_worst(found, finding_by(rule, other.key, other.label))
    return list(found.values())


def _against_allergy(subject: Medicine, allergy: Allergy, knowledge: Knowledge) -> list[Finding]:
    """The same ingredient always; else the most severe of the rules on what cross-reacts with it."""
    terms = allergy.terms or frozenset()
    for mine in subject.substances:
        if mine.name in terms:
            return [_same_as_allergy(allergy, mine)]
    hits = [rule for rule in knowledge.of(ALLERGY, terms) if any(rule.right & one.terms for one in subject.substances)]
    if not hits:
        return []
    worst = min(hits, key=lambda rule: (SEVERITIES.index(rule.severity), rule.code))
    return [finding_by(worst, f"allergy-{allergy.key}", allergy.label)]


def _keep_worst(found: dict[str, Finding], finding: Finding) -> None:
    known = found.get(finding.title)
    rank = (SEVERITIES.index(finding.severity), finding.rule)
    if known is None or rank < (SEVERITIES.index(known.severity), known.rule):
        found[finding.title] = finding


def finding_by(rule: Rule, key: str, other: str) -> Finding:
    """What a rule says of the other, which `key` names beside the rule's code."""
    return Finding(
        key=f"{rule.code}.{key}",
        kind=rule.kind,
        severity=rule.severity,
        rule=rule.code,
        other=other,
        title=rule.title,
        mechanism=rule.mechanism,
        advice=rule.advice,
        source=rule.source,
    )


def _same_medicine(other: Medicine, mine: Substance) -> Finding:
    return Finding(
        key=f"TWICE.{other.key}",
        kind="duplicate",
        severity=MODERATE,
        rule="TWICE",
        other=other.label,
        title=f"{mine.name} twice",
        mechanism="Both contain the same ingredient, so its doses add up.",
        advice="Cancel the other one, unless both are meant.",
        source="The ingredients of both medicines",
    )


def _same_as_allergy(allergy: Allergy, mine: Substance) -> Finding:
    return Finding(
        key=f"SAME.allergy-{allergy.key}",
        kind="allergy",
        severity=CONTRAINDICATED,
        rule="SAME",
        other=allergy.label,
        title=f"Allergic to {mine.name}",
        mechanism="This medicine contains what the patient reacted to.",
        advice="Choose another medicine. If the reaction is old or doubtful, ask what it was.",
        source="The patient's allergy list",
    )


def _unchecked(subject: Medicine, others: Iterable[Medicine], allergies: Allergies) -> Iterable[Unchecked]:
    for medicine in (subject, *others):
        if medicine.unchecked:
            yield Unchecked(f"unchecked.{medicine.key}", medicine.label, medicine.unchecked)
    if not allergies.asked:
        yield Unchecked("unchecked.allergies", "", allergies.why)
    for allergy in allergies.entries:
        if allergy.terms is None:
            yield Unchecked(f"unchecked.allergy-{allergy.key}", allergy.label, UNKNOWN_ALLERGEN)


# == Answers ==
FINDING_REASONS = ("benefit", "tolerated", "paused", "no_alternative", "not_true_allergy", "specialist", "other")
DISPENSING_REASONS = ("prescriber", "tolerated", "paused", "not_true_allergy", "other")  # of the dispensary
UNCHECKED_REASONS = ("checked_myself", "asked_now", "urgent", "other")
PROBLEM_REASONS = ("other_source", "urgent", "other")
NEEDS_WORDS = frozenset({"other", "other_source"})


@dataclass(frozen=True)
class Answer:
    """Why a finding stops neither prescriber nor dispensary: a coded reason, and words where the code alone does not
    say it.
    """

    key: str
    reason: str
    words: str = ""


def reasons_for(key: str, *, dispensing: bool = False) -> tuple[str, ...]:
    if key == PROBLEM:
        return PROBLEM_REASONS
    if key.startswith("unchecked."):
        return UNCHECKED_REASONS
    return DISPENSING_REASONS if dispensing else FINDING_REASONS


def is_answered(key: str, answer: Answer | None, *, dispensing: bool = False) -> bool:
    """A coded reason that fits; in words as well where the check did not run at all or the reason is another."""
    if answer is None or answer.reason not in reasons_for(key, dispensing=dispensing):
        return False
    return bool(answer.words.strip()) or not (key == PROBLEM or answer.reason in NEEDS_WORDS)


def unanswered(result: Result, answers: Mapping[str, Answer], *, dispensing: bool = False) -> list[str]:
    return [key for key in result.to_answer if not is_answered(key, answers.get(key), dispensing=dispensing)]


def used(result: Result, answers: Mapping[str, Answer]) -> list[dict[str, str]]:
    """The answers that belong to the result, as plain JSON; what answers nothing is dropped."""
    return [asdict(answers[key]) for key in result.to_answer if key in answers]
