"""A time that became free is offered to the first on the waitlist whom it fits, kept for them, then goes to the next.

Each offer is a hold in the constraint of all claims: nobody else gets the time meanwhile, and what is accepted takes
the place of its hold under the same locks. Made, ended and booked by workers; answered by the patient's side, by the
desk, or by the link in the mail.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from scheduling.access import check_can_answer_offer
from scheduling.actions.booking import book_appointment
from scheduling.actions.claims import NotBookable, NotOpen, Taken, claim_times, lock_in_order, release_claims
from scheduling.actions.steps import check_offered, check_time, find_rooms, holder_of, resource_of, set_time
from scheduling.actions.taken import TimeTaken
from scheduling.events import FreeTimeChanged, OfferLost, TimeFreed, WaitOffered
from scheduling.models import Appointment, Opening, Resource, TimeClaim, Wait, WaitOffer
from scheduling.queries.rooms import all_of, rooms_for
from scheduling.queries.times import length_of
from scheduling.queries.waitlist import Fit, fits_in_order
from scheduling.rules import Span
from scheduling.rules.waitlist import GRACE

State = WaitOffer.State
NAMED = ("provider__resource", "wait__visit_type")
ANSWERED = ("state", "answered_at", "answered_by", "appointment", "next_at", "handed_until", "updated_at")


# == By workers: who is offered it ==
@transaction.atomic
def offer_freed_time(*, by: None = None, resource_id: UUID, freed: Span, now: datetime) -> WaitOffer | None:
    """Keep what became free for the first whom it fits, and tell them; the rest of it is announced once more, for the
    next. Nobody, or taken by somebody else meanwhile: nothing. In the quiet hours of the first: when they end.
    """
    resource = Resource.objects.select_related("provider").filter(pk=resource_id, provider__isnull=False).first()
    if resource is None or freed[1] <= now:
        return None
    for fit in fits_in_order(resource, freed, now):
        if not _may_have(fit.wait, resource):
            continue
        if fit.term.at > now:
            _put_off(resource, freed, fit.term.at)
            return None
        return _offered(fit, resource, freed, now, by=by)
    return None


@transaction.atomic
def offer_opening(*, by: None = None, opening_id: UUID, now: datetime) -> WaitOffer | None:
    """What became free in quiet hours, now that they are over."""
    opening = Opening.objects.filter(pk=opening_id, next_at__lte=now).select_for_update(of=("self",)).first()
    if opening is None:
        return None
    opening.delete()
    record("scheduling.offer_opening", by=by, target=("scheduling.resource", opening.resource_id))
    freed = opening.during.lower, opening.during.upper
    return offer_freed_time(by=by, resource_id=opening.resource_id, freed=freed, now=now)


@transaction.atomic
def settle_offer(*, by: None = None, offer_id: UUID, now: datetime) -> None:
    """What is due with an offer: book what was accepted by the link, free what was declined there, or end what nobody
    answered in time. Settled already: nothing.
    """
    offer = WaitOffer.objects.filter(pk=offer_id, next_at__lte=now).select_related(*NAMED).first()
    if offer is None:
        return
    with lock_in_order(_names(offer)):
        row = _locked(offer)
        if row.next_at is None or row.next_at > now:
            return
        if row.state == State.ACCEPTED:
            _book(row, by=by, now=now)
        else:
            _end_offer(row, State.EXPIRED if row.is_offered else row.state, by=by, now=now)


@transaction.atomic
def end_unreached_offer(*, by: None = None, offer_id: UUID, now: datetime) -> None:
    """No message could be sent about it: it goes to the next. Answered or over already: nothing."""
    offer = WaitOffer.objects.filter(pk=offer_id).first()
    if offer is None:
        return
    with lock_in_order([offer.patient_id]):
        row = _locked(offer)
        if row.is_offered:
            _end_offer(row, State.UNREACHED, by=by, now=now)


# == Answers ==
@transaction.atomic
def accept_offer(*, by: User, offer: WaitOffer, now: datetime) -> WaitOffer:
    """Book the time that is kept. Booked already: nothing happens. Where it cannot be had any more, blocked since or
    the like, the offer is `lost`, and the patient waits on.

    Raises NotOpen for one that was answered otherwise or ran out, NotAllowed, NotInScope.
    """
    check_can_answer_offer(by, offer)
    with lock_in_order(_names(offer)):
        row = _locked(offer)
        if row.state != State.BOOKED:
            _check_open(row, now)
            row.answered_at, row.answered_by = now, by
            _book(row, by=by, now=now)
        return row


@transaction.atomic
def decline_offer(*, by: User, offer: WaitOffer, now: datetime) -> WaitOffer:
    """The time goes to the next, and the patient waits on. Declined already: nothing happens.

    Raises NotOpen for one that was answered otherwise or ran out, NotAllowed, NotInScope.
    """
    check_can_answer_offer(by, offer)
    with lock_in_order([offer.patient_id]):
        row = _locked(offer)
        if row.state != State.DECLINED:
            _check_open(row, now)
            row.answered_at, row.answered_by = now, by
            _end_offer(row, State.DECLINED, by=by, now=now)
        return row


@transaction.atomic
def answer_by_link(*, by: None = None, key: UUID, accepts: bool) -> bool:
    """By whoever has the link in the mail, signed in or not; a worker does what follows. False where there is nothing
    to answer any more: it was answered already, or ran out, by the clock of the database.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.answer_offer(%s, %s)", [key, accepts])
        patient_id = cursor.fetchone()[0]
    if patient_id is None:
        return False
    said = {"by": "link", "accepts": accepts}
    record("scheduling.answer_offer", by=by, patient_id=patient_id, target=("scheduling.waitoffer", key), detail=said)
    return True


