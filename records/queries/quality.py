"""Whose allergies nobody ever asked for, among the people who come soon."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from healthcare.accounts.models import User
from patients.queries import sites_of
from records.queries.allergies import NEVER_ASKED, allergies_of
from scheduling.models import HERE, OPEN, Appointment
from scheduling.queries.pages import EVERYWHERE

AHEAD = timedelta(days=7)
LOOKED_AT = 150  # visits, the soonest first; allergies are asked for at most 200 people at once


@dataclass(frozen=True)
class ToAsk:
    """The next visit of each; `all_seen`: no visit of the coming week was left out."""

    visits: list[Appointment]
    all_seen: bool


def allergies_to_ask(user: User, now: datetime) -> ToAsk:
    """People with a visit today or in the coming week: of a doctor their own, else of where one works. Two queries."""
    visits = list(_coming(user, now))
    known = allergies_of({visit.patient_id for visit in visits})
    soonest: dict[Any, Appointment] = {}
    for visit in visits:
        if known[visit.patient_id].state == NEVER_ASKED:
            soonest.setdefault(visit.patient_id, visit)
    return ToAsk(list(soonest.values()), len(visits) < LOOKED_AT)


def _coming(user: User, now: datetime) -> "QuerySet[Appointment]":
    own = Q(provider__user=user) if user.acting_role == "doctor" else Q(site__in=sites_of(user).order_by())
    seen = Appointment.objects.visible_to(user).filter(own, status__in=[*OPEN, *HERE])
    soon = seen.within(now, now + AHEAD, EVERYWHERE).select_related("patient", "provider")
    return soon.order_by("during", "id")[:LOOKED_AT]
