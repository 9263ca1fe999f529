"""Nothing stands in the way of a reader on the pages of the profile, of a death, and of what patients propose."""

from collections.abc import Callable
from datetime import date, time

import pytest
from playwright.sync_api import expect

from tests.factories import (
    AddressFactory,
    ContactPointFactory,
    ContactPreferenceFactory,
    DeathReportFactory,
    PatientFactory,
    PatientNameFactory,
    ProposedChangeFactory,
    RelatedPersonFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@pytest.fixture
def rosa():
    patient = PatientFactory(
        given_name="Rosa",
        family_name=LONG,
        phone="+15085550177",
        email=f"rosa.{LONG}@mail.example".lower(),
        pronouns="she/her",
        language="pt",
        interpreter=True,
        quiet_from=time(21),
        quiet_until=time(8),
    )
    kept = {"patient": patient, "added_by": UserFactory(full_name=f"Ana {LONG}")}
    PatientNameFactory(**kept, family_name=LONG)
    AddressFactory(**kept, line=f"3 {LONG} Street")
    ContactPointFactory(**kept, bad="silent", bad_at="2026-05-06T12:00Z")
    RelatedPersonFactory(**kept, name=f"Miguel {LONG}", may_be_told=True, email=f"{LONG}@mail.example".lower())
    for purpose in ("visits", "news"):
        ContactPreferenceFactory(**kept, purpose=purpose)
    return patient


def test_the_desks_pages(look: Callable[..., None], rosa) -> None:
    desk = sign_in(staff("front_desk", rosa.site))
    here = f"/patients/{rosa.pk}/profile"
    adding = [f"{here}/{kind}/add" for kind in ("names", "addresses", "contacts", "people")]
    look(desk, here, f"{here}/change", f"{here}/preferences", f"{here}/letters", *adding)
    look(desk, here, scheme="dark")


def test_what_a_patient_proposes_on_both_sides(look: Callable[..., None], rosa) -> None:
    account = portal_user(rosa, full_name=f"Rosa {LONG}")
    for field, value in (("line", f"41 {LONG} Street"), ("city", "Boston")):
        ProposedChangeFactory(patient=rosa, field=field, value=value, proposed_by=account)
    done = {"answered_at": "2026-05-06T12:00Z", "answered_by": staff("nurse", rosa.site)}
    ProposedChangeFactory(patient=rosa, field="phone", value="", state="refused", answer=LONG, **done)
    desk = sign_in(staff("front_desk", rosa.site))
    look(desk, "/", "/patients/proposals", "/patients/to-put-right/contacts", f"/patients/{rosa.pk}/proposals")
    own = sign_in(account)
    look(own, "/portal/record", "/portal/record/change", "/portal/record/reach", "/portal/record/letters")
    look(own, "/portal/record/change", scheme="dark")


def test_a_death(look: Callable[..., None], rosa) -> None:
    gone = PatientFactory(site=rosa.site, family_name=LONG, deceased=True, deceased_date=date(2026, 3, 3))
    DeathReportFactory(patient=gone, died_on=date(2026, 3, 3), reported_by__full_name=f"Ana {LONG}")
    nurse = sign_in(staff("nurse", rosa.site))
    look(
        nurse,
        f"/patients/{rosa.pk}/death",
        *(f"/patients/{gone.pk}/{page}" for page in ("", "death", "death/take-back")),
    )


def test_a_telephone_shows_it_too(open_page: Open, rosa) -> None:
    gone = PatientFactory(site=rosa.site, deceased=True, deceased_date=date(2026, 3, 3))
    page = open_page(f"/patients/{gone.pk}/", client=sign_in(staff("nurse", rosa.site)), width=360)
    expect(page.locator(".banner").get_by_text("Died on Mar 3, 2026")).to_be_visible()
