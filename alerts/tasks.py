"""Due rows: what the relay hands out when its moment has come, and does itself when the broker is away."""

from uuid import UUID

from django.utils import timezone

from alerts import actions
from healthcare.db.context import acting_as_system
from healthcare.events import carries_out, every


@carries_out("alerts.Alert")
def escalate_alert(key: UUID) -> None:
    with acting_as_system("escalate_alert"):
        actions.escalate_alert(by=None, alert_id=key, now=timezone.now())


@carries_out("alerts.Reminder")
def send_reminder(key: UUID) -> None:
    with acting_as_system("send_reminder"):
        actions.send_reminder(by=None, reminder_id=key, now=timezone.now())


@carries_out("alerts.Digest")
def send_digest(key: UUID) -> None:
    with acting_as_system("send_digest"):
        actions.send_digest(by=None, digest_id=key, now=timezone.now())


@every(seconds=60, queue="urgent")
def watch_access() -> int:
    """What is unusual in the audit is told within a minute or so."""
    with acting_as_system("watch_access"):
        return actions.watch_access(by=None, now=timezone.now())
