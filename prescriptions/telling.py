"""Medicines as FHIR R4 writes them: MedicationRequest for what was signed here, else MedicationStatement."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from healthcare.accounts.models import User
from patients.models import Patient
from prescriptions.models import MedicationStatement, Prescription
from prescriptions.queries.paper import on_paper
from records.telling.elements import coded, filled, meta_of, moment_text, named, reference

Status = Prescription.Status
HELD, STOPPED = "on-hold", "stopped"  # as FHIR R4 calls them, of requests and of statements


def resources_of(patient: Patient, user: User, now: datetime) -> Iterator[dict[str, Any]]:
    """For `records.FhirResources`: as on the paper of the whole chart."""
    signed, told = on_paper(user, patient, None)
    yield from (_request(row, now) for row in signed)
    yield from (_statement(row, now) for row in told)


def _request(row: Prescription, now: datetime) -> dict[str, Any]:
    code = row.medication.rxcui if row.medication else ""
    status = _status(row, now)
    halted = row.last_halt is not None and status in (HELD, STOPPED)
    amount = {"value": row.quantity, "unit": row.quantity_unit} if row.quantity is not None else {}
    return {
        "resourceType": "MedicationRequest",
        **_ours(row, ""),
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": coded(code, "rxnorm", row.medicine),
    } | filled(
        authoredOn=moment_text(row.signed_at) if row.signed_at else "",
        requester={"display": row.prescriber.name},
        statusReason={"text": row.last_halt.reason_words} if halted else {},
        reasonCode=named(row.reason),
        dosageInstruction=named(row.sig_text),
        dispenseRequest=filled(quantity=amount, numberOfRepeatsAllowed=row.repeats or None),
        substitution={"allowedBoolean": row.may_substitute},
    )


def _status(row: Prescription, now: datetime) -> str:
    if row.status == Status.CANCELLED:
        return "cancelled"
    if row.is_stopped:
        return STOPPED
    if row.is_on_hold(now):
        return HELD
    return "completed" if row.ends_at and row.ends_at <= now else "active"


def _statement(row: MedicationStatement, now: datetime) -> dict[str, Any]:
    going = row.status in MedicationStatement.TAKEN
    status = row.status
    if going and (row.ended_at or row.is_stopped):  # by the word of somebody here
        status = STOPPED
    elif going and row.is_on_hold(now):
        status = HELD
    halted = row.last_halt is not None and going and status in (HELD, STOPPED)
    start = moment_text(row.said_at, row.data.get("precision", ""))
    return {
        "resourceType": "MedicationStatement",
        **_ours(row, row.source),
        "status": status,
        "medicationCodeableConcept": coded(row.code, row.code_system, row.medicine),
    } | filled(
        effectivePeriod=filled(start=start, end=moment_text(row.ends_at) if row.ends_at else ""),
        informationSource=filled(display=row.prescriber),
        statusReason=[{"text": row.last_halt.reason_words}] if halted else [],
        reasonCode=named(row.reason),
        dosage=named(row.sig_text),
    )


def _ours(row: Prescription | MedicationStatement, source: str) -> dict[str, Any]:
    meta = meta_of(row, row.sensitivity, source)
    return {"id": str(row.pk), "meta": meta, "subject": reference("Patient", row.patient_id)}
