"""Immunization of FHIR R4 that was not done for one of our reasons; any other one is not for this kind."""

from collections.abc import Mapping
from typing import Any

from records.kinds import Said, Told
from records.kinds.vaccine_declined import REASONS
from records.rules import told
from records.telling.elements import code_of, concept, filled, notes, when

TYPES = ("Immunization",)


def read(resource: Mapping[str, Any]) -> Told | None:
    why = sorted(told.codes_of(resource.get("statusReason")) & REASONS.keys())
    named = told.concept(resource.get("vaccineCode"), ("cvx", "ndc"))
    if told.status_of(resource.get("status")) != "not-done" or not why or not named.text:
        return None
    said = Said(code=named.code, code_system=named.system, display=named.text, data={"why": why[0]})
    return Told(said, (resource.get("occurrenceDateTime"), resource.get("recorded")))


def write(entry: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "status": "not-done",
        "statusReason": code_of(entry.data["why"], "v3-ActReason"),
        "vaccineCode": concept(entry),
        **when("occurrenceDateTime", entry, must=True),
    } | filled(note=notes(entry.data.get("note", "")))
