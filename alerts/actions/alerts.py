"""Raise, acknowledge, escalate and close: what becomes of an alert."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts import queries
from alerts.access import check_can_acknowledge
from alerts.actions.asking import ask
from alerts.events import AlertAcknowledged, AlertEscalated, AlertRaised
from alerts.models import Alert, AlertQuerySet, Notice
from alerts.rules import KINDS, URGENT, next_at
from healthcare.accounts.access import check_can
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from healthcare.messaging.actions import withdraw_messages
from healthcare.messaging.live import nudge
from patients.models import Patient


class AlreadyAnswered(Exception):
    """Somebody was first, or the occasion is gone. The message is a sentence for whoever came second."""


@transaction.atomic
def raise_alert(
    *,
    by: User | None,
    patient: Patient,
    kind: str,
    severity: str,
    source: str,
    owners: Iterable[User] = (),
    now: datetime,
    site: Site | None = None,
    occasion: str = "",
) -> Alert:
    """Ask somebody to know about `source` ("app.model:id"), and say so; while nobody does, others are asked.

    The first of `owners` who may answer such an alert and reaches the patient has it, else the team of the role at the
    site. What was raised already for this `occasion` (by default: of this kind, about this source) is returned as it
    is. The system alone raises alerts.
    """
    alert = Alert(
        patient=patient,
        kind=kind,
        severity=severity,
        area=KINDS[kind].area,
        source=source,
        occasion=occasion or f"{kind}:{source}",
        owner=queries.fit_owner(owners, kind, patient.pk),
        team=queries.team_for(patient, kind, site),
        queue="urgent" if severity == URGENT else "default",
        raised_at=now,
        next_at=next_at(severity, 0, now, queries.waits_of(severity)),
    )
    Alert.objects.bulk_create([alert], ignore_conflicts=True)
    raised = Alert.objects.select_related("patient", "owner", "team__site").get(occasion=alert.occasion)
    if raised.pk == alert.pk:
        detail = {"kind": kind, "severity": severity}
        record("alerts.raise", by=by, patient_id=patient.pk, target=raised, detail=detail)
        publish(AlertRaised(alert_id=raised.pk, patient_id=patient.pk))
        ask(by=by, alert=raised, now=now)
    return raised


@transaction.atomic
def acknowledge_alert(*, by: User, alert: Alert, now: datetime) -> None:
    """Say that one knows and sees to it: from now on nobody is asked any more. Of two at once one is first.

    Raises NotAllowed, and AlreadyAnswered with who was first.
    """
    check_can_acknowledge(by, alert)
    waiting = Alert.objects.visible_to(by).waiting().filter(pk=alert.pk)
    if not waiting.update(
        state=Alert.State.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_by=by,
        next_at=None,
        handed_until=None,
        updated_at=now,
    ):
        raise AlreadyAnswered(queries.what_became(by, alert))
    record("alerts.acknowledge", by=by, patient_id=alert.patient_id, target=alert, detail={"level": alert.level})
    publish(AlertAcknowledged(alert_id=alert.pk, patient_id=alert.patient_id))


@transaction.atomic
def escalate_alert(*, by: User | None, alert_id: UUID, now: datetime) -> None:
    """Ask the next ones, if it is time and nobody has answered; else nothing. One call is one step.

    The row is locked: an acknowledgement comes before this step or after it, and never in the middle.
    """
    rows = Alert.objects.select_for_update(of=("self",)).select_related("patient", "owner", "team__site")
    alert = rows.waiting().filter(pk=alert_id, next_at__lte=now).first()
    if alert is None:
        return
    alert.level += 1
    waits = queries.waits_of(alert.severity)
    alert.next_at, alert.handed_until = next_at(alert.severity, alert.level, alert.asked_at, waits), None
    alert.save(update_fields=["level", "next_at", "handed_until", "updated_at"])
    record("alerts.escalate", by=by, patient_id=alert.patient_id, target=alert, detail={"level": alert.level})
    publish(AlertEscalated(alert_id=alert.pk, patient_id=alert.patient_id, level=alert.level))
    ask(by=by, alert=alert, now=now)


@transaction.atomic
def hasten_alert(*, by: User | None, message_id: UUID, now: datetime) -> None:
    """A letter about an alert did not go out, or nobody knows: ask the next ones now instead of waiting for an answer.

    Letters of an earlier step, and those about other things, hasten nothing.
    """
    notice = Notice.objects.filter(message_id=message_id, alert__isnull=False).select_related("alert").first()
    if notice is None or notice.alert is None:
        return
    asked = Alert.objects.waiting().filter(pk=notice.alert_id, turn=notice.turn, level=notice.level)
    waiting = asked.filter(next_at__gt=now)
    if waiting.update(next_at=now, handed_until=None, updated_at=now):
        record("alerts.hasten", by=by, patient_id=notice.patient_id, target=notice.alert)


@transaction.atomic
def close_alerts(*, by: User | None, source: str, now: datetime, kinds: Iterable[str] = KINDS) -> int:
    """End what still waits about this source, whose occasion is gone: entered in error, moved, collected after all."""
    return _close(by, Alert.objects.waiting().filter(source=source, kind__in=list(kinds)), now)


@transaction.atomic
def close_alerts_of_block(*, by: User | None, claim_id: UUID, now: datetime) -> int:
    """End what still waits about visits in a block that was lifted, or in a time when a site was closed."""
    waiting = Alert.objects.waiting().filter(kind="blocked_time", occasion__startswith=f"blocked_time:{claim_id}:")
    return _close(by, waiting, now)


def _close(by: User | None, waiting: AlertQuerySet, now: datetime) -> int:
    closed = list(waiting.order_by("pk").select_for_update(of=("self",)))
    for alert in closed:
        alert.state, alert.closed_at, alert.next_at = Alert.State.CLOSED, now, None
        alert.save(update_fields=["state", "closed_at", "next_at", "updated_at"])
        record("alerts.close", by=by, patient_id=alert.patient_id, target=alert)
    return len(closed)


@transaction.atomic
def withdraw_letters(*, by: User | None, alert_id: UUID, before: int | None = None, now: datetime) -> int:
    """Take back what is still in the post about an alert that was answered; returns how many letters.

    With `before`, about one that was handed on: those of earlier turns. Open pages of those who were asked hear of it.
    """
    notices = Notice.objects.filter(alert_id=alert_id)
    notices = notices if before is None else notices.filter(turn__lt=before)
    told = list(notices.values_list("message_id", "recipient_id"))
    nudge({person for _letter, person in told if person})
    withdrawn = withdraw_messages(by=by, message_ids=[letter for letter, _person in told if letter], now=now)
    if withdrawn:
        record("alerts.withdraw_letters", by=by, target=("alerts.alert", alert_id), detail={"letters": withdrawn})
    return withdrawn


def list_alerts(*, by: User) -> None:
    """Say that this person looks at the alerts of many patients, before any is shown.

    Raises NotAllowed and AuditUnavailable: then show nothing.
    """
    check_can(by, Permission.RECEIVE_ALERTS)
    record_now("alerts.list", by=by)
