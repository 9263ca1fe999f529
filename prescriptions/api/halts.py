"""A prescription is put on hold, taken up again or stopped by a program, and why it was."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import ConfigDict, Field

from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.doors import operation
from healthcare.api.idempotency import idempotent
from healthcare.api.pages import Cursor, Limit, page
from healthcare.api.schemas import Given, Page, Shown
from patients.doors import patient_asked_for
from prescriptions import actions
from prescriptions.api.prescriptions import READING, ROW, PrescriptionOut, changed, found_or_404
from prescriptions.models import Halt
from scheduling.queries.licences import day_at

router = Router(tags=["Prescriptions"])


class Holding(Given):
    day: date | None = Field(
        None, description="From which day on; empty: today where the patient is treated.", examples=["2026-02-10"]
    )
    reason: Halt.Reason = Field(examples=["operation"])
    words: str = Field("", max_length=300, description="Needed where the reason is `other`.", examples=["Five days."])


class Stopping(Holding):
    day: date | None = Field(
        None, description="From which day on, today at the latest; empty: today.", examples=["2026-02-03"]
    )
    reason: Halt.Reason = Field(examples=["side_effect"])
    words: str = Field("", max_length=300, description="Needed where the reason is `other`.", examples=["A rash."])


class Resuming(Given):
    words: str = Field("", max_length=300, examples=["The operation went well."])


class HaltOut(Shown):
    """What was said once about whether it is taken. It never changes: the last one counts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000f3",
                    "prescription": "01937a5e-8c00-7000-8000-0000000000c1",
                    "act": "hold",
                    "starts_at": "2026-02-10T05:00:00Z",
                    "reason": "operation",
                    "words": "Five days.",
                    "said_at": "2026-02-03T14:05:00Z",
                }
            ]
        }
    )
    id: UUID
    prescription: UUID = Field(validation_alias="prescription_id")
    act: str = Field(description=f"One of: {', '.join(Halt.Act.values)}.")
    starts_at: datetime = Field(description="From when it counts.")
    reason: str = Field(description=f"One of: {', '.join(Halt.Reason.values)}. Empty where it was taken up again.")
    words: str
    said_at: datetime


@router.get(f"{ROW}/halts", response=Page[HaltOut], summary="List why it was halted")
@operation(Scope.MEDICATION, *READING)
def list_halts(request: HttpRequest, prescription_id: UUID, cursor: Cursor = "", limit: Limit = 25) -> Page[HaltOut]:
    """What was said of it, the last first."""
    user: Any = request.user
    found = found_or_404(request, prescription_id)
    patient_asked_for(user, found.patient_id)
    rows = Halt.objects.visible_to(user).filter(prescription=found, patient=found.patient_id)
    return Page[HaltOut].model_validate(page(rows, cursor=cursor, limit=limit, key=("said_at", "id")))


@router.post(f"{ROW}/hold", response=PrescriptionOut, summary="Put a prescription on hold")
@operation(Scope.MEDICATION, Permission.RECONCILE, write=True)
@idempotent
def hold_medicine(request: HttpRequest, prescription_id: UUID, body: Holding) -> PrescriptionOut:
    """A year back at most and half a year ahead. Checks go on to count it; nothing of it is handed out."""
    return _halted(request, prescription_id, actions.hold_medicine, body)


@router.post(f"{ROW}/stop", response=PrescriptionOut, summary="Stop a prescription")
@operation(Scope.MEDICATION, Permission.RECONCILE, write=True)
@idempotent
def stop_medicine(request: HttpRequest, prescription_id: UUID, body: Stopping) -> PrescriptionOut:
    """It is not to be taken any more; what waits at the dispensary goes back, and its prescriber hears."""
    return _halted(request, prescription_id, actions.stop_medicine, body)


@router.post(f"{ROW}/resume", response=PrescriptionOut, summary="Have it taken up again")
@operation(Scope.MEDICATION, Permission.RECONCILE, write=True)
@idempotent
def resume_medicine(request: HttpRequest, prescription_id: UUID, body: Resuming) -> PrescriptionOut:
    """What is on hold or will be. What was stopped is prescribed again, so that it is checked anew."""
    return changed(request, prescription_id, actions.resume_medicine, under="medicine", words=body.words)


def _halted(request: HttpRequest, prescription_id: UUID, verb: Any, body: Holding) -> PrescriptionOut:
    day = body.day or day_at(found_or_404(request, prescription_id).patient.site, timezone.now())
    said = {"day": day, "reason": body.reason, "words": body.words}
    return changed(request, prescription_id, verb, under="medicine", **said)
