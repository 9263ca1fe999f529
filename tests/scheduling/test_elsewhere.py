"""A patient is offered no time at which they are at another visit already."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import Provider
from healthcare.db.context import acting_as
from scheduling.models import Appointment
from scheduling.queries import free_times, nearest_providers
from tests.factories import bookable_provider, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, Clinic, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(clinic: Clinic) -> Provider:
    """Somebody else at the same site, free all day."""
    with as_the_system():
        return bookable_provider(clinic.site, user=staff("doctor", clinic.site))


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    """Of the patient, with the clinic's own provider: nine to twenty to ten."""
    return clinic.book()


def starts(clinic: Clinic, provider: Provider, **more: Any) -> list[int]:
    """Minutes after nine at which one can begin, from an hour before to an hour after."""
    asked: dict[str, Any] = {"visit_type": clinic.visit_type, "site": clinic.site, "now": NOW, "by_patient": True}
    with acting_as(more.pop("user", clinic.rosa)):
        found = free_times(providers=[provider], between=(later(-60), later(60)), **asked | more)
    return [int((time.start - NINE).total_seconds()) // 60 for time in found]


def test_while_they_are_elsewhere_nothing_begins_or_goes_on(
    clinic: Clinic, other: Provider, visit: Appointment
) -> None:
    assert starts(clinic, other) == list(range(-60, 60, 5)), "nobody was named"
    assert starts(clinic, other, patient=clinic.patient) == [-60, -55, -50, -45, -40, 40, 45, 50, 55]


def test_a_buffer_of_the_provider_may_lie_in_the_other_visit(
    clinic: Clinic, other: Provider, visit: Appointment
) -> None:
    """The patient is not there while the room is made ready."""
    clinic.visit_type.buffer_before = 15
    assert 40 in starts(clinic, other, patient=clinic.patient)


def test_the_visit_to_be_moved_is_in_nobodys_way(clinic: Clinic, other: Provider, visit: Appointment) -> None:
    assert 15 in starts(clinic, other, patient=clinic.patient, besides=visit.pk)
    assert 15 not in starts(clinic, other, patient=clinic.patient)


def test_the_first_time_near_here_is_one_they_can_come_to(clinic: Clinic, other: Provider, visit: Appointment) -> None:
    asked: dict[str, Any] = {"near": None, "visit_type": clinic.visit_type, "now": NINE, "by_patient": True}
    with acting_as(clinic.rosa):
        found = nearest_providers(**asked, patient=clinic.patient).found
    first = {near.provider.pk: near.next_free and near.next_free.start for near in found}
    assert first[other.pk] == later(40)


# == Doors ==
def tomorrow() -> datetime:
    return (timezone.now() + timedelta(days=1)).replace(hour=15, minute=0, second=0, microsecond=0, tzinfo=UTC)


@pytest.fixture
def booked(clinic: Clinic) -> datetime:
    """Tomorrow at three, UTC."""
    return clinic.book(start=tomorrow(), now=timezone.now()).starts_at


def offered(page: Any, moment: datetime) -> bool:
    return moment.isoformat().replace("+", "%2B") in page.content.decode().replace("%3A", ":")


def test_on_the_pages_of_the_portal(browser: Any, clinic: Clinic, other: Provider, booked: datetime) -> None:
    rosa = browser(clinic.rosa)
    asked = {"site": clinic.site.pk, "visit_type": clinic.visit_type.slug, "day": booked.date().isoformat()}
    for address in (reverse("scheduling_portal:times", args=[other.pk]), reverse("scheduling_portal:anyone")):
        page = rosa.get(address, asked)
        assert offered(page, booked + timedelta(minutes=40)), address
        assert not offered(page, booked), address
        assert not offered(page, booked - timedelta(minutes=35)), address


def test_at_the_desk(browser: Any, clinic: Clinic, other: Provider, booked: datetime) -> None:
    asked = {"provider": other.pk, "site": clinic.site.pk, "visit_type": clinic.visit_type.pk}
    page = browser(clinic.desk).get(
        reverse("scheduling:book", args=[clinic.patient.pk]), asked | {"day": booked.date().isoformat()}
    )
    shown = page.content.decode()
    assert f'value="{(booked + timedelta(minutes=40)).isoformat()}"' in shown
    assert f'value="{booked.isoformat()}"' not in shown


def test_through_the_api(api: Any, clinic: Clinic, other: Provider, booked: datetime) -> None:
    asked = {"provider": str(other.pk), "visit_type": clinic.visit_type.slug, "from": booked.isoformat(), "limit": "1"}
    for user, first in ((clinic.rosa, booked + timedelta(minutes=40)), (clinic.desk, booked)):
        found = api(user, "schedule.read").read("/slots", asked).json()["items"]
        assert datetime.fromisoformat(found[0]["start"]) == first
