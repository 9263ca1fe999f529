"""Requests for a refill that are answered by what is done: prescribed again, prepared once more, or cancelled."""

from datetime import datetime

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from prescriptions.events import RefillAnswered
from prescriptions.models import Prescription, RefillRequest

State = RefillRequest.State
SETTLED = ("state", "answered_at", "answered_by", "updated_at")


def settle_signed(by: User, made: Prescription, now: datetime) -> None:
    """It was written because somebody asked, and now it is signed: that is the answer."""
    _settle(by, "made_in", made, State.APPROVED, now)


def settle_prepared(by: User, prescription: Prescription, now: datetime) -> None:
    """The next supply is prepared, whoever saw to it: nobody has to answer any more."""
    _settle(by, "prescription", prescription, State.APPROVED, now)


def settle_cancelled(by: User, prescription: Prescription, now: datetime) -> None:
    """Of what is cancelled or stopped there is no more."""
    _settle(by, "prescription", prescription, State.CLOSED, now)


def _settle(by: User, place: str, prescription: Prescription, state: str, now: datetime) -> None:
    rows = RefillRequest.objects.visible_to(by).filter(
        patient_id=prescription.patient_id, state=State.WAITING, **{place: prescription}
    )
    for row in rows.select_for_update(of=("self",)).order_by("id"):
        answer(by, row, state, now)


def answer(by: User, row: RefillRequest, state: str, now: datetime) -> None:
    """Write who answered and when, beside what the caller has set on it; the patient is told."""
    row.state, row.answered_at, row.answered_by = state, now, by
    row.save(update_fields=[*SETTLED, "reason", "answer"])
    detail = {"state": state, "reason": row.reason}
    record("prescriptions.answer_refill", by=by, patient_id=row.patient_id, target=row, detail=detail)
    publish(RefillAnswered(request_id=row.pk, patient_id=row.patient_id))
