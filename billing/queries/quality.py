"""Whose insurance no longer counts, among the people who come soon; and bills of visits that were entered in error."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from billing.models import Coverage, Invoice
from billing.queries.coverage import service_day
from healthcare.accounts.models import User
from patients.queries import sites_of
from scheduling.models import HERE, OPEN, Appointment
from scheduling.queries.pages import EVERYWHERE

AHEAD = timedelta(days=7)
MOST_IN_DOUBT = 100
LOOKED_AT = 150  # visits, the soonest first


@dataclass(frozen=True)
class CardsToAsk:
    """The next visit of each whose cards count on no day of it; `all_seen`: no visit of the week was left out."""

    visits: list[Appointment]
    all_seen: bool


def cards_to_ask(user: User, now: datetime) -> CardsToAsk:
    """People with a visit today or in the coming week where one works, whose cards are all over then, or begin later.

    Who never showed a card pays alone, as far as is known, and is not here. Three queries.
    """
    visits = list(_coming(user, now))
    cards: dict[Any, list[Coverage]] = {}
    if visits:
        about = {visit.patient_id for visit in visits}
        for card in Coverage.objects.visible_to(user).standing().filter(patient__in=about).order_by("id"):
            cards.setdefault(card.patient_id, []).append(card)
    soonest: dict[Any, Appointment] = {}
    for visit in visits:
        known, day = cards.get(visit.patient_id, []), service_day(visit)
        if known and not any(day in card.validity for card in known):
            soonest.setdefault(visit.patient_id, visit)
    return CardsToAsk(list(soonest.values()), len(visits) < LOOKED_AT)


def bills_in_doubt(user: User) -> int:
    """How many open bills are of a visit that was entered in error, a hundred at most."""
    rows = Invoice.objects.visible_to(user).doubted().order_by("due_date", "id")
    return len(rows.values_list("pk", flat=True)[:MOST_IN_DOUBT])


def _coming(user: User, now: datetime) -> "QuerySet[Appointment]":
    rows = Appointment.objects.visible_to(user).filter(site__in=sites_of(user).order_by(), status__in=[*OPEN, *HERE])
    soon = rows.within(now, now + AHEAD, EVERYWHERE).select_related("patient", "provider")
    return soon.order_by("during", "id")[:LOOKED_AT]
