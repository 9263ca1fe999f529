"""Times near the real present, for pages, which read the clock themselves."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from scheduling.models import Appointment
from tests.factories import AppointmentFactory
from tests.scheduling.conftest import Clinic

NEW_YORK = ZoneInfo("America/New_York")


def at(hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    """That time on the clock in New York, tomorrow or so many days from today."""
    day = timezone.now().astimezone(NEW_YORK).date() + timedelta(days=days)
    return datetime.combine(day, time(hour, minute), NEW_YORK)


def visit_at(clinic: Clinic, start: datetime, **fields: Any) -> Appointment:
    """A visit of the clinic's patient, made as a worker would, without a verb."""
    given = {"patient": clinic.patient, "provider": clinic.provider, "site": clinic.site}
    return AppointmentFactory(**given | {"visit_type": clinic.visit_type, "start": start, "reason": "Cough"} | fields)


def today_at_noon() -> datetime:
    return at(12, days=0)


def text(page: Any, status: int = 200) -> str:
    assert page.status_code == status, (page.status_code, page.content.decode()[-1500:])
    return page.content.decode()
