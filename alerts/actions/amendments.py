"""Requests for an amendment: who owes the answer is told, again when time runs out; the patient, of the answer.

No alert and no letter says a word of what was asked.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts.actions.alerts import close_alerts, raise_alert
from alerts.actions.notices import tell_patient
from alerts.rules import HIGH, INFO
from healthcare.accounts.models import User
from records.models import AmendmentRequest


@transaction.atomic
def raise_amendment(*, by: User | None, request_id: UUID, patient_id: UUID, now: datetime) -> None:
    """A request that waits: whoever wrote what it is about, else the doctors of the site."""
    _raise(by, request_id, patient_id, "amendment", INFO, "asked", now, state="waiting")


@transaction.atomic
def raise_dispute(*, by: User | None, request_id: UUID, patient_id: UUID, now: datetime) -> None:
    """The patient disagrees with a denial: whoever denied it may rebut."""
    _raise(by, request_id, patient_id, "amendment", INFO, "disputed", now, state="denied", rebutted_at=None)


@transaction.atomic
def raise_amendment_due(*, by: User | None, request_id: UUID, patient_id: UUID, overdue: bool, now: datetime) -> None:
    """The last day is near, or over: who took it, who wrote it, then the doctors of the site, then those who lead."""
    stage = "overdue" if overdue else "soon"
    _raise(by, request_id, patient_id, "amendment_due", HIGH, stage, now, state="waiting")


@transaction.atomic
def close_amendment(*, by: User | None, request_id: UUID, now: datetime) -> int:
    """Answered, taken back or rebutted: nobody has to know any more. What is disputed meanwhile goes on."""
    disputed = AmendmentRequest.objects.filter(pk=request_id, disagreed_at__isnull=False, rebutted_at=None)
    if disputed.exists():
        return 0
    return close_alerts(by=by, source=_source_of(request_id), now=now)


@transaction.atomic
def tell_of_amendment(*, by: User | None, request_id: UUID, patient_id: UUID, stage: str) -> None:
    """A letter to the patient's account that there is an answer, longer to wait, or a rebuttal. Once for each."""
    source = _source_of(request_id)
    tell_patient(by=by, letter="amendment_answer", patient_id=patient_id, source=source, occasion=stage)


def _source_of(request_id: UUID) -> str:
    return f"records.amendmentrequest:{request_id}"


def _raise(
    by: User | None,
    request_id: UUID,
    patient_id: UUID,
    kind: str,
    severity: str,
    stage: str,
    now: datetime,
    **still: object,
) -> None:
    rows = AmendmentRequest.objects.filter(pk=request_id, patient_id=patient_id, **still)
    request = rows.select_related("patient", "owner", "answered_by", "written_by").first()
    if request is None:
        return
    source = _source_of(request_id)
    raise_alert(
        by=by,
        patient=request.patient,
        kind=kind,
        severity=severity,
        source=source,
        occasion=f"{kind}:{source}:{stage}",
        owners=[user for user in (request.owner, request.answered_by, request.written_by) if user],
        now=now,
    )
