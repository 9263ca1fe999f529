"""What is said to whoever came second: why, and what else there is."""

from datetime import datetime

from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from scheduling.access import is_patient
from scheduling.actions.claims import Full, NoRoom, PatientBusy, Taken
from scheduling.actions.steps import resource_of
from scheduling.models import Appointment
from scheduling.queries.free import is_away
from scheduling.queries.times import FreeTime, alternatives_to, length_of


class TimeTaken(Exception):
    """Somebody was quicker. `alternatives` are the nearest times, three at most; the message is a sentence."""

    def __init__(self, message: str, alternatives: list[FreeTime]) -> None:
        super().__init__(message)
        self.alternatives = alternatives


def time_taken(taken: Taken, visit: Appointment, *, by: User | None, now: datetime) -> TimeTaken:
    """What else there is, for a visit that has its time, but not its claims."""
    if isinstance(taken, PatientBusy):
        message = _("There is another visit at this time already.")
    elif isinstance(taken, Full):
        message = _("%(provider)s has no room for another visit of this kind then.")
        message %= {"provider": visit.provider.name}
    elif isinstance(taken, NoRoom):
        message = _("No “%(what)s” is free at this time.") % {"what": taken.what}
    elif is_away(resource_of(visit.provider).pk, length_of(visit.visit_type).blocked(visit.starts_at)):
        message = _("%(provider)s is away at this time.") % {"provider": visit.provider.name}
    else:
        message = _("Somebody else has just taken this time.")
    found = alternatives_to(
        start=visit.starts_at,
        provider=visit.provider,
        site=visit.site,
        visit_type=visit.visit_type,
        now=now,
        by_patient=is_patient(by),
        patient=visit.patient,
        besides=visit.pk,
    )
    return TimeTaken(message, found)
