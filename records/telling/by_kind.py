"""One entry as a resource: as the folder of its kind writes it, else as the writer of its kind here does."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from records.kinds import kind_of, part_of
from records.models import Entry
from records.models.entries import STANDING
from records.telling import given, histories, kept, observations, problems, reports
from records.telling.elements import Element, meta_of, reference

WRITERS: Mapping[str, Callable[[Any], Element | None]] = {
    "addendum": reports.document,
    "allergy": problems.allergy,
    "condition": problems.condition,
    "conversation": reports.conversation,
    "diagnostic_report": reports.diagnostic_report,
    "family_history": histories.family_history,
    "immunization": given.immunization,
    "imported": kept.as_it_came,
    "laboratory_result": observations.laboratory_result,
    "note": reports.document,
    "nursing_note": reports.document,
    "observation": observations.observation,
    "procedure": given.procedure,
    "social_history": observations.living,
    "surgical_history": given.operation,
    "vital_signs": observations.vital_sign,
}
OF_PATIENT = ("AllergyIntolerance", "FamilyMemberHistory", "Immunization")  # where R4 calls the subject the patient
NO_VISIT = ("FamilyMemberHistory",)


@dataclass(frozen=True)
class Beside:
    """What else is written, to which an entry may lead: ids of visits, orders and notes, and of results by report."""

    visits: Collection[UUID] = ()
    orders: Collection[UUID] = ()
    notes: Collection[UUID] = ()
    results: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)


def resource_of(entry: Entry, beside: Beside | None = None) -> Element | None:
    """As FHIR R4 has it; None for what does not stand, what its kind keeps here, and what says nothing by itself.

    Moments are written by the running clock: enter that of the patient's site before.
    """
    stands = entry.record_status in (*STANDING, "preliminary") and entry.voided_at is None
    if not stands or not kind_of(entry.kind).exported(entry):
        return None
    found = part_of(entry.kind, "fhir")
    writer = getattr(found, "write", None) or WRITERS.get(entry.kind)
    written = writer(entry) if writer else None
    if written is None:
        return None
    ours: Element = {"id": str(entry.pk)}
    if entry.kind == "imported":
        return written | ours
    whose = "patient" if written["resourceType"] in OF_PATIENT else "subject"
    ours |= {"meta": meta_of(entry, entry.sensitivity, entry.source), whose: reference("Patient", entry.patient_id)}
    return written | ours | _links(entry, written, beside or Beside())


def _links(entry: Entry, written: Element, beside: Beside) -> Element:
    """To its visit, its order and its results, where they are written too: one that is not is not even named."""
    kind: str = written["resourceType"]
    found: Element = {}
    if entry.encounter_id in beside.visits and kind not in NO_VISIT:
        visit = reference("Encounter", entry.encounter_id)
        in_context = {"context": written.get("context", {}) | {"encounter": [visit]}}
        found |= in_context if kind == "DocumentReference" else {"encounter": visit}
    if entry.request_id in beside.orders and kind in ("DiagnosticReport", "Observation"):
        found["basedOn"] = [reference("ServiceRequest", entry.request_id)]
    if entry.kind == "addendum" and entry.parent_id in beside.notes:
        found["relatesTo"] = [{"code": "appends", "target": reference(kind, entry.parent_id)}]
    if kind == "DiagnosticReport" and (results := beside.results.get(first_of(entry))):
        found["result"] = [reference("Observation", one) for one in results]
    return found


def first_of(entry: Entry) -> UUID:
    """The first version of a report, on which its results hang."""
    said = entry.data.get("first")
    return UUID(said) if said else entry.pk
