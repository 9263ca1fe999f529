"""Record a taking of vital signs, and correct one measure of it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.audit.changes import bulk_verb
from healthcare.events import publish
from patients.models import Patient
from records.access.entries import check_can_record
from records.actions.entries import record_entry
from records.actions.writing import Content, NotRecorded, check_time_and_visit, entry_of
from records.events import AbnormalValueRecorded, EntryRecorded
from records.kinds.vital_signs import DISPLAYS
from records.models import Encounter, Entry
from records.queries.vitals import Waiting, months_of, parts_of_panel, waiting_for_vitals
from records.rules import vitals
from records.rules.ranges import Flag, Interval, severity_of, worst_of
from records.rules.units import BODY_MASS, shown
from records.rules.vitals import MEASURES, flag_vital, interval_of

PRESSURE = ("systolic", "diastolic")
KIND = "vital_signs"
Values = Mapping[str, Decimal]


@transaction.atomic
def record_vitals(
    *,
    by: User,
    patient: Patient,
    measurements: Values,
    effective_at: datetime,
    now: datetime,
    encounter: Encounter | None = None,
    typed: Mapping[str, str] | None = None,
) -> Entry:
    """Record what was measured: by measure, in its own unit (`rules.vitals.MEASURES`); returns the panel.

    A pressure needs both its numbers; the body mass index is computed. `typed` is what stood in the field, kept beside.
    What is out of range is announced in this transaction, once for the taking, with the worst severity. Raises
    NotRecorded for nothing at all, half a pressure or a number beyond what is possible, NotAllowed and NotInScope.
    """
    check_can_record(by, patient, KIND)
    check_time_and_visit(effective_at, now, encounter, KIND)
    _check_measurements(measurements)
    common: dict[str, Any] = {
        "by": by,
        "patient": patient,
        "effective_at": effective_at,
        "now": now,
        "encounter": encounter,
    }
    parts = _contents(measurements, months_of(patient, effective_at), typed or {})
    worst = worst_of(Flag(part.data.get("flag", "")) for part in parts)
    panel = entry_of(_content(vitals.PANEL, None, "", {"flag": worst.value}), **common)
    panel.save(force_insert=True)
    with bulk_verb():
        Entry.objects.bulk_create([entry_of(part, parent=panel, **common) for part in parts])
    record("records.record_vitals", by=by, patient_id=patient.pk, target=panel, detail={"measures": len(parts)})
    publish(EntryRecorded(entry_id=panel.pk, patient_id=patient.pk, kind=KIND))
    _announce(panel, worst, now)
    return panel


@transaction.atomic
def correct_vital(*, by: User, entry: Entry, values: Values, now: datetime, typed: str = "") -> Entry:
    """Replace one measure of a taking by what is right; its flag is computed anew, and the body mass index with it.

    `values` are the one or, for a pressure, both numbers. Raises NotRecorded, NotCurrent, NotAllowed and NotInScope.
    """
    _check_measurements(values)
    patient = entry.patient
    months = months_of(patient, entry.effective_at)
    content = next(
        (part for part in _contents(values, months, dict.fromkeys(values, typed)) if part.code == entry.code), None
    )
    if content is None:
        raise NotRecorded(_("This is another measure than the one that is to be corrected."))
    later = _next_version(by, entry, content, now)
    if entry.code in (MEASURES["weight"].code, MEASURES["height"].code) and entry.parent_id:
        _correct_body_mass(by, entry, now)
    _announce(later, Flag(content.data.get("flag", "")), now)
    return later


def list_waiting_for_vitals(*, by: User, now: datetime) -> list[Waiting]:
    """Whom the actor is to measure, audited as a list. Raises NotAllowed."""
    check_can(by, Permission.RECORD_VITALS)
    record_now("records.list_waiting_for_vitals", by=by)
    return waiting_for_vitals(by, now)


def _next_version(by: User, entry: Entry, content: Content, now: datetime) -> Entry:
    return record_entry(
        by=by,
        patient=entry.patient,
        content=content,
        effective_at=entry.effective_at,
        now=now,
        encounter=entry.encounter,
        replaces=entry,
        record_status="corrected",
    )


def _correct_body_mass(by: User, entry: Entry, now: datetime) -> None:
    parts = {part.code: part for part in parts_of_panel(by, entry)}
    weight, height = parts.get(MEASURES["weight"].code), parts.get(MEASURES["height"].code)
    before = parts.get(vitals.BMI)
    if before and weight and height and weight.value and height.value:
        _next_version(by, before, _body_mass(weight.value, height.value), now)


def _check_measurements(measurements: Values) -> None:
    """Raises NotRecorded with a sentence; a form has told the same beside the field, and may have been passed by."""
    if not measurements:
        raise NotRecorded(_("Nothing was measured."))
    if len([slug for slug in PRESSURE if slug in measurements]) == 1:
        raise NotRecorded(_("A blood pressure has two numbers, like 120/80."))
    for slug, value in measurements.items():
        low, high = MEASURES[slug].possible
        if not low <= value <= high:
            raise NotRecorded(_("%(value)s is not possible. Nothing was recorded.") % {"value": shown(value)})
    if "systolic" in measurements and measurements["systolic"] <= measurements["diastolic"]:
        raise NotRecorded(_("The upper number of a blood pressure is the larger one."))


# == What the rows say ==
def _contents(values: Values, months: int | None, typed: Mapping[str, str]) -> list[Content]:
    found = [_pressure(values, months, typed.get("systolic", ""))] if "systolic" in values else []
    for slug, measure in MEASURES.items():
        if slug in values and slug not in PRESSURE:
            data = _flagged(flag_vital(slug, values[slug], age_months=months), interval_of(slug, age_months=months))
            data |= {"typed": typed[slug]} if typed.get(slug) else {}
            found.append(_content(measure.code, values[slug], measure.unit, data))
    if "weight" in values and "height" in values:
        found.append(_body_mass(values["weight"], values["height"]))
    return found


def _content(code: str, value: Decimal | None, unit: str, data: Mapping[str, Any]) -> Content:
    return Content(kind=KIND, code=code, code_system="loinc", display=DISPLAYS[code], value=value, unit=unit, data=data)


def _body_mass(weight: Decimal, height: Decimal) -> Content:
    return _content(vitals.BMI, vitals.body_mass_index(weight, height), BODY_MASS, {})


def _pressure(values: Values, months: int | None, typed: str) -> Content:
    """One entry with two components, flagged by the worse of both (HL7 FHIR vital signs, blood pressure panel)."""
    flags, components = [], []
    for slug in PRESSURE:
        measure, interval = MEASURES[slug], interval_of(slug, age_months=months)
        flag = flag_vital(slug, values[slug], age_months=months)
        flags.append(flag)
        components.append(
            {
                "code": measure.code,
                "display": DISPLAYS[measure.code],
                "value": shown(values[slug]),
                "unit": measure.unit,
            }
            | _flagged(flag, interval)
        )
    data: dict[str, Any] = {"flag": worst_of(flags).value, "components": components}
    data |= {"typed": typed} if typed else {}
    return _content(vitals.PRESSURE, None, "", data)


def _flagged(flag: Flag, interval: Interval | None) -> dict[str, Any]:
    """The flag, and the interval as it was known then: it stays with the value when the table changes."""
    return {"flag": flag.value} | ({"range": interval.as_data()} if interval else {})


def _announce(entry: Entry, worst: Flag, now: datetime) -> None:
    severity = severity_of(worst)
    if severity and vitals.is_news(entry.effective_at, now):
        publish(
            AbnormalValueRecorded(
                entry_id=entry.pk, patient_id=entry.patient_id, severity=severity, encounter_id=entry.encounter_id
            )
        )
