"""E!A #962, #910, #985, cal.com #30021: one visit is one instant, wherever one looks and wherever one is."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django.utils.html import strip_tags
from icalendar import Calendar

from healthcare.db.context import acting_as
from healthcare.ui.dates import zone_name
from scheduling import actions
from scheduling.rules import day_span, on_the_clock
from scheduling.words import when_words
from tests.bearer import Program, token_for
from tests.events.draining import drain
from tests.factories import PatientFactory, SiteFactory, VisitTypeFactory, bookable_provider, portal_user
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system
from tests.scheduling.conftest import Clinic
from tests.scheduling.pages import text

pytestmark = pytest.mark.django_db
#: Whole, half and three quarters of hours off; changes at midnight, by half an hour, in winter, southern, and none.
TWELVE = [
    "Africa/Cairo",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Chatham",
]
HALF = timedelta(minutes=30)


def next_change(zone: ZoneInfo) -> date:
    """The first day, from the day after tomorrow on, on which the clocks there change; without any, that day."""
    today = timezone.now().astimezone(zone).date()
    days = (today + timedelta(days=n) for n in range(2, 370))
    return next((day for day in days if length(day, zone) != timedelta(days=1)), today + timedelta(days=2))


def length(day: date, zone: ZoneInfo) -> timedelta:
    begins, ends = day_span(day, zone)
    return ends - begins


def clinic_in(zone: str) -> Clinic:
    with as_the_system():
        site = SiteFactory(time_zone=zone, phone="+4930123456")
        patient = PatientFactory(site=site)
        return Clinic(
            site=site,
            provider=bookable_provider(site),
            visit_type=VisitTypeFactory(minutes=30, grid_minutes=30, horizon_days=3650),
            patient=patient,
            rosa=portal_user(patient, email="rosa@portal.example"),
            desk=None,  # type: ignore[arg-type]
        )


def offered(page: str) -> Iterator[tuple[datetime, str]]:
    """Instant and words, of every time on the page."""
    for start, words in re.findall(r'<a[^>]*start=([^"&]+)[^>]*>(.*?)</a>', page, re.DOTALL):
        said = start.replace("%3A", ":").replace("%2B", "+")
        yield datetime.fromisoformat(said), " ".join(strip_tags(words).split())


@pytest.mark.bug(10)
@pytest.mark.parametrize("name", TWELVE)
def test_what_the_page_offers_on_the_day_of_a_change_is_what_is_booked(name: str, browser: Any) -> None:
    zone, clinic = ZoneInfo(name), clinic_in(name)
    day = next_change(zone)
    asked = f"site={clinic.site.pk}&visit_type={clinic.visit_type.slug}&day={day}"
    page = text(browser(clinic.rosa).get(f"/portal/book/{clinic.provider.pk}?{asked}"))
    here = [(start, words) for start, words in offered(page) if start.astimezone(zone).date() == day]
    assert len(here) == length(day, zone) // HALF, "each half hour that the clock there shows that day, and no other"
    for start, words in here:
        local = start.astimezone(zone)
        hour = f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}"
        assert words in (hour, f"{hour} {zone_name(local)}"), (start, words)
    told = [words for _start, words in here]
    assert len(set(told)) == len(told), "a repeated hour says which of the two it means"
    for start, _words in (here[0], here[3], here[4], here[-1]):
        visit = clinic.book(start=start, now=timezone.now())
        assert visit.starts_at == start
        assert visit.wall_start == on_the_clock(start, zone)


@pytest.mark.bug(11)
def test_berlin_and_the_azores_mean_one_instant_across_the_change_of_clocks(browser: Any, mail: MailServer) -> None:
    """Booked before the change and held after it, by somebody whose own clock says something else."""
    zone, clinic = ZoneInfo("Europe/Berlin"), clinic_in("Europe/Berlin")
    day = next_change(zone) + timedelta(days=2)
    start = datetime(day.year, day.month, day.day, 9, 30, tzinfo=zone).astimezone(UTC)
    visit = clinic.book(start=start, now=timezone.now())
    drain()
    client = browser(clinic.rosa)
    with timezone.override("Europe/Berlin"):
        words = when_words(start, timezone.now())
    assert re.search(r"9:30 am CES?T", words)
    for path in (f"/portal/visits/{visit.pk}", "/portal/visits", "/portal/"):
        assert words in text(client.get(path)), f"{path} says when, with the zone of the clinic"
    (sent,) = mail.taken
    letter, calendar = (part.get_content() for part in sent.iter_parts())
    assert f"9:30 am {words.split()[-1]}" in letter
    file = client.get(f"/portal/visits/{visit.pk}/visit.ics").content
    with acting_as(clinic.rosa):
        secret = actions.make_patient_feed(by=clinic.rosa, patient=clinic.patient, now=timezone.now())
    feed = client.get(f"/scheduling/feeds/{secret}/visits.ics").content
    azores = ZoneInfo("Atlantic/Azores")
    for made in (calendar, file, feed):
        calendar_read = Calendar.from_ical(made)
        (event,) = calendar_read.walk("VEVENT")
        (clock,) = calendar_read.walk("VTIMEZONE")
        assert event["DTSTART"].params["TZID"] == clock["TZID"] == "Europe/Berlin"
        naive = event["DTSTART"].dt.replace(tzinfo=None)
        spelled_out = naive.replace(tzinfo=clock.to_tz(lookup_tzid=False))
        assert spelled_out.astimezone(azores) == start.astimezone(azores), "by the file's own clock alone"
    answer = Program(token_for(clinic.rosa)).read(f"/appointments/{visit.pk}").json()
    assert datetime.fromisoformat(answer["start"]) == start
    assert datetime.fromisoformat(answer["start"]).utcoffset() is not None
