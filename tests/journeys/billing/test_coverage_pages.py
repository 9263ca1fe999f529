"""Nothing stands in the way of a reader on the pages about insurance cards; and the desk's way through them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import expect
from psycopg.types.range import DateRange

from billing.models import Coverage
from tests.factories import (
    AppointmentFactory,
    CoverageFactory,
    EligibilityCheckFactory,
    InvoiceFactory,
    PatientFactory,
    PlanFactory,
    VisitCoverageFactory,
    portal_user,
    staff,
)
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import follow
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@pytest.fixture
def theo() -> Any:
    return PatientFactory(given_name="Theo", family_name=LONG)


@pytest.fixture
def card(theo) -> Coverage:
    """One that counts, answered; one that is over; one that was a mistake."""
    payer = f"{LONG} Mutual Insurance of the Commonwealth"
    found = CoverageFactory(patient=theo, plan__name="Gold PPO", plan__payer__name=payer, group_number="0071-2244")
    EligibilityCheckFactory(
        coverage=found,
        status="answered",
        outcome="active",
        reason="covered",
        copay="25.00",
        answered_at=AT,
    )
    said = {"relationship": "child", "subscriber_name": LONG, "subscriber_birth_date": date(1980, 2, 3)}
    CoverageFactory(patient=theo, validity=DateRange(date(2020, 1, 1), date(2021, 1, 1)), **said)
    CoverageFactory(
        patient=theo,
        status="entered-in-error",
        ended_at=AT,
        ended_by=staff("billing"),
        end_reason=LONG * 3,
    )
    return found


def test_every_page_about_cards_reads_well(look: Callable[..., None], theo, card) -> None:
    client = sign_in(staff("front_desk", theo.site))
    here = f"/billing/{theo.pk}/coverage/"
    pages = (here, f"{here}record", f"{here}{card.pk}/change", f"{here}{card.pk}/withdraw")
    look(client, *pages)
    look(client, here, scheme="dark")


def test_so_do_the_visit_the_bill_and_the_patient_s_own_page(look: Callable[..., None], theo, card) -> None:
    with transaction.atomic():  # a visit comes with its claims
        visit = AppointmentFactory(patient=theo)
    copy = VisitCoverageFactory(coverage=card, appointment=visit)
    bill = InvoiceFactory(patient=theo, appointment=copy.appointment)
    look(
        sign_in(staff("front_desk", theo.site)),
        f"/scheduling/patients/{theo.pk}/visits/{visit.pk}",
        f"/billing/{theo.pk}/{bill.pk}/",
    )
    look(sign_in(portal_user(theo)), "/portal/coverage/", "/portal/bills/")


def test_the_desk_enters_the_card_of_the_new_year(open_page: Open, theo) -> None:
    """Given an open-ended card, when the new year's is entered in its place, then the old one ends the day before."""
    plan = PlanFactory(name="Gold PPO", payer__name="Hartwell Mutual")
    CoverageFactory(patient=theo, plan=plan)
    page = open_page(f"/billing/{theo.pk}/coverage/", client=sign_in(staff("front_desk", theo.site)))
    follow(page.get_by_role("link", name="Add a card"))
    page.get_by_label("Payer and plan").select_option(label="Hartwell Mutual: Gold PPO")
    page.get_by_label("Member number").fill("NEW 2027")
    page.get_by_label("First day").fill("1/1/2027")
    follow(page.get_by_role("button", name="Keep the card"))
    expect(page.get_by_role("main")).to_contain_text("is asked at this place from Jan 1, 2026 on")
    expect(page.get_by_label("Member number")).to_have_value("NEW 2027")
    page.get_by_label("End the other card on the day before this one begins").check()
    follow(page.get_by_role("button", name="Keep the card"))
    expect(page.get_by_role("main")).to_contain_text("NEW 2027")
    expect(page.get_by_role("main")).to_contain_text("from Jan 1, 2026 to Dec 31, 2026")
    with as_the_system():
        days = list(Coverage.objects.standing().filter(patient=theo).order_by("validity"))
    assert [(one.first_day, one.last_day) for one in days] == [
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), None),
    ]
