"""Visits of one patient, for this app and those to its right."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, QuerySet, When

from healthcare.accounts.models import User
from healthcare.accounts.parts import FAILED_CARD, Card
from healthcare.db.prepared import prepared
from healthcare.events.parts import answers_of
from patients.models import Patient
from scheduling.models import HERE, Appointment
from scheduling.parts import VISIT_CARD, VISIT_STEP, Step

WITH_NAMES = ("provider", "site", "visit_type")


@prepared
def upcoming_of(user: User, patient: Patient, now: datetime) -> "QuerySet[Appointment]":
    """Booked or confirmed visits that have not ended, the next first, as far as this person sees them; one query."""
    seen = Appointment.objects.visible_to(user).filter(patient=patient)
    return seen.upcoming(now).select_related(*WITH_NAMES).order_by("during")


def current_visit_of(user: User, patient: Patient) -> Appointment | None:
    """The visit for which the patient is here now; where there are two, the one with this very person. One query."""
    seen = Appointment.objects.visible_to(user).filter(patient=patient, status__in=HERE)
    mine = Case(When(provider__user=user, then=0), default=1)
    return seen.select_related(*WITH_NAMES).order_by(mine, "-arrived_at").first()


def visit_under_way(patient_id: UUID, now: datetime) -> Appointment | None:
    """The visit for which the patient is here today, with provider and account: for jobs, which see for nobody.

    Where there are two, the one that has begun, else the latest arrival; a visit that was left open on another day, by
    the clock of its site, is none. One query.
    """
    here = Appointment.objects.filter(patient_id=patient_id, status__in=HERE).select_related("provider__user", "site")
    begun = Case(When(status=Appointment.Status.WITH_PROVIDER, then=0), default=1)
    return next((visit for visit in here.order_by(begun, "-arrived_at") if _came_today(visit, now)), None)


def _came_today(visit: Appointment, now: datetime) -> bool:
    zone = ZoneInfo(visit.time_zone)
    return visit.arrived_at is not None and visit.arrived_at.astimezone(zone).date() == now.astimezone(zone).date()


@dataclass(frozen=True)
class Steps:
    """What the apps to the right have to do next with a visit; `failed` when one of them could not say."""

    offered: tuple[Step, ...]
    failed: bool

    @property
    def has_main(self) -> bool:
        return any(step.main for step in self.offered)


def steps_of(user: User, visit: Appointment, now: datetime) -> Steps:
    """Each app's step, isolated from the others, in the order of the journey."""
    answers = list(answers_of(VISIT_STEP, lambda part: part(visit, user, now)))
    return Steps(
        offered=tuple(given.value for given in answers if given.value is not None),
        failed=any(given.failed for given in answers),
    )


def cards_of_visit(user: User, visit: Appointment, now: datetime) -> list[Card]:
    """The cards that the apps to the right have for the page of a visit; one that failed says so."""
    answers = answers_of(VISIT_CARD, lambda part: part(visit, user, now))
    cards: list[Card | None] = [FAILED_CARD if given.failed else given.value for given in answers]
    return sorted((card for card in cards if card is not None), key=lambda card: card.order)
