"""Hide a line of one's inbox until a moment, for oneself alone; nothing about who is asked or when changes by it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.models import PutOff
from alerts.rules.putting_off import why_not_until
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Waiting
from healthcare.accounts.permissions import Permission
from healthcare.audit import record


class NotPutOff(Exception):
    """It cannot wait, or not until then. The message is a sentence."""


@transaction.atomic
def put_off_line(*, by: User, line: Waiting, until: datetime, now: datetime) -> PutOff:
    """Hide this line of their own inbox until then; put off already, the later word counts.

    Raises NotAllowed, and NotPutOff for what is urgent and for a moment that has passed or is too far away.
    """
    check_can(by, Permission.RECEIVE_ALERTS)
    if line.rank == 0:
        raise NotPutOff(_("What is urgent cannot be put off. Deal with it, or hand it on."))
    why_not = why_not_until(until, now)
    if why_not == "past":
        raise NotPutOff(_("Choose a day that is still to come."))
    if why_not:
        raise NotPutOff(_("Choose a day within the next 60 days."))
    row = PutOff(patient_id=line.patient.pk, user=by, source=line.reference, put_off_at=now, until=until)
    PutOff.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["user", "source"],
        update_fields=["put_off_at", "until", "updated_at"],
    )
    detail = {"minutes": int((until - now).total_seconds() // 60)}
    record("alerts.put_off", by=by, patient_id=row.patient_id, target=_target(row.source), detail=detail)
    return row


@transaction.atomic
def take_back_line(*, by: User, source: str, now: datetime) -> int:
    """Have it in the open list again; returns how many lines that were put off. Raises NotAllowed."""
    check_can(by, Permission.RECEIVE_ALERTS)
    lasting = PutOff.objects.visible_to(by).lasting(now).filter(source=source)
    taken = list(lasting.order_by("pk").select_for_update(of=("self",)))
    for row in taken:
        row.until = row.put_off_at
        row.save(update_fields=["until", "updated_at"])
        record("alerts.take_back", by=by, patient_id=row.patient_id, target=_target(source))
    return len(taken)


def _target(source: str) -> tuple[str, UUID]:
    """What the line is about, as the audit names it."""
    kind, _colon, key = source.partition(":")
    return kind, UUID(key)
