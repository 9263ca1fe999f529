"""A visit as a calendar file (RFC 5545), for the patient's own calendar: where and when, and nothing about health."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone

from scheduling.models import Appointment

PRODUCT = "-//healthcare//visits//EN"


def invitation(visit: Appointment, *, url: str, now: datetime) -> bytes:
    """The visit with its site loaded; `url` is the patient's page about it, `now` when the file is made.

    The UID stays the same for life and SEQUENCE counts the times it was given (RFC 5545, 3.8.4.7 and 3.8.7.4), so that
    a calendar that has the file moves its entry. Times are on the clock at the site, with its zone spelled out for the
    visit's year. A cancelled visit is a METHOD:CANCEL (RFC 5546, 3.2.5). Neither patient, provider nor reason is named:
    calendars are shared and kept by others.
    """
    cancelled = visit.status == Appointment.Status.CANCELLED
    zone = ZoneInfo(visit.time_zone)
    event = Event()
    event.add("uid", f"{visit.pk}@{_host()}")
    event.add("sequence", visit.sequence + cancelled)
    event.add("dtstamp", now)
    event.add("dtstart", visit.starts_at.astimezone(zone))
    event.add("dtend", visit.ends_at.astimezone(zone))
    event.add("summary", _("Visit at %(clinic)s") % {"clinic": settings.CLINIC_NAME})
    event.add("location", address_of(visit))
    event.add("description", _("Move or cancel it here: %(url)s") % {"url": url})
    event.add("url", url)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(_clock(visit.time_zone, visit.starts_at.astimezone(zone).year))
    calendar.add_component(event)
    return calendar.to_ical()


@lru_cache(maxsize=256)
def _clock(zone: str, year: int) -> Timezone:
    """How the clocks there go from the winter before to the winter after: all changes since 1970 took 2 ms and 3 kB."""
    return Timezone.from_tzid(zone, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))


def address_of(visit: Appointment) -> str:
    """The site in one line, as people and maps read it."""
    site = visit.site
    place = f"{site.state} {site.postal_code}".strip()
    return ", ".join(part for part in (site.name, site.line, site.city, place) if part)


def _host() -> str:
    return settings.PUBLIC_URL.split("://")[-1].split("/")[0].split(":")[0]
