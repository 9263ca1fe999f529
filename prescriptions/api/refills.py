"""Asking for more of a medicine, and the answer, for other programs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import ConfigDict, Field

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.etags import check_match, tagged
from healthcare.api.idempotency import idempotent
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.schemas import Given, Page, Shown
from healthcare.audit import record_now
from patients.doors import patient_asked_for
from prescriptions import actions
from prescriptions.api.prescriptions import ROW, found_or_404
from prescriptions.models import RefillRequest
from prescriptions.queries.refills import PEOPLE

router = Router(tags=["Refills"])
READING = (Permission.PRESCRIBE, Permission.OWN_RECORD)
ONE = "/refills/{uuid:refill_id}"


class RefillOut(Shown):
    """Somebody asked for more of what was prescribed, and what became of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000f4",
                    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
                    "prescription": "01937a5e-8c00-7000-8000-0000000000c1",
                    "medicine": "Metformin 850 mg tablet",
                    "note": "Five are left.",
                    "state": "denied",
                    "asked_at": "2026-02-03T14:05:00Z",
                    "answered_at": "2026-02-03T16:20:00Z",
                    "reason": "visit_first",
                    "answer": "",
                    "made_in": None,
                    "updated_at": "2026-02-03T16:20:00Z",
                }
            ]
        }
    )
    id: UUID
    patient: UUID = Field(validation_alias="patient_id")
    prescription: UUID = Field(validation_alias="prescription_id", description="What there is to be more of.")
    medicine: str
    note: str = Field(description="In the words of who asked.")
    state: str = Field(description=f"One of: {', '.join(RefillRequest.State.values)}.")
    asked_at: datetime
    answered_at: datetime | None = Field(description="Or taken back, or closed because it was cancelled.")
    reason: str = Field(description=f"Why it was denied: {', '.join(RefillRequest.Reason.values)}. Empty: it was not.")
    answer: str = Field(description="Why, in the prescriber's words. The patient reads them.")
    made_in: UUID | None = Field(
        validation_alias="made_in_id", description="The prescription that was written for it; its signature approves."
    )
    updated_at: datetime


class Asking(Given):
    note: str = Field("", max_length=300, examples=["Five are left."])


class Denying(Given):
    reason: RefillRequest.Reason = Field(examples=["visit_first"])
    words: str = Field("", max_length=300, description="Needed where the reason is `other`.", examples=["Call us."])


@router.post(f"{ROW}/refills", response={201: RefillOut}, summary="Ask for a refill")
@operation(Scope.MEDICATION, Permission.OWN_RECORD, write=True)
@idempotent
def ask_refill(request: HttpRequest, prescription_id: UUID, body: Asking) -> RefillOut:
    """The patient, or who acts for them. One waits for each prescription; a 409 says from when one can ask."""
    user: Any = request.user
    found = found_or_404(request, prescription_id)
    patient_asked_for(user, found.patient_id)
    asked = actions.ask_refill(by=user, prescription=found, note=body.note, now=timezone.now())
    return _shown(_found(request, asked.pk))


@router.get("/refills", response=Page[RefillOut], summary="List requests for a refill")
@operation(Scope.MEDICATION, *READING)
def list_refills(
    request: HttpRequest,
    patient: UUID | None = None,
    state: RefillRequest.State | None = None,
    cursor: Cursor = "",
    limit: Limit = 25,
) -> Page[RefillOut]:
    """Of one patient, or of everybody in reach; the last asked first. A token that acts for a patient lists theirs."""
    user: Any = request.user
    patient = patient or request.token.patient_id  # type: ignore[attr-defined]
    narrowed = Q(state=state) if state else Q()
    if patient:
        narrowed &= Q(patient=patient_asked_for(user, patient))
    else:
        record_now("prescriptions.list_refills", by=user, detail={"state": state or ""})
    rows = RefillRequest.objects.visible_to(user).filter(narrowed).select_related("prescription")
    found = page(rows, cursor=cursor, limit=limit, key=("asked_at", "id"))
    return Page[RefillOut](items=[_out(row) for row in found.items], next=found.next)


@router.get(ONE, response=RefillOut, summary="Read one request for a refill")
@operation(Scope.MEDICATION, *READING)
def get_refill(request: HttpRequest, refill_id: UUID) -> RefillOut:
    found = _found(request, refill_id)
    patient_asked_for(request.user, found.patient_id)  # type: ignore[arg-type]
    return _shown(found)


@router.post(f"{ONE}/withdraw", response=RefillOut, summary="Take a request back")
@operation(Scope.MEDICATION, Permission.OWN_RECORD, write=True)
@idempotent
def withdraw_refill(request: HttpRequest, refill_id: UUID) -> RefillOut:
    """While it waits."""
    return _answered(request, refill_id, actions.withdraw_refill)


@router.post(f"{ONE}/repeat", response=RefillOut, summary="Approve with the next repeat")
@operation(Scope.MEDICATION, Permission.PRESCRIBE, write=True)
@idempotent
def repeat_refill(request: HttpRequest, refill_id: UUID) -> RefillOut:
    """The dispensary prepares the next supply. A 409 where no repeat is left: prescribe it then."""
    return _answered(request, refill_id, actions.repeat_refill)


@router.post(f"{ONE}/prescribe", response=RefillOut, summary="Write the same once more")
@operation(Scope.MEDICATION, Permission.PRESCRIBE, write=True)
@idempotent
def prescribe_refill(request: HttpRequest, refill_id: UUID) -> RefillOut:
    """A draft, named by `made_in`: signing it approves the request, and nothing else does."""
    return _answered(request, refill_id, actions.prescribe_refill)


@router.post(f"{ONE}/deny", response=RefillOut, summary="Say why there is no refill")
@operation(Scope.MEDICATION, Permission.PRESCRIBE, write=True)
@idempotent
def deny_refill(request: HttpRequest, refill_id: UUID, body: Denying) -> RefillOut:
    """The patient is told, and reads why."""
    return _answered(request, refill_id, actions.deny_refill, **body.model_dump())


# == Rows ==
def _found(request: HttpRequest, refill_id: UUID) -> RefillRequest:
    user: Any = request.user
    rows = RefillRequest.objects.visible_to(user).select_related(*PEOPLE)
    found: RefillRequest | None = rows.filter(pk=refill_id).first()
    if found is None:
        raise Http404
    return found


def _answered(request: HttpRequest, refill_id: UUID, verb: Any, **said: Any) -> RefillOut:
    found = _found(request, refill_id)
    patient_asked_for(request.user, found.patient_id)  # type: ignore[arg-type]
    check_match(request, found)
    verb(by=request.user, request=found, now=timezone.now(), **said)
    return _shown(_found(request, refill_id))


def _out(row: RefillRequest) -> RefillOut:
    row.medicine = row.prescription.medicine  # type: ignore[attr-defined]
    return RefillOut.model_validate(row)


def _shown(row: RefillRequest) -> RefillOut:
    return tagged(_out(row), row)
