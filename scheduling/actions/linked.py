"""A visit is confirmed or called off by the link in a mail, or a text message: asked for by whoever has it, done by a
worker with the one verb."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.audit import record, record_now
from healthcare.events import publish
from scheduling.actions.booking import cancel_appointment, confirm_appointment
from scheduling.actions.claims import lock_in_order
from scheduling.actions.steps import locked, resource_of, why_late
from scheduling.events import CancelAsked, ConfirmAsked
from scheduling.models import Appointment
from scheduling.queries.linked import LinkedVisit


def open_link(*, by: None = None, patient_id: UUID, target: tuple[str, UUID]) -> None:
    """Say that somebody, or a program, opened the link in a mail, before it tells anything of the visit or the offer.

    Raises AuditUnavailable: then show nothing.
    """
    record_now("scheduling.open_link", by=by, patient_id=patient_id, target=target)


@transaction.atomic
def ask_to_cancel(*, by: None = None, visit: LinkedVisit, now: datetime) -> None:
    """Nobody is signed in, so nothing is changed here; twice is once, for the second finds it cancelled."""
    target = ("scheduling.appointment", visit.pk)
    record("scheduling.ask_to_cancel", by=by, patient_id=visit.patient_id, target=target, detail={"by": "link"})
    publish(CancelAsked(visit.pk, visit.patient_id, visit.sequence, now))


@transaction.atomic
def ask_to_confirm(*, by: None = None, visit: LinkedVisit) -> None:
    """As `ask_to_cancel`, that the patient means to come."""
    target = ("scheduling.appointment", visit.pk)
    record("scheduling.ask_to_confirm", by=by, patient_id=visit.patient_id, target=target, detail={"by": "link"})
    publish(ConfirmAsked(visit.pk, visit.patient_id, visit.sequence))


@transaction.atomic
def confirm_by_link(*, by: None = None, appointment_id: UUID, sequence: int, now: datetime) -> bool:
    """Note that the patient means to come, if this time of the visit still stands; whether it is noted now."""
    visit = Appointment.objects.filter(pk=appointment_id, sequence=sequence, during__startswith__gt=now).first()
    if visit is None or not visit.is_open:
        return False
    confirm_appointment(by=by, appointment=visit, now=now)
    return True


@transaction.atomic
def cancel_by_link(
    *, by: None = None, appointment_id: UUID, sequence: int, asked_at: datetime, reason: str = ""
) -> bool:
    """Call the visit off, as of the moment it was asked for: in time by the rule of its kind, and not moved since.

    Returns whether it was; else nothing happens.
    """
    visit = Appointment.objects.select_related("provider__resource").filter(pk=appointment_id).first()
    if visit is None:
        return False
    with lock_in_order([visit.patient_id, resource_of(visit.provider).pk]):
        row = locked(visit)
        if row.sequence != sequence or not row.is_open or why_late(row, asked_at):
            return False
        cancel_appointment(by=by, appointment=row, reason=reason or _("By the link in the message"), now=asked_at)
        return True
