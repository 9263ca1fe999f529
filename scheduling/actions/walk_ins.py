"""Somebody who comes without a visit: booked for this moment and checked in at once, in one transaction."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import can
from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Permission
from patients.models import Patient
from scheduling.actions.booking import book_appointment
from scheduling.actions.taken import TimeTaken
from scheduling.actions.visits import check_in
from scheduling.models import Appointment, VisitType
from scheduling.rules import next_on_grid


@transaction.atomic
def take_walk_in(
    *,
    by: User,
    patient: Patient,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    reason: str = "",
    now: datetime,
) -> Appointment:
    """Book the next start from `now` on and check in, with a number to be called by.

    Where the provider has a visit then, it lies on top of that, for who may do so. Raises TimeTaken for others,
    NotBookable, NotAllowed, NotInScope.
    """
    start = next_on_grid(now, ZoneInfo(site.time_zone), visit_type.grid_minutes)
    asked = {"patient": patient, "provider": provider, "site": site, "visit_type": visit_type, "reason": reason}
    try:
        visit = book_appointment(by=by, start=start, **asked, now=now)  # type: ignore[arg-type]
    except TimeTaken:
        if not can(by, Permission.OVERBOOK):
            raise
        visit = book_appointment(by=by, start=start, **asked, overbook=_("Came without a visit"), now=now)  # type: ignore[arg-type]
    return check_in(by=by, appointment=visit, now=now)
