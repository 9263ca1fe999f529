"""The sample clinic's money: told once, through the verbs, the same each time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import demo
from billing.models import Fee, Invoice, LedgerEntry
from billing.queries import open_figures
from healthcare.db.context import acting_as
from tests.billing.conftest import at_the_commit
from tests.factories import (
    AppointmentFactory,
    EncounterFactory,
    MembershipFactory,
    PatientFactory,
    ProviderFactory,
    SiteFactory,
    VisitTypeFactory,
    staff,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    site = SiteFactory()
    doctor = staff("doctor", site)
    ProviderFactory(user=doctor)
    MembershipFactory(role="doctor", site=SiteFactory())
    for _each in range(20):
        PatientFactory(site=site)
    VisitTypeFactory(name="Physical", slug="physical", minutes=60)
    VisitTypeFactory(slug="endless", minutes=300)
    return staff("front_desk", site)


def told() -> tuple[int, int]:
    with taking_role("worker"), at_the_commit():
        demo.tell()
    with as_the_system():
        return Invoice.objects.count(), LedgerEntry.objects.payments().count()


def test_bills_paid_part_paid_and_overdue_told_once(clinic) -> None:
    site, now = clinic.memberships.get().site, timezone.now()
    for days in range(0, 84, 7):
        visit, ended = AppointmentFactory(patient=PatientFactory(site=site)), now - timedelta(days=days)
        fields = {"status": "finished", "started_at": ended, "finished_at": ended}
        EncounterFactory(patient=visit.patient, site=site, appointment=visit, **fields)
    bills, payments = told()
    assert bills == 12
    assert payments
    assert told() == (bills, payments)
    with acting_as(clinic):
        figures = open_figures(clinic, timezone.localdate())
    assert figures.overdue
    with as_the_system():
        statuses = set(Invoice.objects.order_by("id").values_list("status", flat=True))
    assert statuses == {"issued", "settled"}


def test_each_kind_of_visit_has_its_price(clinic) -> None:
    told()
    prices = {fee.code: (str(fee.amount), fee.description) for fee in Fee.objects.order_by("code")}
    assert prices["physical"] == ("240.00", "Physical, 60 minutes")
    assert prices["endless"][0] == "240.00"
    assert {"visit", "laboratory", "immunization"} <= prices.keys()


def test_a_clinic_without_people_has_prices_alone() -> None:
    PatientFactory()
    assert told() == (0, 0)
