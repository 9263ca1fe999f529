"""Free times to book, found as the portal finds them, no two of them in each other's way."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from healthcare.accounts.models import Provider
from healthcare.db.context import acting_as_system
from scheduling.models import VisitType
from scheduling.queries import free_times
from tests.load.people import PURPOSE, NobodyFound

CHUNK = 20  # providers asked about at once
DAYS = 60
APART = timedelta(minutes=10)  # more than the buffers of two visits
SEED = 20


@dataclass(frozen=True)
class Slot:
    provider_id: UUID
    site_id: UUID
    visit_type_id: UUID
    visit_type: str
    start: datetime
    end: datetime


def slots(
    at_most: int, *, site_id: UUID | None = None, provider_id: UUID | None = None, from_day: int = 3
) -> list[Slot]:
    """The first free times after `from_day` days, in the order of their starts. Raises NobodyFound when there is none.

    `site_id` narrows to one site, `provider_id` to one provider.
    """
    now = timezone.now()
    with acting_as_system(PURPOSE):
        kind = VisitType.objects.filter(active=True, specialty="").order_by("minutes", "name").first()
        if kind is None:
            raise NobodyFound("No visit type can be booked with every provider.")
        providers = Provider.objects.filter(ended_at=None, resource__isnull=False)
        if site_id is not None:
            providers = providers.filter(sites=site_id)
        if provider_id is not None:
            providers = providers.filter(pk=provider_id)
        found: list[Slot] = []
        known = list(providers.order_by("pk"))
        random.Random(SEED).shuffle(known)
        for first in range(0, len(known), CHUNK):
            found += _of(known[first : first + CHUNK], kind, site_id, now, from_day)
            if len(found) >= at_most:
                break
    if not found:
        raise NobodyFound("Nothing is free in the coming weeks.")
    return sorted(found[:at_most], key=lambda slot: (slot.start, slot.provider_id))


def _of(
    providers: list[Provider], kind: VisitType, site_id: UUID | None, now: datetime, from_day: int
) -> Iterator[Slot]:
    between = (now + timedelta(days=from_day), now + timedelta(days=DAYS))
    until: dict[UUID, datetime] = {}
    for time in free_times(providers=providers, visit_type=kind, between=between, now=now, by_patient=False):
        if (site_id is None or time.site_id == site_id) and time.start >= until.get(time.provider_id, time.start):
            until[time.provider_id] = time.end + APART
            yield Slot(time.provider_id, time.site_id, kind.pk, kind.slug, time.start, time.end)
