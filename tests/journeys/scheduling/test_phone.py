"""Booking on a phone, counted in taps."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from scheduling.models import Appointment
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.roles import as_the_system
from tests.scheduling.conftest import make_clinic

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
MOST_TAPS = 4


def test_a_visit_is_booked_in_at_most_four_taps_after_sign_in(open_page: Open, fine: Callable[[Any], None]) -> None:
    """Given the portal's first page on a phone, when the first time offered will do, then it is booked by few taps."""
    clinic, taps = make_clinic(), 0

    def tap(what: Locator) -> None:
        nonlocal taps
        taps += 1
        what.click()

    phone: Any = open_page("/portal/", client=sign_in(clinic.rosa), width=360)
    main = phone.get_by_role("main")
    fine(phone)
    tap(main.get_by_role("link", name="Book a visit"))
    expect(phone.get_by_role("heading", level=1)).to_have_text("Whom would you like to see?")
    tap(phone.get_by_role("region", name="Providers").get_by_role("link").first)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Is this right?")
    fine(phone)
    tap(phone.get_by_role("button", name="Book this visit"))
    expect(phone.locator("#messages")).to_contain_text("Your visit is booked.")
    fine(phone)
    assert taps <= MOST_TAPS
    with as_the_system():
        assert Appointment.objects.get().patient_id == clinic.patient.pk
