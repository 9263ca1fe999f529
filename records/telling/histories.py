"""FamilyMemberHistory: a relative, and what they have or had."""

from typing import Any

from records.kinds.family_history import is_none_known
from records.telling.elements import Element, concept, filled, notes, when
from records.telling.observations import none_known

DIED = "died"


def family_history(entry: Any) -> Element:
    """That nothing is known to run in the family is about no relative, and no FamilyMemberHistory."""
    if is_none_known(entry):
        return none_known(entry)
    said = entry.data
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "relationship": concept(entry),
    } | filled(
        **when("date", entry),
        **_died(said.get("deceased", "")),
        condition=[_condition(one) for one in said.get("conditions", ())],
        note=notes(said.get("note", "")),
    )


def _condition(said: dict[str, Any]) -> Element:
    onset, died = said.get("onset", ""), said.get(DIED) or None
    return {"code": {"text": said["text"]}} | filled(onsetString=str(onset), contributedToDeath=died)


def _died(said: str) -> Element:
    """ "died: 71 years" by the words after the colon."""
    told = said.removeprefix(f"{DIED}:").strip()
    return {"deceasedBoolean": True} if said == DIED else filled(deceasedString=told)
