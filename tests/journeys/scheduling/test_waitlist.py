"""A time that became free is offered on a phone and accepted by the link in the mail; nothing in a reader's way."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.models import Appointment, WaitOffer
from tests.events.draining import drain
from tests.factories import (
    PatientFactory,
    RecallCallFactory,
    RecallFactory,
    SiteFactory,
    VisitTypeFactory,
    WaitFactory,
    WaitOfferFactory,
)
from tests.journeys.accounts.conftest import Open
from tests.messaging.mailserver import MailServer
from tests.patients.conftest import sign_in
from tests.roles import as_the_system
from tests.scheduling.conftest import Clinic, make_clinic
from tests.scheduling.pages import at, visit_at

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"
LINK = re.compile(rf"{re.escape(settings.PUBLIC_URL)}(/scheduling/\S+)")


def awake(clinic: Clinic) -> None:
    """Whatever the hour is now, the patient may be written to."""
    with as_the_system():
        clinic.patient.quiet_from = clinic.patient.quiet_until = timezone.now().time()
        clinic.patient.save()


def link_in(mail: MailServer, subject: str) -> str:
    (sent,) = [one for one in mail.taken if subject in str(one["Subject"])]
    return LINK.findall(sent.get_body(("plain",)).get_content())[-1]


def test_from_the_list_to_the_visit_by_the_link_in_the_mail(
    open_page: Open, fine: Callable[[Any], None], mail: MailServer
) -> None:
    """Given a full day, when a patient waits and somebody cancels, then a mail offers the time and one tap takes it."""
    clinic = make_clinic()
    awake(clinic)
    taken = visit_at(clinic, at(10, days=3), patient=PatientFactory(site=clinic.site))
    phone: Any = open_page("/portal/visits/waitlist", client=sign_in(clinic.rosa), width=360)
    fine(phone)
    phone.get_by_label("Morning, before noon").check()
    phone.get_by_role("button", name="Put me on the waitlist").click()
    expect(phone.locator("#messages")).to_contain_text("You are on the waitlist")
    fine(phone)

    with acting_as(clinic.desk):
        actions.cancel_appointment(by=clinic.desk, appointment=taken, reason="Has a cold", now=timezone.now())
    drain(9)
    mailed: Any = open_page(link_in(mail, "A time is free for you"), width=360)
    fine(mailed)
    expect(mailed.get_by_role("heading", level=1)).to_contain_text("10:00 am")
    mailed.get_by_role("button", name="Take this time").click()
    expect(mailed.get_by_role("main")).to_contain_text("This time is yours.")
    fine(mailed)
    drain(9)
    with as_the_system():
        visit = Appointment.objects.get(patient=clinic.patient)
        assert (visit.starts_at, visit.status) == (taken.starts_at, "booked")
        assert WaitOffer.objects.get().appointment_id == visit.pk

    gone: Any = open_page(link_in(mail, "Your visit is booked"), width=360)
    fine(gone)
    expect(gone.get_by_role("heading", level=1)).to_have_text("Cancel this visit?")
    gone.get_by_role("button", name="Cancel this visit").click()
    expect(gone.get_by_role("main")).to_contain_text("The visit is being cancelled")
    fine(gone)
    drain(9)
    gone.get_by_role("link", name="Look again").click()
    expect(gone.get_by_role("heading", level=1)).to_have_text("This visit is cancelled")
    fine(gone)


def test_pages_of_the_waitlist(look: Callable[..., None]) -> None:
    clinic = make_clinic()
    with as_the_system():
        site = SiteFactory(name=f"{LONG} Street")
        kind = VisitTypeFactory(name=f"{LONG} visit")
        wait = WaitFactory(
            patient=clinic.patient,
            visit_type=kind,
            provider=clinic.provider,
            isodows=[1, 2, 3, 4, 5],
            parts=["morning", "evening"],
            priority=2,
            priority_reason=f"{LONG} said so",
        )
        WaitFactory(patient=clinic.patient, site=site, visit_type=kind)
        WaitOfferFactory(wait=wait, provider=clinic.provider)
        WaitOfferFactory(wait=wait, provider=clinic.provider, state="expired", next_at=None)
    mine = f"/scheduling/patients/{clinic.patient.pk}/waitlist"
    look(sign_in(clinic.desk), "/scheduling/waitlist", mine, f"{mine}/{wait.pk}", "/scheduling/")
    look(sign_in(clinic.desk), f"{mine}/{wait.pk}", scheme="dark")
    look(sign_in(clinic.rosa), "/portal/visits/waitlist", "/portal/visits")


def test_the_list_of_whom_to_call_in(look: Callable[..., None]) -> None:
    clinic = make_clinic()
    due = timezone.localdate() - timedelta(days=3)
    for called in (True, False):
        patient = PatientFactory(site=clinic.site, family_name=LONG, phone="+15085550100")
        recall = RecallFactory(patient=patient, visit_type=VisitTypeFactory(name=f"{LONG} visit"), due_on=due)
        if called:
            RecallCallFactory(recall=recall)
    look(sign_in(clinic.desk), "/records/recalls")
    look(sign_in(clinic.desk), "/records/recalls", scheme="dark")
