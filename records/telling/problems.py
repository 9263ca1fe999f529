"""Condition and AllergyIntolerance."""

from typing import Any

from records.kinds.allergy import is_none_known
from records.rules import told
from records.rules.told import LOCAL
from records.telling.elements import (
    UNKNOWN,
    Element,
    by,
    code_of,
    concept,
    date_or_words,
    filled,
    moment_text,
    named,
    notes,
    when,
)

SNOMED, NO_KNOWN_ALLERGY = "http://snomed.info/sct", "716186003"
IN_R4 = ("food", "medication", "environment")  # of our categories; "something else" has no word there
OVER = ("inactive", "remission", "resolved")  # con-4: what has ended is one of these


def condition(entry: Any) -> Element:
    said = entry.data
    on_our_list = [] if entry.source else [code_of("problem-list-item", "condition-category")]
    ended = said.get("abatement", "") if entry.clinical_status in OVER else ""
    return {
        "resourceType": "Condition",
        "clinicalStatus": code_of(entry.clinical_status, "condition-clinical"),
        "verificationStatus": code_of(said.get("verification", "confirmed"), "condition-ver-status"),
        "code": concept(entry),
    } | filled(
        category=named(said.get("category", "")) or on_our_list,
        severity=next(iter(named(said.get("severity", ""))), None),
        bodySite=named(said.get("body_site", "")),
        **_began(entry),
        **date_or_words("abatement", ended),
        recorder=next(iter(by(entry)), None),
        note=notes(said.get("note", "")),
    )


def _began(entry: Any) -> Element:
    """When it began, as exactly as that is known, and when it was written down where that is another moment."""
    onset, precision = entry.data.get("onset", ""), entry.data.get("precision", "")
    began = told.moment(onset)
    is_it = began and began.precision == (precision or told.DAY)
    if is_it and moment_text(entry.effective_at, told.DAY).startswith(onset):
        return when("onsetDateTime", entry)
    return date_or_words("onset", onset) | when("recordedDate", entry)


def allergy(entry: Any) -> Element:
    said = entry.data
    category = said.get("category", "")
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": code_of(entry.clinical_status, "allergyintolerance-clinical"),
        "code": _none_known() if is_none_known(entry) else concept(entry),
    } | filled(
        verificationStatus=_sure(said.get("verification", "")),
        type=said.get("nature"),
        category=[category] if category in IN_R4 else [],
        criticality=said.get("criticality"),
        **date_or_words("onset", said.get("since", "")),
        **when("recordedDate", entry),
        recorder=next(iter(by(entry)), None),
        note=notes(said.get("note", "")),
        reaction=_reactions(said),
    )


def _sure(verification: str) -> Element:
    """Where nobody said how sure they are, neither do we."""
    return code_of(verification, "allergyintolerance-verification") if verification else {}


def _none_known() -> Element:
    """By a code of our own, and as US Core 6.1 says it."""
    codings = [{"system": SNOMED, "code": NO_KNOWN_ALLERGY}, {"system": LOCAL, "code": "no-known-allergies"}]
    return {"coding": codings, "text": "No known allergies"}


def _reactions(said: dict[str, Any]) -> list[Element]:
    """What it did; where nobody said that, and how bad it was is known, that it is not known."""
    reaction, severity = said.get("reaction", ""), said.get("severity", "")
    if not reaction and not severity:
        return []
    return [{"manifestation": named(reaction) or [UNKNOWN]} | filled(severity=severity)]
