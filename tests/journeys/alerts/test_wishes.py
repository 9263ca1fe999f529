"""What patients want to hear and when, set in a browser, and what the post then does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from alerts.actions import tell_patient
from alerts.models import Notice
from tests.alerts.conftest import Clinic, as_system
from tests.events.draining import as_worker, drain
from tests.factories import AppointmentFactory, ReminderFactory
from tests.journeys.accounts.conftest import Open
from tests.messaging.mailserver import MailServer
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("width", [1280, 360])
def test_once_a_day_in_one_mail(
    ward: Clinic, mail: MailServer, open_page: Open, fine: Callable[[Any], None], width: int
) -> None:
    """Given a patient who wants results once a day, when two are there, then one mail goes, in the morning."""
    page: Any = open_page("/portal/record/letters", client=sign_in(ward.account), width=width)
    page.get_by_label("Results and documents").select_option(label="Once a day, in one e-mail")
    fine(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_be_visible()
    fine(page)
    for number in range(2):
        told = {"letter": "result_released", "patient_id": ward.patient.pk}
        as_system(tell_patient, **told, source=f"records.entry:0000000{number}-0000-7000-8000-000000000000")
    drain()
    assert mail.taken == []
    assert as_worker(lambda: set(Notice.objects.values_list("state", "reason"))) == {("gathered", "once_a_day")}


def test_in_quiet_hours_a_reminder_waits(
    ward: Clinic, mail: MailServer, open_page: Open, fine: Callable[[Any], None]
) -> None:
    """Given quiet hours that the desk wrote down, when a reminder is due in them, then nothing goes until they end."""
    here = timezone.now().astimezone(ZoneInfo(ward.site.time_zone))
    page: Any = open_page(f"/patients/{ward.patient.pk}/profile/change", client=sign_in(ward.desk))
    page.get_by_label("Do not write from").fill(f"{here - 2 * HOUR:%I:%M %p}".lower())
    page.get_by_label("Until").fill(f"{here + 2 * HOUR:%I:%M %p}".lower())
    fine(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_be_visible()
    with as_the_system():
        visit = AppointmentFactory(patient=ward.patient, provider=ward.provider, start=timezone.now() + 50 * HOUR)
        ReminderFactory(appointment=visit, due_at=timezone.now() - timedelta(minutes=1))
    drain()
    assert mail.taken == []
