"""What a safety check may say of medicines that its reader may not see: that something does not go together, and how
bad it is; never which, never how many, and nothing where there is nothing to say."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from prescriptions.rules.safety import SEVERITIES, Finding, Result, Unchecked

HIDDEN = "HIDDEN"
HIDDEN_UNCHECKED = "unchecked.hidden"
HIDDEN_MEDICINE = "hidden"  # why something could not be checked
OTHER = "a medicine that you may not see"


def with_hidden(result: Result, severity: str = "", *, unchecked: bool = False) -> Result:
    """The result, with what marked medicines have to say: the worst of it, once; "" and False say nothing."""
    if severity:
        found = sorted([*result.findings, _finding(severity)], key=_rank)
        result = replace(result, findings=tuple(found))
    if unchecked:
        result = replace(result, unchecked=(*result.unchecked, Unchecked(HIDDEN_UNCHECKED, OTHER, HIDDEN_MEDICINE)))
    return result


def without(result: Result, keys: Collection[str], labels: Iterable[str], *, entries: int = 0) -> Result:
    """The same result for whoever may not see these: `keys` are theirs, `labels` what the medicines among them are
    called, `entries` how many of them are no medicines."""
    hidden = [finding for finding in result.findings if finding.key.partition(".")[2] in keys]
    dropped = {f"unchecked.{key}" for key in keys}
    clear = list(result.clear)
    for label in labels:
        if label in clear:
            clear.remove(label)
    rest = replace(
        result,
        findings=tuple(finding for finding in result.findings if finding not in hidden),
        unchecked=tuple(one for one in result.unchecked if one.key not in dropped),
        clear=tuple(clear),
        medicines=result.medicines - len(keys) + entries,
    )
    unchecked = any(one.key in dropped for one in result.unchecked)
    return with_hidden(rest, worst_of(finding.severity for finding in hidden), unchecked=unchecked)


def answers_without(answers: Sequence[dict[str, str]], result: Result, keys: Collection[str]) -> list[dict[str, str]]:
    """The answers that belong to `without`: what was said of a hidden medicine keeps its reason and loses its words."""
    worst = worst_of(finding.severity for finding in result.findings if finding.key.partition(".")[2] in keys)
    told: dict[str, dict[str, str]] = {}
    for answer in answers:
        key = answer["key"]
        if key.partition(".")[2] not in keys:
            told[key] = answer
            continue
        masked = HIDDEN_UNCHECKED if key.startswith("unchecked.") else f"{HIDDEN}.{worst}"
        told.setdefault(masked, {"key": masked, "reason": answer["reason"], "words": ""})
    return list(told.values())


def worst_of(severities: Iterable[str]) -> str:
    return min(severities, key=SEVERITIES.index, default="")


def _rank(finding: Finding) -> tuple[int, str]:
    return SEVERITIES.index(finding.severity), finding.other


def _finding(severity: str) -> Finding:
    return Finding(
        key=f"{HIDDEN}.{severity}",
        kind="hidden",
        severity=severity,
        rule=HIDDEN,
        other=OTHER,
        title="It is not shown to you",
        mechanism="The patient takes something that is marked as sensitive, and this medicine does not go with it.",
        advice="Choose another medicine, or ask the patient or the dispensary. In an emergency, use emergency access.",
        source="The rules of this clinic, run where you cannot see",
    )
