"""A group of the sample clinic: some have a seat in its next session, and some seats are free."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.utils import timezone

from healthcare.accounts.models import Provider, Site, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import Patient
from scheduling import actions
from scheduling.models import VisitType
from scheduling.queries import free_times

SEATS, GIVEN = 8, 5
FIRST, LAST = timedelta(days=2), timedelta(days=60)


def group_kind() -> VisitType:
    kind = VisitType(slug="group-education", name="Diabetes education, group", minutes=60, grid_minutes=15, seats=SEATS)
    kind.save(force_insert=True)
    return kind


def tell_group(
    site: Site, providers: Sequence[Provider], patients: Sequence[Patient], keeps: User, now: datetime
) -> None:
    """With the first provider there who has an hour; grown-ups of the site take seats, as far as they have time."""
    with acting_as_system("demo"):
        kind = group_kind()
    desk, today = keeps.in_role("front_desk"), timezone.localdate(now)
    there = [one for one in providers if site in one.sites.all()]
    grown = [one for one in patients if one.site_id == site.pk and (one.age_on(today) or 0) >= 18 and not one.deceased]
    with acting_as(desk):
        asked = {"visit_type": kind, "site": site, "between": (now + FIRST, now + LAST), "now": now}
        free = free_times(providers=there, **asked, by_patient=False, at_most=1)  # type: ignore[arg-type]
        for time in free:
            provider = next(one for one in there if one.pk == time.provider_id)
            asked = {"provider": provider, "site": site, "visit_type": kind, "start": time.start, "now": now}
            session = actions.plan_session(by=desk, **asked)  # type: ignore[arg-type]
            for patient in grown[-GIVEN:]:
                with suppress(actions.NotBookable):
                    actions.give_seat(by=desk, patient=patient, session=session, now=now)
