"""Appointment, Encounter and ServiceRequest: visits and orders, which are no entries."""

import json
from collections.abc import Collection, Sequence
from uuid import UUID

from django.utils.translation import gettext

from records.models import Encounter, ServiceRequest
from records.queries.diagnoses import Diagnosis
from records.rules.orders import IMAGING, LABORATORY
from records.telling.by_kind import Beside
from records.telling.elements import (
    TERMINOLOGY,
    Element,
    code_of,
    coded,
    filled,
    meta_of,
    moment_text,
    named,
    notes,
    reference,
    said_of,
)
from scheduling.models import Appointment

STATUS = {
    "planned": "planned",
    "in_progress": "in-progress",
    "finished": "finished",
    "entered_in_error": "entered-in-error",
}
BOOKED = {
    "requested": "pending",
    "booked": "booked",
    "confirmed": "booked",
    "arrived": "arrived",
    "roomed": "checked-in",
    "with_provider": "checked-in",
    "checked_out": "fulfilled",
    "no_show": "noshow",
    "cancelled": "cancelled",
    "left": "cancelled",
}
AMBULATORY = {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "AMB", "display": "ambulatory"}
# What the visit came to (FHIR R4, diagnosis-role); the first in rank is the principal one.
AT_THE_END = code_of("DD", "diagnosis-role", "Discharge diagnosis")
# Categories of orders as US Core 6.1 binds them (SNOMED CT).
CATEGORIES = {LABORATORY: "108252007", IMAGING: "363679005"}
ORDERED = {
    "draft": "draft",
    "active": "active",
    "specimen_collected": "active",
    "preliminary": "active",
    "final": "completed",
    "revoked": "revoked",
    "failed": "revoked",
}


def appointment(row: Appointment) -> Element:
    left = row.status == Appointment.Status.LEFT
    people = [reference("Patient", row.patient_id), {"display": row.provider.name}, {"display": row.site.name}]
    return {
        "resourceType": "Appointment",
        "id": str(row.pk),
        "meta": meta_of(row, "", ""),
        "status": BOOKED[row.status],
        "start": moment_text(row.starts_at),
        "end": moment_text(row.ends_at),
        "participant": [{"actor": one, "status": "accepted"} for one in people],
    } | filled(
        serviceType=named(row.visit_type.name),
        reasonCode=named(row.reason),
        cancelationReason={"text": "Left before being seen"} if left else {},
    )


def encounter(
    row: Encounter,
    appointments: Collection[UUID] = (),
    dealt_with: Sequence[Diagnosis] = (),
    problems: Collection[UUID] = (),
) -> Element:
    precision = str(row.told.get("precision", ""))
    moments = {"start": row.started_at, "end": row.finished_at}
    period = {name: moment_text(at, precision) for name, at in moments.items() if at}
    whom, where = row.whom, row.site.name if row.site else str(row.told.get("site", ""))
    return {
        "resourceType": "Encounter",
        "id": str(row.pk),
        "meta": meta_of(row, "", row.source),
        "status": STATUS[row.status],
        "class": _class(row),
        "subject": reference("Patient", row.patient_id),
    } | filled(
        type=named(str(row.told.get("type", ""))),
        period=filled(**period),
        text=said_of(gettext("Entered in error: %(why)s") % {"why": row.void_reason}) if row.void_reason else {},
        reasonCode=named(row.reason),
        participant=[{"individual": {"display": whom}}] if whom else [],
        diagnosis=[_diagnosis(one, problems) for one in dealt_with],
        serviceProvider={"display": where} if where else {},
        appointment=[reference("Appointment", row.appointment_id)] if row.appointment_id in appointments else [],
    )


def _diagnosis(one: Diagnosis, problems: Collection[UUID]) -> Element:
    """Ranked as in the signed note; by name alone where the problem has changed since, or is not written."""
    link = reference("Condition", one.entry_id) if one.entry_id in problems else {}
    return {"condition": link | {"display": one.display}, "use": AT_THE_END} | filled(rank=one.rank or "")


def _class(row: Encounter) -> Element:
    """Our visits are ambulatory; of a visit elsewhere as its source says."""
    said = json.loads(row.told["resource"]).get("class") if "resource" in row.told else None
    return said if isinstance(said, dict) and said.get("code") else AMBULATORY


def order(row: ServiceRequest, beside: Beside) -> Element:
    category = CATEGORIES.get(row.category)
    precision = str(row.told.get("precision", ""))
    whom = row.provider.name if row.provider else str(row.told.get("requester", ""))
    return {
        "resourceType": "ServiceRequest",
        "id": str(row.pk),
        "meta": meta_of(row, row.sensitivity, row.source),
        "status": ORDERED[row.status],
        "intent": "order",
        "code": coded(row.code, row.code_system, row.display),
        "subject": reference("Patient", row.patient_id),
    } | filled(
        encounter=reference("Encounter", row.encounter_id) if row.encounter_id in beside.visits else {},
        category=[code_of(category, "http://snomed.info/sct", row.category)] if category else [],
        priority=row.priority,
        authoredOn=moment_text(row.ordered_at, precision) if row.ordered_at else "",
        occurrencePeriod=filled(end=row.expected_by.isoformat() if row.expected_by else ""),
        requester={"display": whom} if whom else {},
        reasonCode=named(row.reason),
        note=notes(row.note),
    )
