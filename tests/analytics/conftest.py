"""A few days of a clinic, and the counts of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from analytics.actions import roll_up
from tests.factories import AppointmentFactory, PatientFactory, ProviderFactory, SiteFactory, VisitTypeFactory
from tests.patients.conftest import audited, browser, no_audit
from tests.roles import as_the_system

__all__ = ["audited", "browser", "no_audit"]
MONDAY = date(2026, 11, 9)
LATER = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
STATES: dict[str, dict[str, Any]] = {
    "booked": {},
    "checked_out": {"arrived_at": -5, "started_at": 6, "finished_at": 30},
    "no_show": {"missed_at": 20},
    "left": {"arrived_at": -5, "missed_at": 40},
    "cancelled": {"cancelled_at": -60},
}


@pytest.fixture
def site():
    return SiteFactory(name="Alder Street")


@pytest.fixture
def provider():
    return ProviderFactory(name="Maren Okafor")


@pytest.fixture
def kind():
    return VisitTypeFactory(slug="follow-up")


@pytest.fixture
def visit(site, provider, kind) -> Callable[..., Any]:
    """`visit(MONDAY, "no_show")`: at 10 in the morning in New York, and 20 minutes later each."""
    made: list[Any] = []

    def make(day: date, status: str = "checked_out", *, waited: int | None = None, **fields: Any) -> Any:
        start = datetime(day.year, day.month, day.day, 10, tzinfo=timezone.get_default_timezone())
        start += timedelta(minutes=20 * (len(made) % 40))
        moments = {name: start + timedelta(minutes=after) for name, after in STATES[status].items()}
        if waited is not None:
            moments["arrived_at"] = moments["started_at"] - timedelta(minutes=waited, seconds=30)
        given = {"site": site, "provider": provider, "visit_type": kind, "minutes": 20} | fields
        given.setdefault("start", start)
        given.setdefault("patient", PatientFactory(site=given["site"]))
        made.append(AppointmentFactory(status=status, **moments, **given))
        return made[-1]

    return make


@pytest.fixture
def count() -> Callable[..., int]:
    """As the worker does at night."""

    def run(first: date = MONDAY, last: date | None = None, now: datetime = LATER) -> int:
        with as_the_system():
            return roll_up(by=None, day=first, until=last, now=now)

    return run
