"""Observation: a vital sign where it can stand among ours, a laboratory result, or an observation as it was made."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from healthcare.fhir.resources import Incoming
from records.actions.writing import Content
from records.fhir.histories import living_in
from records.fhir.ranges import flag_of, range_in
from records.fhir.reading import (
    Batch,
    EntryResource,
    Kept,
    Reading,
    filled,
    notes_of,
    people_in,
    status_of,
    when,
    who,
)
from records.fhir.reports import member_of
from records.fhir.values import parts_of, value_of
from records.kinds.observation import CATEGORIES
from records.kinds.vital_signs import DISPLAYS
from records.queries.imports import Person, people_of, reports_of
from records.rules import ranges, told, units, vitals
from records.rules.told import Amount
from records.rules.units import Quantity, convert, plain_unit, rounded, shown
from records.rules.vitals import BMI, MEASURES, PRESSURE, Measure, age_in_months

STATES = {
    "registered": "preliminary",
    "preliminary": "preliminary",
    "final": "final",
    "amended": "amended",
    "corrected": "corrected",
    "entered-in-error": "entered_in_error",
}
# LOINC codes that measure what one of ours measures.
SAME = {
    "8331-1": "8310-5",  # oral temperature
    "8328-7": "8310-5",  # axillary temperature
    "2708-6": "59408-5",  # oxygen saturation, not said by which means
    "3141-9": "29463-7",  # body weight, measured
    "8308-9": "8302-2",  # body height, standing
    "8306-3": "8302-2",  # body height, lying
}
BY_CODE = {measure.code: measure for measure in MEASURES.values()}
SYSTOLIC, DIASTOLIC = MEASURES["systolic"], MEASURES["diastolic"]
POSSIBLE_BMI = (Decimal(5), Decimal(250))


class ObservationResource(EntryResource):
    type = "Observation"

    def look_up(self, batch: Sequence[Incoming], about: Batch) -> None:
        ids = people_in(batch)
        about.people, about.reports = people_of(ids), reports_of(ids)

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        resource = incoming.resource
        status = status_of(resource, STATES, {"cancelled": "cancelled"})
        span = resource.get("effectivePeriod")
        span = span if isinstance(span, dict) else {}
        moment = when(
            batch.ledger,
            resource.get("effectiveDateTime"),
            resource.get("effectiveInstant"),
            span.get("start"),
            span.get("end"),
            resource.get("issued"),
        )
        person = batch.people.get(incoming.patient_id) if incoming.patient_id else None
        months = age_in_months(person.birth_date, moment.at.date()) if person else None
        content = vital_in(resource, months) or _other(resource, person, None if months is None else months // 12)
        by = who(incoming, batch.ledger, resource.get("performer"))
        said = {**content.data, **filled(note=notes_of(resource), by=by)}
        parent = None
        if content.kind != "vital_signs":
            parent = batch.reports.get(member_of(incoming.system, incoming.source_id))
        return Reading(replace(content, data=said), moment, status, parent)


# == Vital signs ==
def vital_in(resource: dict[str, Any], months: int | None) -> Content | None:
    """A vital sign as ours are kept: in our unit, possible, flagged by age; None for anything else."""
    codes = {SAME.get(code, code) for code in told.codes_of(resource.get("code"))}
    if pressure := _pressure(resource, months):
        return pressure
    given = told.amount(resource.get("valueQuantity"))
    if given is None or given.comparator:
        return None
    if BMI in codes and given.unit == units.BODY_MASS and POSSIBLE_BMI[0] <= given.value <= POSSIBLE_BMI[1]:
        return _content(BMI, rounded(given.value, 1), units.BODY_MASS, {})
    measure = next((BY_CODE[code] for code in sorted(codes) if code in BY_CODE), None)
    value = value_in(measure, given) if measure and measure not in (SYSTOLIC, DIASTOLIC) else None
    if measure is None or value is None:
        return None
    return _content(measure.code, value, measure.unit, _flagged(measure, value, months))


def value_in(measure: Measure, given: Amount) -> Decimal | None:
    """In the measure's own unit and to its decimals; None in a unit unknown to it, or beyond what is possible."""
    unit = plain_unit(given.unit, measure.units)
    if unit is None:
        return None
    value = rounded(convert(Quantity(given.value, unit), measure.unit), measure.decimals)
    return value if measure.possible[0] <= value <= measure.possible[1] else None


def _pressure(resource: dict[str, Any], months: int | None) -> Content | None:
    """Both numbers, whatever the panel's own code is; half a pressure is none."""
    found: dict[str, Decimal] = {}
    for component in told.objects(resource.get("component")):
        given = told.amount(component.get("valueQuantity"))
        for measure in (SYSTOLIC, DIASTOLIC):
            value = value_in(measure, given) if given and not given.comparator else None
            if value is not None and measure.code in told.codes_of(component.get("code")):
                found[measure.code] = value
    if len(found) < 2 or found[SYSTOLIC.code] <= found[DIASTOLIC.code]:
        return None
    components = [
        {
            "code": measure.code,
            "display": DISPLAYS[measure.code],
            "value": shown(found[measure.code]),
            "unit": measure.unit,
        }
        | _flagged(measure, found[measure.code], months)
        for measure in (SYSTOLIC, DIASTOLIC)
    ]
    flag = ranges.worst_of(ranges.Flag(one["flag"]) for one in components)
    return _content(PRESSURE, None, "", {"flag": flag.value, "components": components})


def _content(code: str, value: Decimal | None, unit: str, data: dict[str, Any]) -> Content:
    return Content(
        kind="vital_signs", code=code, code_system="loinc", display=DISPLAYS[code], value=value, unit=unit, data=data
    )


def _flagged(measure: Measure, value: Decimal, months: int | None) -> dict[str, Any]:
    interval = vitals.interval_of(measure.slug, age_months=months)
    flag = vitals.flag_vital(measure.slug, value, age_months=months)
    return {"flag": flag.value} | ({"range": interval.as_data()} if interval else {})


# == Everything else ==
def _other(resource: dict[str, Any], person: Person | None, years: int | None) -> Content:
    """A result of a laboratory, or an observation of any other sort. Raises Kept without a name or a value."""
    named = told.concept(resource.get("code"), ("loinc",))
    if not named.text:
        raise Kept("nothing_named")
    given, said = value_of(resource)
    if living := living_in(resource, said):
        return living
    parts = parts_of(resource)
    if given is None and not said and not parts and told.status_of(resource.get("status")) != "entered-in-error":
        raise Kept("absent")
    categories = sorted(told.codes_of(resource.get("category")))
    laboratory = "laboratory" in categories
    bounds = range_in(resource, named.code, given, person, years) if laboratory else range_in(resource, "", given)
    data = filled(
        value=said,
        parts=parts,
        range=bounds.as_data() if bounds else {},
        comparator=given.comparator if given else "",
        category="" if laboratory else next((one for one in categories if one in CATEGORIES), ""),
    ) | flag_of(resource, given, bounds)
    return Content(
        kind="laboratory_result" if laboratory else "observation",
        code=named.code,
        code_system=named.system,
        display=named.text,
        value=_kept_exact(given.value) if given else None,
        unit=given.unit if given else "",
        data=data,
    )


def _kept_exact(value: Decimal) -> Decimal:
    """To the four decimals that a row holds; all of them stand in the resource."""
    return rounded(value, 4)