@transaction.atomic
def end_offers_of(*, by: User | None, wait: Wait, now: datetime) -> None:
    """Whoever does not wait any more is kept nothing; part of the verbs that end a line, under the patient's lock."""
    for offer in WaitOffer.objects.open().filter(wait=wait).select_for_update(of=("self",)):
        _end_offer(offer, State.WITHDRAWN, by=by, now=now)


# == Steps ==
def _may_have(wait: Wait, resource: Resource) -> bool:
    try:
        check_offered(None, wait.patient, resource.provider, wait.site, wait.visit_type)  # type: ignore[arg-type]
    except NotBookable:
        return False
    return True


def _put_off(resource: Resource, freed: Span, at: datetime) -> None:
    during = TimestamptzRange(*freed)
    Opening.objects.bulk_create([Opening(resource=resource, during=during, next_at=at)], ignore_conflicts=True)
    record("scheduling.put_off_offer", by=None, target=("scheduling.resource", resource.pk))


def _offered(fit: Fit, resource: Resource, freed: Span, now: datetime, *, by: None) -> WaitOffer | None:
    """Under the locks, where all of it is asked once more; what changed a moment ago is looked at anew, by fact."""
    wait = fit.wait
    rooms = rooms_for(wait.visit_type, wait.site_id)
    with lock_in_order([wait.patient_id, resource.pk, *all_of(rooms)]):
        if not Wait.objects.waiting().filter(pk=wait.pk).exists() or _has_one(wait):
            publish(TimeFreed(resource_id=resource.pk, begins=freed[0], ends=freed[1]))
            return None
        visit = Appointment(patient=wait.patient, visit_type=wait.visit_type)  # of which nothing is kept
        offer = WaitOffer(wait=wait, patient=wait.patient, provider=resource.provider)
        offer.until = offer.next_at = fit.term.until
        try:
            with transaction.atomic():
                release_claims([resource.pk])
                set_time(visit, resource.provider, wait.site, fit.start)  # type: ignore[arg-type]
                check_time(visit, resource, by=None, now=now)
                blocked = length_of(wait.visit_type).blocked(fit.start)
                lasts = {"hold_until": offer.until + GRACE, "holder": holder_of(offer.pk)}
                wanted = [resource.pk, *find_rooms(visit, rooms, by=None)]
                claim_times(wanted, blocked, kind=TimeClaim.Kind.HOLD, **lasts)  # type: ignore[arg-type]
        except (Taken, NotBookable):
            return None
        offer.during, offer.time_zone = visit.during, visit.time_zone
        offer.save(force_insert=True)
        record("scheduling.offer_time", by=by, patient_id=wait.patient_id, target=offer)
        publish(
            WaitOffered(offer_id=offer.pk, patient_id=wait.patient_id),
            FreeTimeChanged(resource_ids=(resource.pk,)),
            TimeFreed(resource_id=resource.pk, begins=freed[0], ends=freed[1]),
        )
        return offer


def _has_one(wait: Wait) -> bool:
    return WaitOffer.objects.open().filter(patient=wait.patient_id).exists()


def _names(offer: WaitOffer) -> list[UUID]:
    """All that the booking locks, so that nobody waits for one while they have another."""
    rooms = rooms_for(offer.wait.visit_type, offer.wait.site_id)
    return [offer.patient_id, resource_of(offer.provider).pk, *all_of(rooms)]


def _locked(offer: WaitOffer) -> WaitOffer:
    rows = WaitOffer.objects.select_for_update(of=("self",))
    joined = ("wait__visit_type", "wait__site", "provider__resource", "patient", "appointment")
    return rows.select_related(*joined).get(pk=offer.pk)


def _check_open(row: WaitOffer, now: datetime) -> None:
    if not row.is_offered or row.until <= now:
        said = row.get_state_display() if not row.is_offered else State.EXPIRED.label
        raise NotOpen(_("This offer is over: “%(now)s”.") % {"now": said})


def _book(row: WaitOffer, *, by: User | None, now: datetime) -> None:
    wait = row.wait
    try:
        row.appointment = book_appointment(
            by=by,
            patient=row.patient,
            provider=row.provider,
            site=wait.site,
            visit_type=wait.visit_type,
            start=row.starts_at,
            held=holder_of(row.pk),
            now=now,
        )
    except (TimeTaken, NotBookable):
        _end_offer(row, State.LOST, by=by, now=now)
        publish(OfferLost(offer_id=row.pk, patient_id=row.patient_id))
        return
    row.state, row.next_at, row.handed_until = State.BOOKED, None, None
    row.save(update_fields=ANSWERED)
    if wait.is_waiting:
        wait.state, wait.ended_at, wait.ended_by = Wait.State.BOOKED, now, by
        wait.save(update_fields=["state", "ended_at", "ended_by", "updated_at"])
    detail = {"by": "link" if row.by_link else "page"}
    record("scheduling.book_offer", by=by, patient_id=row.patient_id, target=row, detail=detail)


def _end_offer(row: WaitOffer, state: str, *, by: User | None, now: datetime) -> None:
    """Its time is free again, for the next."""
    resource = resource_of(row.provider)
    row.state, row.next_at, row.handed_until = State(state), None, None
    row.save(update_fields=ANSWERED)
    release_claims(holder=holder_of(row.pk))
    record("scheduling.end_offer", by=by, patient_id=row.patient_id, target=row, detail={"state": row.state})
    begins, ends = length_of(row.wait.visit_type).blocked(row.starts_at)
    publish(
        FreeTimeChanged(resource_ids=(resource.pk,)),
        TimeFreed(resource_id=resource.pk, begins=begins, ends=ends),
    )
