"""Lists that name people: said before they are shown."""

from datetime import datetime, timedelta

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record_now
from prescriptions import queries
from prescriptions.access import check_can_prescribe
from prescriptions.models import Prescription
from prescriptions.queries.overrides import OverriddenRule


def list_queue(*, by: User, status: str) -> list[Prescription]:
    """What waits at the dispensaries where the actor works, the longest wait first.

    Raises NotAllowed and AuditUnavailable.
    """
    check_can(by, Permission.DISPENSE)
    record_now("prescriptions.list_queue", by=by, detail={"status": status})
    return queries.queue_of(by, status)


def list_written(*, by: User, status: str = "") -> list[Prescription]:
    """What the actor prescribed and is open, or is in this one state. Raises NotAllowed and AuditUnavailable."""
    provider = check_can_prescribe(by)
    record_now("prescriptions.list_written", by=by, detail={"status": status})
    return queries.written_by(by, provider, status)


def list_not_collected(*, by: User) -> list[Prescription]:
    """What the actor's patients did not come for, the longest first. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.PRESCRIBE)
    found = queries.not_collected_of(by)
    if not found:
        check_can_prescribe(by)
    record_now("prescriptions.list_not_collected", by=by)
    return found


def list_overrides(*, by: User, days: int, now: datetime) -> list[OverriddenRule]:
    """How often each rule of the safety check spoke in these last days, and how often it was answered and why.

    Raises NotAllowed and AuditUnavailable.
    """
    check_can(by, Permission.REVIEW_SAFETY)
    record_now("prescriptions.list_overrides", by=by, detail={"days": days})
    return queries.overrides_since(now - timedelta(days=days))
