"""The calendar file: one UID for life, a sequence that grows, the site's own clock, and nothing about health."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from icalendar import Calendar

from scheduling.invitations import invitation
from scheduling.places import address_lines, directions_url
from tests.factories import AppointmentFactory, PatientFactory, SiteFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
URL = "https://clinic.example/portal/visits/1"


@pytest.fixture
def site():
    return SiteFactory(name="Alder", line="12 Alder Street", city="Worcester", state="MA", postal_code="01608")


def read(visit):
    calendar = Calendar.from_ical(invitation(visit, url=URL, now=NOW))
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_time_place_and_the_way_to_the_page(site) -> None:
    start = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
    visit = AppointmentFactory(patient=PatientFactory(site=site), start=start)
    calendar, event = read(visit)
    assert event["dtstart"].dt == start
    assert event["dtstart"].params["TZID"] == "America/New_York"
    assert event["dtend"].dt.astimezone(ZoneInfo("UTC")).hour == 15
    assert [zone["tzid"] for zone in calendar.walk("VTIMEZONE")] == ["America/New_York"]
    assert event["location"] == "Alder, 12 Alder Street, Worcester, MA 01608"
    assert event["url"] == URL
    assert calendar["method"] == "PUBLISH"
    assert "attendee" not in event, "RFC 5546, 3.2.1: a file that is taken along invites nobody"
    assert event["organizer"].startswith("mailto:")


@pytest.mark.parametrize("month", [1, 7, 12])
def test_the_file_alone_says_which_instant_it_is(site, month) -> None:
    """The zone is spelled out for the visit's year, either side of both changes of the clocks."""
    start = datetime(2027, month, 24, 14, 20, tzinfo=UTC)
    calendar, event = read(AppointmentFactory(patient=PatientFactory(site=site), start=start))
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone.to_tz(lookup_tzid=False).utcoffset(event["dtstart"].dt.replace(tzinfo=None)) == (
        event["dtstart"].dt.utcoffset()
    )
    assert len(zone.to_ical()) < 1_000


def test_the_same_uid_for_life_and_a_sequence_that_grows(site) -> None:
    visit = AppointmentFactory(patient=PatientFactory(site=site))
    _calendar, first = read(visit)
    visit.sequence = 3
    _calendar, moved = read(visit)
    assert first["uid"] == moved["uid"]
    assert str(visit.pk) in first["uid"]
    assert (first["sequence"], moved["sequence"]) == (0, 3)


def test_a_cancelled_visit_takes_itself_out(site) -> None:
    patient = PatientFactory(site=site)
    visit = AppointmentFactory(patient=patient, status="cancelled", cancelled_at=timezone.now(), sequence=2)
    calendar, event = read(visit)
    assert calendar["method"] == "CANCEL"
    assert event["status"] == "CANCELLED"
    assert event["sequence"] == 3, "RFC 5546, 3.2.5: above every one that was sent"


def test_neither_patient_provider_nor_reason_is_named(site) -> None:
    patient = PatientFactory(site=site, family_name="Canaryson")
    visit = AppointmentFactory(patient=patient, reason="A secret cough")
    told = invitation(visit, url=URL, now=NOW).decode()
    for word in ("Canaryson", "secret", visit.provider.name, visit.visit_type.name):
        assert word not in told


def test_a_site_without_an_address_has_no_map() -> None:
    site = SiteFactory(name="Van")
    assert address_lines(site) == []
    assert directions_url(site) == ""


def test_the_map_is_asked_for_the_clinics_address_alone(site) -> None:
    assert directions_url(site).endswith("?to=12+Alder+Street%2C+Worcester%2C+MA+01608")
