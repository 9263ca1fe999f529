"""Who waits for a time, for the tests of the waitlist: put there by the verbs, and what becomes free by the facts."""

from datetime import date, datetime, timedelta
from typing import Any

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from scheduling import actions
from scheduling.models import Appointment, TimeClaim, Wait, WaitOffer
from scheduling.rules.waitlist import Wish
from tests.events.draining import as_worker
from tests.factories import PatientFactory, VisitTypeFactory, portal_user
from tests.scheduling.conftest import NINE, NOW, Clinic

DAY = timedelta(days=1)
ANY_DAY = Wish(date(2020, 1, 1), date(2031, 1, 1))


def wish(**changes: Any) -> Wish:
    return Wish(**{"first_day": NOW.date(), "last_day": NOW.date() + 60 * DAY} | changes)


def join(clinic: Clinic, *, by: User | None = None, now: datetime = NOW, **changes: Any) -> Wait:
    """As the patient, for any provider of the site and any time of two months, but for what is said otherwise."""
    by = by or clinic.rosa
    asked = {"patient": clinic.patient, "visit_type": clinic.visit_type, "site": clinic.site, "provider": None}
    with acting_as(by):
        return actions.join_waitlist(by=by, now=now, **asked | {"wish": wish()} | changes)


def another(clinic: Clinic) -> tuple[Patient, User]:
    patient = PatientFactory(site=clinic.site, email="another@portal.example")
    return patient, portal_user(patient)


def joined(clinic: Clinic, **changes: Any) -> Wait:
    """Somebody else, later."""
    patient, user = another(clinic)
    return join(clinic, by=user, patient=patient, **changes)


def offer(clinic: Clinic, start: datetime = NINE, minutes: int = 40, now: datetime = NOW) -> WaitOffer | None:
    """What a worker does of a time that became free."""
    freed = start, start + timedelta(minutes=minutes)
    found: WaitOffer | None = as_worker(
        lambda: actions.offer_freed_time(resource_id=clinic.resource.pk, freed=freed, now=now)
    )
    return found


def settle(one: WaitOffer, now: datetime) -> WaitOffer:
    as_worker(lambda: actions.settle_offer(offer_id=one.pk, now=now))
    return fresh(one)


def fresh(row: Any) -> Any:
    return as_worker(lambda: type(row)._default_manager.get(pk=row.pk))


def holds() -> list[Any]:
    return as_worker(lambda: list(TimeClaim.objects.filter(kind="hold").order_by("blocked")))


def visits() -> list[Appointment]:
    return as_worker(lambda: list(Appointment.objects.order_by("during")))


def offers() -> list[tuple[Any, str]]:
    """Whose they are, and how they stand, the first made first."""
    return as_worker(lambda: list(WaitOffer.objects.order_by("created_at", "pk").values_list("patient_id", "state")))


def short(**fields: Any) -> Any:
    """A kind of visit of twenty minutes."""
    return VisitTypeFactory(minutes=20, **fields)
