"""A site with its people, a patient who has an account, and the post as it waits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from healthcare.accounts.models import Provider, Site, User
from healthcare.messaging.models import Message
from patients.models import Patient
from tests.events.draining import as_worker
from tests.factories import PatientFactory, ProviderFactory, SiteFactory, portal_user, staff
from tests.messaging.conftest import carriers, mail, post, templates  # noqa: F401  (fixtures)
from tests.patients.conftest import audited, browser, no_audit  # noqa: F401  (fixtures)
from tests.roles import as_the_system


@dataclass
class Clinic:
    """`provider` treats and signs in as `doctor`; `colleague` is another doctor of the site."""

    site: Site
    patient: Patient
    account: User
    doctor: User
    colleague: User
    nurse: User
    desk: User
    provider: Provider


@pytest.fixture
def clinic(db: None) -> Clinic:
    site = SiteFactory(phone="+15085550100", line="12 Alder Street", city="Worcester", state="MA", postal_code="01608")
    patient = PatientFactory(site=site, given_name="Wilhelmina", family_name="Canaryson", email="w@mail.example")
    doctor = staff("doctor", site, full_name="Dr. Maren Okafor", email="okafor@clinic.example")
    return Clinic(
        site=site,
        patient=patient,
        account=portal_user(patient, email="wilhelmina@portal.example"),
        doctor=doctor,
        colleague=staff("doctor", site, email="lindqvist@clinic.example"),
        nurse=staff("nurse", site, email="raman@clinic.example"),
        desk=staff("front_desk", site, email="desk@clinic.example"),
        provider=ProviderFactory(user=doctor, name="Maren Okafor", credentials="MD"),
    )


@dataclass(frozen=True)
class Posted:
    """A message as it waits: to whom, which template, with which parameters."""

    address: str
    template: str
    words: dict[str, str]
    queue: str
    status: str
    attached: tuple[Any, ...]


@pytest.fixture
def posted() -> Callable[[], list[Posted]]:
    """Everything in the post, in its order."""

    def read() -> list[Posted]:
        return [
            Posted(m.address, m.template, dict(m.words), m.queue, m.status, m.attached)
            for m in as_worker(lambda: list(Message.objects.order_by("created_at")))
        ]

    return read


def as_system(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call a verb as a subscriber does: in a worker, as the system, for nobody."""
    with as_the_system():
        return function(by=None, **arguments)


def reread(row: Any) -> Any:
    return as_worker(lambda: type(row).objects.get(pk=row.pk))
