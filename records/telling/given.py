"""Immunization and Procedure: what was given, and what was done."""

import re
from typing import Any

from records.kinds.immunization import ROUTES, SITES
from records.kinds.surgical_history import is_none_known
from records.queries.imports import SURGICAL
from records.telling.elements import (
    Element,
    by,
    code_of,
    concept,
    filled,
    is_date,
    moment_text,
    named,
    notes,
    quantity_said,
    when,
)
from records.telling.observations import none_known

DOSE = re.compile(r"dose (?:(?P<number>[1-9][0-9]*)|(?P<words>.+))")


def immunization(entry: Any) -> Element:
    said = entry.data
    course, amount = DOSE.fullmatch(said.get("status", "")), quantity_said(said.get("dose", ""))
    words = [said.get(name, "") for name, known in (("status", course), ("dose", amount)) if not known]
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": concept(entry),
        "primarySource": not said["elsewhere"],
        **when("occurrenceDateTime", entry, must=True),
    } | filled(
        lotNumber=said.get("lot"),
        expirationDate=said.get("expires"),
        site=_coded(said.get("site", ""), SITES, "v3-ActSite"),
        route=_coded(said.get("route", ""), ROUTES, "v3-RouteOfAdministration"),
        doseQuantity=amount,
        performer=[{"actor": one} for one in by(entry)],
        note=notes(said.get("note", ""), *words),
        protocolApplied=[_course(course)] if course else [],
    )


def _course(said: re.Match[str]) -> Element:
    if said["words"]:
        return {"doseNumberString": said["words"]}
    return {"doseNumberPositiveInt": int(said["number"])}


def _coded(code: str, words: Any, system: str) -> Element:
    return code_of(code, system, str(words.get(code, ""))) if code else {}


def procedure(entry: Any) -> Element:
    return _done(entry, entry.clinical_status or "completed")


def operation(entry: Any) -> Element:
    """An operation the patient has had; that there was none is no procedure."""
    if is_none_known(entry):
        return none_known(entry)
    surgical = {"coding": [{"system": "http://snomed.info/sct", "code": SURGICAL}]}
    return _done(entry, "completed") | {"category": surgical}


def _done(entry: Any, status: str) -> Element:
    said = entry.data
    house = said.get("where", "")
    return {"resourceType": "Procedure", "status": status, "code": concept(entry)} | filled(
        **_performed(entry),
        performer=[{"actor": one} for one in by(entry)],
        location={"display": house} if house else {},
        reasonCode=named(said.get("reason", "")),
        bodySite=named(said.get("body_site", "")),
        outcome=next(iter(named(said.get("outcome", ""))), None),
        note=notes(said.get("note", "")),
    )


def _performed(entry: Any) -> Element:
    """A moment, or from then until a day."""
    start, until = moment_text(entry.effective_at, entry.data.get("precision", "")), entry.data.get("until", "")
    if not is_date(until) or start[: len(until)] == until:
        return when("performedDateTime", entry)
    return {"performedPeriod": filled(start=start if start[: len(until)] < until else "", end=until)}
