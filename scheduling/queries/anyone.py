"""Who it can be where anybody will do: whoever could be booked for this kind of visit at this site, by name."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from healthcare.accounts.models import Provider, Site
from patients.models import Patient
from scheduling.models import Appointment, VisitType
from scheduling.queries.caps import visits_on
from scheduling.queries.licences import day_at
from scheduling.queries.times import free_at
from scheduling.rules import in_turn

MOST = 200


def who_qualifies(
    visit_type: VisitType, site: Site, patient: Patient | None = None, *, specialty: str = ""
) -> list[Provider]:
    """Those of the specialty who see patients there and take new ones, or whose patient this is already; 200 at most.

    Whether they may on a day, by licence and privilege, is asked with the time. Two queries.
    """
    wanted = {name for name in (visit_type.specialty, specialty) if name}
    if len(wanted) > 1:
        return []
    rows = Provider.objects.filter(sites=site, ended_at=None, resource__isnull=False)
    if wanted:
        rows = rows.filter(specialty=wanted.pop())
    theirs = Appointment.objects.standing().filter(provider=OuterRef("pk"), patient=patient)
    rows = rows.filter(Q(accepting=True) | Exists(theirs) if patient else Q(accepting=True))
    return list(rows.select_related("resource", "user").prefetch_related("sites").order_by("name", "pk")[:MOST])


def next_of(
    people: Sequence[Provider], visit_type: VisitType, site: Site, start: datetime, now: datetime, *, by_patient: bool
) -> list[Provider]:
    """Of these, with whom a visit can begin at this start, in the order in which they are asked for such a visit."""
    free = free_at(people, visit_type, site, start, now, by_patient=by_patient)
    if visit_type.anyone == VisitType.Anyone.IN_TURN and len(free) > 1:
        free = in_turn(free, visits_on(day_at(site, start), free))
    known = {provider.pk: provider for provider in people}
    return [known[pk] for pk in free]
