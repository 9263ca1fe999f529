"""A value that raised an alert was wrong: the alert is over, or less urgent than it was."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts.actions.alerts import close_alerts
from alerts.models import Alert
from alerts.queries import waits_of
from alerts.queries.takings import severity_left
from alerts.rules import SEVERITIES, next_at
from healthcare.accounts.models import User
from healthcare.audit import record
from records.models import Entry, EntryQuerySet

KIND = "abnormal_value"


@transaction.atomic
def settle_alerts(*, by: User | None, entry_id: UUID, patient_id: UUID, now: datetime) -> int:
    """End what waits about a value that was voided or corrected, and about what stood under it; returns how many.

    A taking raises one alert for all that was measured. It ends with the last value of it that is out of range, and
    becomes less urgent where a worse one was wrong. What is right and out of range has an alert of its own.
    """
    entry = Entry.objects.filter(pk=entry_id, patient_id=patient_id).first()
    if entry is None:
        return 0
    under = Entry.objects.filter(patient_id=patient_id, parent_id=entry_id).exclude(voided_at=None).order_by("id")
    closed = sum(close_alerts(by=by, source=_source(key), now=now) for key in [entry_id, *_keys(under)])
    if entry.parent_id is None:
        return closed
    return closed + _settle_taking(by, entry.parent_id, patient_id, now)


def _settle_taking(by: User | None, panel_id: UUID, patient_id: UUID, now: datetime) -> int:
    left = severity_left(panel_id, patient_id)
    if not left:
        return close_alerts(by=by, source=_source(panel_id), now=now, kinds=[KIND])
    waiting = Alert.objects.waiting().filter(source=_source(panel_id), kind=KIND)
    worse = SEVERITIES[: SEVERITIES.index(left)]
    for alert in waiting.filter(severity__in=worse).order_by("pk").select_for_update(of=("self",)):
        alert.severity, alert.next_at = left, next_at(left, alert.level, alert.asked_at, waits_of(left))
        alert.save(update_fields=["severity", "next_at", "updated_at"])
        record("alerts.lower", by=by, patient_id=patient_id, target=alert, detail={"severity": left})
    return 0


def _keys(entries: EntryQuerySet) -> list[UUID]:
    return list(entries.values_list("pk", flat=True))


def _source(entry_id: UUID) -> str:
    return f"records.entry:{entry_id}"
