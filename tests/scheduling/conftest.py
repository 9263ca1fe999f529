"""A site, a provider who can be booked round the clock, a patient with an account, and a desk."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from healthcare.accounts.models import Provider, Site, User
from healthcare.db.context import acting_as
from patients.models import Patient
from scheduling import actions
from scheduling.models import Appointment, Resource, VisitType
from tests.factories import PatientFactory, SiteFactory, VisitTypeFactory, bookable_provider, portal_user, staff
from tests.messaging.conftest import mail  # noqa: F401  (fixture)
from tests.patients.conftest import audited, no_audit, sign_in  # noqa: F401  (fixtures)
from tests.roles import as_the_system

NOW = datetime(2030, 5, 6, 12, tzinfo=UTC)
NINE = datetime(2030, 5, 7, 13, tzinfo=UTC)  # nine o'clock of the next day on the clock in New York


@dataclass
class Clinic:
    site: Site
    provider: Provider
    visit_type: VisitType
    patient: Patient
    rosa: User
    desk: User

    @property
    def resource(self) -> Resource:
        return Resource.objects.get(provider=self.provider)

    def book(self, *, by: User | None = None, now: datetime = NOW, **changes: Any) -> Appointment:
        """Book as the patient at nine, but for what is said otherwise."""
        by = by or self.rosa
        asked = {
            "patient": self.patient,
            "provider": self.provider,
            "site": self.site,
            "visit_type": self.visit_type,
            "start": NINE,
        }
        with acting_as(by):
            return actions.book_appointment(by=by, now=now, **asked | changes)


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def group(clinic: Clinic) -> Clinic:
    """The clinic, whose kind of visit has three seats."""
    clinic.visit_type = VisitTypeFactory(name="Diabetes group", seats=3, buffer_before=10)
    return clinic


def make_clinic() -> Clinic:
    with as_the_system():
        site = SiteFactory()
        patient = PatientFactory(site=site)
        return Clinic(
            site=site,
            provider=bookable_provider(site, user=staff("doctor", site)),
            visit_type=VisitTypeFactory(),
            patient=patient,
            rosa=portal_user(patient),
            desk=staff("front_desk", site),
        )


def later(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


@pytest.fixture
def browser() -> Callable[[User], Client]:
    """A browser in which somebody is signed in, in the role they act in."""
    return sign_in
