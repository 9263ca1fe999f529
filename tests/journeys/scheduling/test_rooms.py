"""A visit that needs a room, a site that is closed, and a time with anyone, as people see them in a browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from scheduling.models import Appointment
from tests.factories import (
    PatientFactory,
    ResourceFactory,
    SiteClosureFactory,
    VisitTypeFactory,
    bookable_provider,
    span,
)
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.roles import as_the_system
from tests.scheduling.conftest import make_clinic
from tests.scheduling.pages import at, visit_at

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@pytest.mark.parametrize("width", [1280, 360])
def test_the_desk_books_a_room_with_anyone_and_sees_it(
    open_page: Open, fine: Callable[[Any], None], width: int
) -> None:
    """Given one ultrasound, when the desk books with anyone who is free, then page and day say with whom and where."""
    clinic = make_clinic()
    with as_the_system():
        clinic.provider.accepting = False
        clinic.provider.save()
        clinic.visit_type = VisitTypeFactory(name="Scan", needs=["Ultrasound"], grid_minutes=60)
        ResourceFactory(kind="device", provider=None, site=clinic.site, name=f"Sono {LONG}", category="Ultrasound")
    bookable_provider(clinic.site, name=f"Anna {LONG}")
    asked = f"provider=anyone&visit_type={clinic.visit_type.pk}&site={clinic.site.pk}&day={at(9):%Y-%m-%d}"
    desk: Any = open_page(
        f"/scheduling/patients/{clinic.patient.pk}/book?{asked}", client=sign_in(clinic.desk), width=width
    )
    fine(desk)
    expect(desk.get_by_role("main")).to_contain_text("Times when somebody is free")
    desk.get_by_text("9:00 am", exact=False).first.click()
    desk.get_by_role("button", name="Book for").click()
    expect(desk.locator("#messages")).to_contain_text("Booked with Anna")
    expect(desk.get_by_role("main")).to_contain_text("Kept for it")
    fine(desk)
    with as_the_system():
        assert Appointment.objects.get().provider.name.startswith("Anna")
    day: Any = open_page(f"/scheduling/?day={at(9):%Y-%m-%d}", client=sign_in(clinic.desk), width=width)
    fine(day)
    expect(day.get_by_role("main")).to_contain_text("Sono")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_closed_site_says_so_on_the_day_and_the_week(
    open_page: Open, fine: Callable[[Any], None], width: int
) -> None:
    """Given a visit, when its site is closed for the day, then the desk reads why, and moves it."""
    clinic = make_clinic()
    visit_at(clinic, at(9), patient=PatientFactory(site=clinic.site, family_name=LONG))
    SiteClosureFactory(site=clinic.site, during=span(at(0), 23 * 60), reason=f"Burst pipe {LONG}")
    for page in ("", "week"):
        desk: Any = open_page(
            f"/scheduling/{page}?day={at(9):%Y-%m-%d}&provider={clinic.provider.pk}",
            client=sign_in(clinic.desk),
            width=width,
        )
        fine(desk)
        expect(desk.get_by_role("main")).to_contain_text("Burst pipe")
        expect(desk.get_by_role("main")).to_contain_text("To move: blocked or closed time")


def test_a_patient_who_does_not_mind_whom_they_see_books_on_a_phone(
    open_page: Open, fine: Callable[[Any], None]
) -> None:
    """Given two who are free, when a time with anyone is tapped, then the last step says with whom."""
    clinic = make_clinic()
    bookable_provider(clinic.site, name=f"Aaron {LONG}")
    phone: Any = open_page(f"/portal/book?visit_type={clinic.visit_type.slug}", client=sign_in(clinic.rosa), width=360)
    fine(phone)
    phone.get_by_role("link", name=clinic.site.name).first.click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("When would you like to come?")
    fine(phone)
    phone.locator("a[href*='start=']").first.click()
    expect(phone.get_by_role("main")).to_contain_text("Aaron")
    fine(phone)
    phone.get_by_role("button", name="Book").first.click()
    expect(phone.locator("#messages")).to_contain_text("Your visit is booked")
