"""What is said to whoever came second: why, and what else there is."""

from datetime import datetime

from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, User
from scheduling.access import is_patient
from scheduling.actions.claims import Full, NoRoom, PatientBusy, Taken
from scheduling.actions.steps import resource_of
from scheduling.models import Appointment, GroupSession, VisitType
from scheduling.queries.free import is_away
from scheduling.queries.times import FreeTime, alternatives_to, length_of


class TimeTaken(Exception):
    """Somebody was quicker. `alternatives` are the nearest times, three at most; the message is a sentence."""

    def __init__(self, message: str, alternatives: list[FreeTime]) -> None:
        super().__init__(message)
        self.alternatives = alternatives


def time_taken(taken: Taken, visit: Appointment, *, by: User | None, now: datetime) -> TimeTaken:
    """What else there is, for a visit that has its time, but not its claims."""
    message = _why(taken, visit.provider, visit.visit_type, visit.starts_at)
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


def session_taken(
    taken: Taken,
    session: GroupSession,
    *,
    start: datetime | None = None,
    provider: Provider | None = None,
    now: datetime,
) -> TimeTaken:
    """The same for a session, perhaps at another time or with another provider than it has."""
    start, provider = start or session.starts_at, provider or session.provider
    near = {"start": start, "provider": provider, "site": session.site, "visit_type": session.visit_type}
    found = alternatives_to(**near, now=now, by_patient=False, besides=session.pk)  # type: ignore[arg-type]
    return TimeTaken(_why(taken, provider, session.visit_type, start), found)


def _why(taken: Taken, provider: Provider, visit_type: VisitType, start: datetime) -> str:
    if isinstance(taken, PatientBusy):
        return _("There is another visit at this time already.")
    if isinstance(taken, Full):
        return _("%(provider)s has no room for another visit of this kind then.") % {"provider": provider.name}
    if isinstance(taken, NoRoom):
        return _("No “%(what)s” is free at this time.") % {"what": taken.what}
    if is_away(resource_of(provider).pk, length_of(visit_type).blocked(start)):
        return _("%(provider)s is away at this time.") % {"provider": provider.name}
    return _("Somebody else has just taken this time.")
