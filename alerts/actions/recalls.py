"""A recall that is due: the front desk of the patient's site is to call somebody in, and is not told why."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts.actions.alerts import close_alerts, raise_alert
from alerts.rules import INFO
from healthcare.accounts.models import User
from records.models import Recall


@transaction.atomic
def raise_recall(*, by: User | None, recall_id: UUID, patient_id: UUID, now: datetime) -> None:
    """Over meanwhile, or the patient has died: nothing. One that opened again is called in anew."""
    rows = Recall.objects.to_call_in().filter(pk=recall_id, patient_id=patient_id).select_related("patient")
    recall = rows.first()
    if recall is None or recall.patient.deceased:
        return
    source = f"records.recall:{recall_id}"
    occasion = f"recall_due:{source}:{recall.reopened_at:%Y%m%dT%H%M%S.%f}" if recall.reopened_at else ""
    raise_alert(
        by=by, patient=recall.patient, kind="recall_due", severity=INFO, source=source, now=now, occasion=occasion
    )


@transaction.atomic
def close_recall(*, by: User | None, recall_id: UUID, now: datetime) -> int:
    """Nobody has to call any more. One that stands again: nothing, however late this is told."""
    if Recall.objects.standing().filter(pk=recall_id).exists():
        return 0
    return close_alerts(by=by, source=f"records.recall:{recall_id}", now=now)
