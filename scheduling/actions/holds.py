"""Keep a time for a patient who is about to book it: a claim that runs out by itself, in the constraint of all claims.

A convenience alone: the booking decides. A hold that ran out is no obstacle to anybody, whether it was cleared away or
not: a trigger does so when its time is claimed.
"""

from datetime import datetime, timedelta

from django.db import transaction

from healthcare.accounts.models import Provider, Site, User
from healthcare.audit import record
from healthcare.events import publish
from patients.models import Patient
from scheduling.access import check_can_hold
from scheduling.actions.claims import Taken, claim_times, lock_in_order, release_claims
from scheduling.actions.steps import check_offered, check_time, find_rooms, holder_of, resource_of, set_time
from scheduling.actions.taken import time_taken
from scheduling.events import FreeTimeChanged
from scheduling.models import Appointment, TimeClaim, VisitType
from scheduling.queries.rooms import all_of, rooms_for
from scheduling.queries.times import length_of

HELD = timedelta(minutes=5)


def hold_time(
    *,
    by: User,
    patient: Patient,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    start: datetime,
    now: datetime,
) -> datetime:
    """Keep the time for five minutes, instead of the one that was kept for this patient before; returns until when.

    Whoever books for the patient then gets it. Raises TimeTaken, NotBookable, NotAllowed, NotInScope.
    """
    check_can_hold(by, patient)
    resource, rooms = resource_of(provider), rooms_for(visit_type, site.pk)
    holder, until = holder_of(patient.pk), now + HELD
    visit = Appointment(patient=patient, visit_type=visit_type)  # of which nothing is kept
    try:
        with transaction.atomic(), lock_in_order([patient.pk, resource.pk, *all_of(rooms)]):
            release_claims([resource.pk], holder=holder)
            check_offered(by, patient, provider, site, visit_type)
            set_time(visit, provider, site, start)
            check_time(visit, resource, by=by, now=now)
            blocked = length_of(visit_type).blocked(start)
            wanted = [resource.pk, *find_rooms(visit, rooms, by=by)]
            claim_times(wanted, blocked, kind=TimeClaim.Kind.HOLD, hold_until=until, holder=holder)
            record("scheduling.hold", by=by, patient_id=patient.pk, detail={"provider": str(provider.pk)})
            publish(FreeTimeChanged(resource_ids=(resource.pk,)))
    except Taken as taken:
        raise time_taken(taken, visit, by=by, now=now) from None
    return until
