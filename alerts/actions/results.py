"""Alerts about results: one that nobody has read, one that was corrected after it was read, one that will not come."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts.actions.alerts import close_alerts, raise_alert
from alerts.rules import HIGH
from healthcare.accounts.models import User
from records.models import Entry, ServiceRequest

KINDS = ("unread_result", "corrected_result")


@transaction.atomic
def raise_unread_result(*, by: User | None, entry_id: UUID, patient_id: UUID, now: datetime) -> None:
    """A result that waits too long: whoever asked for it or stands in, then the doctors of the site, then those who
    lead it (`rules.LADDERS`). One read, replaced or voided meanwhile: nothing.
    """
    rows = Entry.objects.unread().filter(pk=entry_id, patient_id=patient_id)
    if entry := rows.select_related("patient", "provider__user").first():
        asked = [entry.provider.user] if entry.provider and entry.provider.user else []
        _raise(by, entry, "unread_result", asked, now)


@transaction.atomic
def raise_corrected_result(*, by: User | None, entry_id: UUID, patient_id: UUID, told_id: UUID, now: datetime) -> None:
    """Whoever read what was wrong has to know what is right. Read already, replaced or voided meanwhile: nothing."""
    rows = Entry.objects.unread().filter(pk=entry_id, patient_id=patient_id).select_related("patient")
    if entry := rows.first():
        _raise(by, entry, "corrected_result", list(User.objects.filter(pk=told_id)), now)


@transaction.atomic
def close_read_result(*, by: User | None, entry_id: UUID, now: datetime) -> int:
    """End what waits because nobody had read this result; an abnormal value has an alert and an end of its own."""
    return close_alerts(by=by, source=f"records.entry:{entry_id}", now=now, kinds=KINDS)


@transaction.atomic
def raise_failed_order(*, by: User | None, request_id: UUID, patient_id: UUID, now: datetime) -> None:
    """Nothing more comes: whoever ordered it has to decide whether it is done again."""
    rows = ServiceRequest.objects.filter(pk=request_id, patient_id=patient_id, status="failed")
    order = rows.select_related("patient", "provider__user").first()
    if order is not None:
        raise_alert(
            by=by,
            patient=order.patient,
            kind="failed_order",
            severity=HIGH,
            source=f"records.servicerequest:{request_id}",
            owners=[order.provider.user] if order.provider and order.provider.user else [],
            now=now,
        )


def _raise(by: User | None, entry: Entry, kind: str, owners: list[User], now: datetime) -> None:
    raise_alert(
        by=by,
        patient=entry.patient,
        kind=kind,
        severity=HIGH,
        source=f"records.entry:{entry.pk}",
        owners=owners,
        now=now,
    )
