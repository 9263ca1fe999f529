"""Requests for a refill: who prescribed it is told, or who stands in; the patient, that there is an answer.

No alert and no letter names the medicine.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts.actions.alerts import close_alerts, raise_alert
from alerts.actions.notices import tell_patient
from alerts.rules import INFO
from healthcare.accounts.models import User
from prescriptions.models import RefillRequest


@transaction.atomic
def raise_refill(*, by: User | None, request_id: UUID, patient_id: UUID, now: datetime) -> None:
    """A request that waits. Answered or taken back meanwhile, or died: nothing."""
    rows = RefillRequest.objects.waiting().filter(pk=request_id, patient_id=patient_id)
    request = rows.select_related("patient", "prescription__prescriber__user", "prescription__site").first()
    if request is None:
        return
    owner = request.prescription.prescriber.user
    source = _source_of(request_id)
    raise_alert(
        by=by,
        patient=request.patient,
        kind="refill_request",
        severity=INFO,
        source=source,
        occasion=f"refill_request:{source}",
        owners=[owner] if owner else [],
        site=request.prescription.site,
        now=now,
    )


@transaction.atomic
def close_refill(*, by: User | None, request_id: UUID, now: datetime) -> int:
    """Answered or taken back: nobody has to know any more."""
    return close_alerts(by=by, source=_source_of(request_id), now=now)


@transaction.atomic
def tell_of_refill(*, by: User | None, request_id: UUID, patient_id: UUID) -> None:
    """A letter to the patient's account that there is an answer. Once for each request."""
    tell_patient(by=by, letter="refill_answer", patient_id=patient_id, source=_source_of(request_id))


def _source_of(request_id: UUID) -> str:
    return f"prescriptions.refillrequest:{request_id}"
