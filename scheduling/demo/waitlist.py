"""Some of the sample clinic's patients wait for an earlier time: one ahead of others, one who joined by themself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from healthcare.accounts.models import Provider, Site, User
from healthcare.db.context import acting_as
from patients.models import Patient
from scheduling import actions
from scheduling.models import VisitType
from scheduling.rules.waitlist import Wish

HOW_LONG = timedelta(days=21)
# Which kind of visit, with the site's first provider or anybody, on which weekdays, at which time of day.
WISHES: tuple[tuple[str, bool, tuple[int, ...], tuple[str, ...]], ...] = (
    ("follow-up", True, (), ("morning",)),
    ("new-patient", False, (1, 3, 5), ()),
    ("physical", False, (), ("afternoon", "evening")),
)
AHEAD = 1  # of these, who goes before others
WHY = "In pain, cannot sit for long"


def tell_waitlist(
    site: Site,
    provider: Provider,
    kinds: Mapping[str, VisitType],
    patients: Sequence[Patient],
    keeps: User,
    own: Sequence[tuple[User, Patient]],
    now: datetime,
) -> None:
    """Grown-ups of the site who have no account, put there by who keeps the desk; and whoever has one, by themself."""
    accounts, today = {patient.pk for _user, patient in own}, timezone.localdate(now)
    grown = [one for one in patients if one.site_id == site.pk and (one.age_on(today) or 0) >= 18]
    chosen = [one for one in grown if one.pk not in accounts and not one.deceased][-len(WISHES) :]
    desk = keeps.in_role("front_desk")
    with acting_as(desk):
        for place, (patient, (kind, named, isodows, parts)) in enumerate(zip(chosen, WISHES, strict=False)):
            wait = actions.join_waitlist(
                by=desk,
                patient=patient,
                visit_type=kinds[kind],
                site=site,
                provider=provider if named else None,
                wish=Wish(today, today + HOW_LONG, isodows, parts),
                now=now,
            )
            if place == AHEAD:
                actions.rank_waitlist(by=desk, wait=wait, priority=1, reason=WHY)
    for user, patient in own[:1]:
        wish = Wish(today, today + HOW_LONG, (), ("morning", "afternoon"))
        with acting_as(user.in_role("patient")):
            actions.join_waitlist(
                by=user,
                patient=patient,
                visit_type=kinds["physical"],
                site=patient.site,
                provider=None,
                wish=wish,
                now=now,
            )
