"""Whether what a letter says is still so, read from the row that it is about."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from alerts.models import Notice
from alerts.rules import why_not_tell
from billing.models import Invoice
from prescriptions.models import Prescription
from records.models import Entry, Message
from records.models.entries import SHOWN_TO_PATIENT
from scheduling.models import Appointment


def _waits_unread(notice: Notice) -> QuerySet[Message]:
    """The occasion is letter:records.thread:THREAD:MESSAGE[:by:channel]."""
    return Message.objects.unread().filter(pk=notice.occasion.split(":")[3])


def _is_shown(notice: Notice) -> QuerySet[Entry]:
    return Entry.objects.filter(SHOWN_TO_PATIENT, pk=_key(notice), patient=notice.patient_id)


def _waits_to_be_collected(notice: Notice) -> QuerySet[Prescription]:
    return Prescription.objects.filter(pk=_key(notice), status=Prescription.Status.READY)


def _is_owed(notice: Notice) -> QuerySet[Invoice]:
    return Invoice.objects.filter(pk=_key(notice), status=Invoice.Status.ISSUED)


#: By letter, the row that has to be there for it to be so.
SO: dict[str, Callable[[Notice], QuerySet[Any]]] = {
    "new_message": _waits_unread,
    "result_released": _is_shown,
    "prescription_ready": _waits_to_be_collected,
    "invoice_issued": _is_owed,
}


def why_not_now(notice: Notice, now: datetime) -> str:
    """ "" where it still has to be told; else the reason of the notice. What nobody can look up is always so."""
    if notice.letter in SO:
        return "" if SO[notice.letter](notice).exists() else Notice.Reason.OVER.value
    return _why_not_of_visit(notice, now)


def _key(notice: Notice) -> str:
    return notice.source.rpartition(":")[2]


def is_outdated(notice: Notice, now: datetime) -> bool:
    """Of letters that are about one time of a visit; others are always true."""
    return bool(_why_not_of_visit(notice, now))


def _why_not_of_visit(notice: Notice, now: datetime) -> str:
    count = visit_count(notice)
    if count is None:
        return ""
    visit = Appointment.objects.filter(pk=_key(notice)).first()
    if visit is None:
        return Notice.Reason.OUTDATED.value
    return why_not_tell(
        notice.letter, status=visit.status, sequence=visit.sequence, told=count, starts_at=visit.starts_at, now=now
    )


def visit_count(notice: Notice) -> int | None:
    """Which of the visit's times it was about: the occasion is letter:visit:count[:stage][:by:channel]."""
    parts = notice.occasion.split(":")
    about_one = notice.source.startswith("scheduling.appointment:") and len(parts) > 2
    return int(parts[2]) if about_one and parts[2].isdigit() else None
