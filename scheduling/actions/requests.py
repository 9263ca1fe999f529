"""Times that patients ask for: theirs at once, until the clinic agrees or declines, they take it back, or it runs out.

The claim is made with the request, so two cannot be agreed to for one time; agreeing changes no claim.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from scheduling.access import check_can_answer
from scheduling.actions.claims import NotBookable, NotOpen, lock_in_order
from scheduling.actions.refusals import sentence
from scheduling.actions.steps import call_off, check_open, check_privilege, locked, open_chart, resource_of
from scheduling.events import AppointmentBooked, RequestDeclined, RequestExpired
from scheduling.models import Appointment, TimeClaim
from scheduling.queries.times import length_of
from scheduling.rules import Refusal

Status, End = Appointment.Status, Appointment.RequestEnd
AT_ONCE = 50  # requests that run out in one go


@transaction.atomic
def accept_request(*, by: User, appointment: Appointment, now: datetime) -> Appointment:
    """The clinic agrees: the visit is booked, as if it had been from the beginning. Agreed to already: nothing happens.

    Raises NotBookable for a time that is over, or was blocked or closed since, NotOpen for what was answered otherwise,
    NotAllowed, NotInScope.
    """
    check_can_answer(by, appointment)
    with lock_in_order([appointment.patient_id, resource_of(appointment.provider).pk]):
        visit = locked(appointment)
        if visit.accepted_at is not None:
            return visit
        _check_waits(visit)
        if visit.starts_at <= now:
            raise NotBookable(sentence(Refusal.PAST))
        if visit.patient.deceased:
            raise NotBookable(sentence(Refusal.PATIENT_DIED))
        if _is_blocked(visit):
            raise NotBookable(_("This time was blocked since. Decline the request, or open the time again."))
        check_open(visit)
        check_privilege(visit, by=by)
        visit.status, visit.accepted_at, visit.accepted_by = Status.BOOKED, now, by
        visit.save(update_fields=["status", "accepted_at", "accepted_by", "updated_at"])
        open_chart(visit, by=by, now=now)
        record("scheduling.accept_request", by=by, patient_id=visit.patient_id, target=visit)
        publish(AppointmentBooked(appointment_id=visit.pk, patient_id=visit.patient_id, sequence=visit.sequence))
        return visit


@transaction.atomic
def decline_request(*, by: User, appointment: Appointment, reason: str, now: datetime) -> Appointment:
    """The clinic does not agree, and says why; the time is free again. Declined already: nothing happens.

    Raises NotBookable without a reason, NotOpen for what was answered otherwise, NotAllowed, NotInScope.
    """
    check_can_answer(by, appointment)
    if not reason.strip():
        raise NotBookable(_("Say why, so that the patient knows what to do."))
    with lock_in_order([appointment.patient_id, resource_of(appointment.provider).pk]):
        visit = locked(appointment)
        if visit.request_end == End.DECLINED:
            return visit
        _check_waits(visit)
        call_off(visit, by=by, reason=reason.strip(), ended=End.DECLINED, now=now)
        record("scheduling.decline_request", by=by, patient_id=visit.patient_id, target=visit)
        publish(RequestDeclined(appointment_id=visit.pk, patient_id=visit.patient_id, sequence=visit.sequence))
        return visit


@transaction.atomic
def expire_requests(*, by: User | None, now: datetime) -> int:
    """What nobody answered in time ends, and its time is free again; returns how many, at most 50 in one go.

    All locks at once and in order; what was answered while this waited for them is left alone.
    """
    due = Appointment.objects.requested().filter(answer_by__lte=now)
    waiting = list(due.order_by("answer_by", "pk").values_list("pk", "patient_id", "provider__resource")[:AT_ONCE])
    with lock_in_order({name for _pk, *names in waiting for name in names}):
        still = due.filter(pk__in=[pk for pk, *_names in waiting]).select_for_update(of=("self",))
        visits = list(still.select_related("patient", "provider__resource").order_by("pk"))
        for visit in visits:
            call_off(visit, by=by, reason="", ended=End.EXPIRED, now=now)
            record("scheduling.expire_request", by=by, patient_id=visit.patient_id, target=visit)
            publish(RequestExpired(appointment_id=visit.pk, patient_id=visit.patient_id, sequence=visit.sequence))
        return len(visits)


# == Steps ==
def _check_waits(visit: Appointment) -> None:
    if not visit.is_requested:
        now = visit.get_request_end_display() or visit.get_status_display()
        raise NotOpen(_("This request is “%(now)s” already.") % {"now": now})


def _is_blocked(visit: Appointment) -> bool:
    blocks = TimeClaim.objects.filter(resource__provider=visit.provider_id, kind=TimeClaim.Kind.BLOCK)
    return blocks.filter(
        blocked__overlap=TimestamptzRange(*length_of(visit.visit_type).blocked(visit.starts_at))
    ).exists()
