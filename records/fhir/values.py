"""The value of an observation: a number in a unit, or else the words for it (FHIR R4, Observation.value[x])."""

from collections.abc import Callable
from typing import Any

from records.rules import told
from records.rules.told import Amount

MOST_PARTS = 200


def value_of(said: dict[str, Any]) -> tuple[Amount | None, str]:
    """The number in its unit, or the words. A number whose unit nobody named is words: it can be compared with none."""
    quantity = said.get("valueQuantity")
    given = told.amount(quantity)
    if given is not None and given.unit:
        return given, ""
    if given is not None:
        return None, told.amount_words(quantity)
    return None, next((words for name, spell in SPELLED.items() if (words := _spelled(said, name, spell))), "")


def parts_of(resource: dict[str, Any]) -> list[dict[str, str]]:
    """The components as a name and a value in words."""
    found = []
    for one in told.objects(resource.get("component"))[:MOST_PARTS]:
        given, words = value_of(one)
        value = words if given is None else told.amount_words(one.get("valueQuantity"))
        found.append({"display": told.concept(one.get("code")).text, "value": value or _absent(one)})
    return found


def _absent(said: dict[str, Any]) -> str:
    return told.text_of(said.get("dataAbsentReason"))


def _spelled(said: dict[str, Any], name: str, spell: Callable[[Any], str]) -> str:
    return spell(said[name]) if said.get(name) is not None else ""


def _range(said: Any) -> str:
    if not isinstance(said, dict):
        return ""
    return " – ".join(words for side in ("low", "high") if (words := told.amount_words(said.get(side))))


def _ratio(said: Any) -> str:
    if not isinstance(said, dict):
        return ""
    sides = [told.amount_words(said.get(side)) for side in ("numerator", "denominator")]
    return ":".join(sides) if all(sides) else ""


def _period(said: Any) -> str:
    if not isinstance(said, dict):
        return ""
    return " – ".join(words for side in ("start", "end") if (words := told.words(said.get(side), 40)))


def _number(said: Any) -> str:
    value = told.number(said)
    return told.plain(value) if value is not None else ""


SPELLED: dict[str, Callable[[Any], str]] = {
    "valueCodeableConcept": told.text_of,
    "valueString": told.words,
    "valueBoolean": lambda said: "yes" if said is True else "no" if said is False else "",
    "valueInteger": _number,
    "valueRange": _range,
    "valueRatio": _ratio,
    "valuePeriod": _period,
    "valueDateTime": told.words,
    "valueTime": told.words,
    "valueSampledData": lambda said: "a series of measurements" if isinstance(said, dict) else "",
}
