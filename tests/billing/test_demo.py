"""The sample clinic's money: told once, through the verbs, the same each time."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from billing import demo
from billing.models import Coverage, EligibilityCheck, Fee, Invoice, LedgerEntry, UnbilledVisit, VisitCoverage
from billing.queries import open_figures
from billing.rules.coverage import fits
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


def test_most_patients_have_cards_and_each_says_what_it_is(clinic) -> None:
    told()
    with as_the_system():
        cards = list(Coverage.objects.standing().select_related("plan__payer"))
        people = {card.patient_id for card in cards}
        assert 10 <= len(people) <= 20
        assert all(fits(card.member_id, card.plan.payer.number_form) for card in cards)
        assert EligibilityCheck.objects.filter(status="asked").count() == 0
        assert EligibilityCheck.objects.filter(status="answered").exists()
    with taking_role("worker"), at_the_commit():
        demo.tell()
    with as_the_system():
        assert Coverage.objects.standing().count() == len(cards)


def test_the_old_have_medicare_and_children_their_parent_s(clinic) -> None:
    site = clinic.memberships.get().site
    for year in (1930, 2020):
        for _each in range(8):
            PatientFactory(site=site, birth_date=date(year, 1, 1))
    told()
    with as_the_system():
        rows = Coverage.objects.standing().select_related("plan__payer", "patient")
        old = {card.plan.payer.name for card in rows.filter(patient__birth_date__year=1930, priority=1)}
        young = {card.relationship for card in rows.filter(patient__birth_date__year=2020)}
    assert old == {"Medicare"}
    assert young == {"child"}


def test_who_is_in_the_house_has_come_with_a_card_and_visits_without_a_bill_wait(clinic) -> None:
    site, now = clinic.memberships.get().site, timezone.now()
    here = {"status": "arrived", "arrived_at": now}
    AppointmentFactory(patient=PatientFactory(site=site), start=now, **here)
    done = {"status": "checked_out", "arrived_at": now, "started_at": now, "finished_at": now}
    AppointmentFactory(patient=PatientFactory(site=site), start=now - timedelta(hours=2), **done)
    told()
    with as_the_system():
        assert VisitCoverage.objects.standing().count() == 1
        assert UnbilledVisit.objects.count() == 1
