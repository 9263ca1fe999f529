"""Observation: a vital sign, a laboratory result, an answer about how somebody lives, and any other."""

from decimal import Decimal
from typing import Any

from records.kinds.flags import ABNORMAL
from records.kinds.social_history import QUESTIONS
from records.rules.ranges import Flag
from records.rules.vitals import PANEL
from records.telling.elements import (
    LOINC,
    Element,
    by,
    code_of,
    concept,
    filled,
    local,
    measured,
    notes,
    quantity,
    when,
)

CATEGORY = "observation-category"
INTERPRETATIONS = {
    Flag.NONE.value: "N",
    Flag.LOW.value: "L",
    Flag.HIGH.value: "H",
    Flag.CRITICAL_LOW.value: "LL",
    Flag.CRITICAL_HIGH.value: "HH",
    ABNORMAL: "A",
}


def vital_sign(entry: Any) -> Element | None:
    """None for the panel of a taking, which says nothing that its parts do not."""
    return None if entry.code == PANEL else _observation(entry, "vital-signs", _measured(entry, entry.data))


def laboratory_result(entry: Any) -> Element:
    house = [{"display": entry.data["laboratory"]}] if "laboratory" in entry.data else []
    return _observation(entry, "laboratory", _measured(entry, entry.data), performer=house or by(entry))


def observation(entry: Any) -> Element:
    return _observation(entry, entry.data.get("category", ""), _measured(entry, entry.data))


def living(entry: Any) -> Element:
    """An answer by its code where it is one of ours, and in words."""
    answer, said = entry.data.get("answer", ""), entry.data.get("value", "")
    question = QUESTIONS.get(entry.code)
    words = said or str(question.answers.get(answer, "") if question else "")
    system = LOINC if answer.startswith("LA") else ""
    value = code_of(answer, LOINC, words) if system else local(answer, words) if answer else {"text": words}
    return _observation(entry, "social-history", {"valueCodeableConcept": value})


def none_known(entry: Any) -> Element:
    """That there is none, which somebody asked: no resource of the thing itself can say it."""
    return _observation(entry, "social-history", {"valueBoolean": True})


def _observation(entry: Any, category: str, value: Element, performer: list[Element] | None = None) -> Element:
    return {
        "resourceType": "Observation",
        "status": entry.record_status,
        "code": concept(entry),
    } | filled(
        category=[code_of(category, CATEGORY)] if category else [],
        **when("effectiveDateTime", entry),
        performer=by(entry) if performer is None else performer,
        note=notes(entry.data.get("note", ""), entry.release_comment),
        **value,
    )


# == What was measured ==
def _measured(entry: Any, said: dict[str, Any]) -> Element:
    components = [_component(one) for one in said.get("components", ())]
    components += [_part(one) for one in said.get("parts", ())]
    number = {"valueQuantity": measured(entry)} if entry.value is not None else {}
    return (
        (number or filled(valueString=said.get("value", "")))
        | _compared(said, entry.unit)
        | filled(component=components)
    )


def _component(said: dict[str, Any]) -> Element:
    """Of a blood pressure."""
    code = code_of(said["code"], LOINC, said["display"])
    value = quantity(Decimal(said["value"]), said["unit"])
    return {"code": code, "valueQuantity": value} | _compared(said, said["unit"])


def _part(said: dict[str, str]) -> Element:
    """What was told in parts, whose values are kept in words."""
    return {"code": {"text": said["display"]}} | filled(valueString=said.get("value", ""))


def _compared(said: dict[str, Any], unit: str) -> Element:
    """What it was compared with, and how it came out: what was compared with nothing is not said to be normal."""
    bounds, flag = said.get("range", {}), said.get("flag", "")
    found = {side: quantity(Decimal(bounds[side]), unit) for side in ("low", "high") if side in bounds}
    words = said.get("interpretation", "")
    code = code_of(INTERPRETATIONS[flag], "v3-ObservationInterpretation") if flag or (found and not words) else {}
    out = code | filled(text=words)
    return filled(referenceRange=[found] if found else [], interpretation=[out] if out else [])
