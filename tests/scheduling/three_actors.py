"""Three at once on one visit: the patient moves it, the desk calls it off, the provider blocks the time.

Apps to the right call `three_at_once` and look whether what is theirs agrees with how it ended.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotBookable, TimeTaken
from scheduling.models import Appointment, TimeClaim
from tests.factories import span
from tests.roles import as_the_system
from tests.scheduling.at_once import rounds
from tests.scheduling.conftest import NOW, Clinic


@dataclass(frozen=True)
class Plan:
    """Minutes from the visit's start: where it is moved to and what is blocked; milliseconds that each waits first."""

    move_by: int
    block_from: int
    block_for: int
    waits: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class Aftermath:
    """The visit as it stands, the block, and what each of the three was told: done, taken or refused."""

    visit: Appointment
    block: TimeClaim | None
    moved: str
    cancelled: str
    blocked: str


def three_at_once(clinic: Clinic, plan: Plan, start: datetime) -> Aftermath:
    """Book a visit at `start` and let the three go."""
    visit, told = clinic.book(start=start), {}
    verbs = {
        "moved": lambda: _move(clinic, visit, start + timedelta(minutes=plan.move_by)),
        "cancelled": lambda: _cancel(clinic, visit),
        "blocked": lambda: _block(clinic, start + timedelta(minutes=plan.block_from), plan.block_for),
    }

    def actor(name: str, wait: int) -> Callable[[int], str]:
        def act(_round: int) -> str:
            time.sleep(wait / 1000)
            try:
                verbs[name]()
                told[name] = "done"
            except TimeTaken:
                told[name] = "taken"
            except NotBookable:
                told[name] = "refused"
            return "told"

        return act

    outcomes = rounds(1, [actor(name, wait) for name, wait in zip(verbs, plan.waits, strict=True)])
    assert outcomes == {"told": 3}
    with as_the_system():
        after = Appointment.objects.select_related("patient", "provider", "site", "visit_type").get(pk=visit.pk)
        block = TimeClaim.objects.filter(kind="block", created_at__gte=visit.created_at).first()
    return Aftermath(visit=after, block=block, **told)


def _move(clinic: Clinic, visit: Appointment, start: datetime) -> None:
    with acting_as(clinic.rosa):
        actions.move_appointment(by=clinic.rosa, appointment=visit, start=start, now=NOW)


def _cancel(clinic: Clinic, visit: Appointment) -> None:
    with acting_as(clinic.desk):
        actions.cancel_appointment(by=clinic.desk, appointment=visit, reason="", now=NOW)


def _block(clinic: Clinic, start: datetime, minutes: int) -> None:
    doctor, during = clinic.provider.user, span(start, minutes)
    with acting_as(doctor):
        actions.block_time(by=doctor, provider=clinic.provider, during=during, reason="Away", now=NOW)
