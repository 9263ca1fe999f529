"""The post in a real browser: a reminder answered by its link, the page of those who keep it running, and what an
administrator arranges."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from healthcare.devservices.carriers import Carriers
from healthcare.messaging.models import Circuit, Message
from scheduling.models import Appointment
from tests.accounts.conftest import colleague
from tests.accounts.conftest import sign_in as sign_in_staff
from tests.events.draining import as_worker, drain
from tests.factories import ContactPreferenceFactory, ReminderFactory
from tests.journeys.accounts.conftest import Open
from tests.messaging.mailserver import MailServer
from tests.messaging.test_replies import write_back
from tests.roles import as_the_system
from tests.scheduling.conftest import Clinic, make_clinic
from tests.scheduling.pages import at, visit_at

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
NUMBER = "+15085550123"


@pytest.fixture(autouse=True)
def reachable(settings: Any) -> None:
    settings.PUBLIC_URL = "https://clinic.example"


def reminded(clinic: Clinic) -> Appointment:
    """A visit of somebody who agreed to text messages, of which a reminder is due; whatever the hour is now."""
    with as_the_system():
        now = timezone.now()
        clinic.patient.quiet_from = clinic.patient.quiet_until = now.time()
        clinic.patient.phone = NUMBER
        clinic.patient.save()
        ContactPreferenceFactory(patient=clinic.patient, channel="sms", purpose="visits", allowed=True)
        visit = visit_at(clinic, at(10, days=2))
        ReminderFactory(appointment=visit, due_at=now - timedelta(minutes=1))
    drain()
    return visit


def test_who_reads_mails_confirms_by_its_link(
    open_page: Open,
    fine: Callable[[Any], None],
    mail: MailServer,
) -> None:
    """Given a reminder by mail, when the patient opens its link, then nothing changes until they press."""
    clinic = make_clinic()
    visit = reminded(clinic)
    with as_the_system():
        clinic.patient.phone = ""
        clinic.patient.save()
        ReminderFactory(appointment=visit, stage="two_hours", due_at=timezone.now() - timedelta(minutes=1))
    drain()
    text = next(one for one in mail.taken if "soon" in str(one["Subject"])).get_body(("plain",)).get_content()
    link = next(line for line in text.splitlines() if line.endswith("/confirm"))
    phone: Any = open_page(link.removeprefix("https://clinic.example"), width=360)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Will you come?")
    fine(phone)
    assert as_worker(lambda: Appointment.objects.get(pk=visit.pk).status) == "booked"
    phone.get_by_role("button", name="I will come").click()
    expect(phone.get_by_role("main")).to_contain_text("We look forward to seeing you")
    fine(phone)
    drain()
    assert as_worker(lambda: Appointment.objects.get(pk=visit.pk).status) == "confirmed"


def test_a_yes_by_text_message_is_seen_at_the_desk(
    open_page: Open, fine: Callable[[Any], None], mail: MailServer, carriers: Carriers
) -> None:
    """Given a reminder by text message, when the patient writes YES, then the desk's page of the visit says so."""
    clinic = make_clinic()
    visit = reminded(clinic)
    (sms,) = carriers.taken
    assert (sms["to"], sms["body"].count("Reply YES")) == (NUMBER, 1)
    assert clinic.patient.family_name not in sms["body"]
    place = f"/scheduling/patients/{visit.patient_id}/visits/{visit.pk}"
    page: Any = open_page(place, client=sign_in_staff(clinic.desk))
    expect(page.get_by_role("main")).not_to_contain_text("Confirmed")
    assert write_back("Yes", sender=NUMBER).status_code == 200
    drain()
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("Confirmed")
    fine(page)
    assert "We expect you" in carriers.taken[-1]["body"]


def test_what_did_not_go_out_is_seen_and_sent_again(
    open_page: Open,
    fine: Callable[[Any], None],
    look: Callable[..., None],
    mail: MailServer,
    post: Any,
) -> None:
    """Given a mail that was refused, when an administrator has it sent again, then it arrives and is listed no more."""
    client = sign_in_staff(colleague("administrator", full_name="Renata Cole"))
    look(client, "/alerts/post")
    mail.orders.append("data:554 spam")
    key = post()
    lost = post("sms")
    as_worker(lambda: Message.objects.filter(pk=lost).update(status="unknown", error="lost-worker", next_at=None))
    soon = timezone.now() + timedelta(minutes=4)
    as_worker(lambda: Circuit.objects.create(channel="sms", failures=7, open_until=soon))
    drain()
    page: Any = open_page("/alerts/post", client=client)
    expect(page.get_by_role("main")).to_contain_text("The carrier is down")
    expect(page.get_by_role("main")).to_contain_text("nobody knows whether it arrived")
    fine(page)
    look(client, "/alerts/post", scheme="dark")
    page.get_by_role("row", name="E-mail").get_by_role("button", name="Send again").click()
    expect(page.locator("#messages")).to_contain_text("It is being sent again")
    drain()
    page.reload()
    expect(page.get_by_role("row", name="E-mail").get_by_role("button")).to_have_count(0)
    assert as_worker(lambda: Message.objects.get(pk=key).status) == "sent"


def test_an_administrator_arranges_how_soon_who_is_next(open_page: Open) -> None:
    """Given the delivered ladder, when an administrator shortens it, then they see what follows before it is kept."""
    page: Any = open_page(
        "/admin/alerts/ladder/add/", client=sign_in_staff(colleague("administrator", full_name="Renata Cole"))
    )
    page.get_by_label("Severity").select_option("urgent")
    for label, minutes in (("asked again", "2"), ("whole team", "4"), ("the supervisors", "90")):
        page.get_by_label(label).fill(minutes)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("body")).to_contain_text("would learn it too late")
    page.get_by_label("the supervisors").fill("6")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("body")).to_contain_text("After 6 minutes the supervisors are")
