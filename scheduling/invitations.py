"""Visits as calendar files (RFC 5545), one by one or all in a feed: where and when, and nothing about health."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, vCalAddress

from scheduling.models import Appointment
from scheduling.queries.feeds import FeedVisit

PRODUCT = "-//healthcare//visits//EN"


def invitation(visit: Appointment, *, url: str, now: datetime, to: str = "") -> bytes:
    """The visit with its site loaded; `url` is the patient's page about it, `now` when the file is made.

    A mail to `to` carries a METHOD:REQUEST, and a METHOD:CANCEL once the visit is cancelled (RFC 5546, 3.2.2 and
    3.2.5); a file that somebody takes along themself is a PUBLISH. Whoever gets it has agreed already, and nobody reads
    replies: so none is asked for. Neither patient, provider nor reason is named: calendars are shared and kept by
    others.
    """
    event, cancelled = _event(visit, url, now), _is_cancelled(visit)
    if to:
        event.add("attendee", _attendee(to))
    calendar = empty_calendar()
    calendar.add("method", "CANCEL" if cancelled else "REQUEST" if to else "PUBLISH")
    calendar.add_component(clock(visit.time_zone, *years_of([visit.starts_at])))
    calendar.add_component(event)
    return calendar.to_ical()


def invitations(visits: Sequence[Appointment], *, url: Callable[[Appointment], str], now: datetime) -> bytes:
    """Several visits, at least one, in one file to take along: the same entries as one by one. Only a PUBLISH may hold
    entries of more than one UID (RFC 5546, 3.2.1).
    """
    calendar = empty_calendar()
    calendar.add("method", "PUBLISH")
    for zone in sorted({visit.time_zone for visit in visits}):
        calendar.add_component(clock(zone, *years_of(v.starts_at for v in visits if v.time_zone == zone)))
    for visit in visits:
        calendar.add_component(_event(visit, url(visit), now))
    return calendar.to_ical()


def _event(visit: Appointment, url: str, now: datetime) -> Event:
    """Of one visit, as the patient's own calendar has it."""
    summary = _("Visit at %(clinic)s") % {"clinic": settings.CLINIC_NAME}
    told: dict[str, Any] = {"summary": summary, "location": address_of(visit), "url": url, "stamp": now}
    event = entry(visit, cancelled=_is_cancelled(visit), **told)
    event.add("description", _("Move or cancel it here: %(url)s") % {"url": url})
    event.add("organizer", _organizer())
    return event


def _is_cancelled(visit: Appointment) -> bool:
    return visit.status == Appointment.Status.CANCELLED


def feed_of(visits: Sequence[FeedVisit], *, summaries: Mapping[str, str], url: Callable[[FeedVisit], str]) -> bytes:
    """All of them in one calendar that is read again and again (RFC 7986, 5.7: every hour); cancelled ones stay for a
    while, so that calendars take them out. `summaries` are the words by kind.
    """
    calendar = empty_calendar()
    calendar.add("x-wr-calname", _("Visits at %(clinic)s") % {"clinic": settings.CLINIC_NAME})
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for zone in sorted({visit.time_zone for visit in visits}):
        there = [visit.starts_at for visit in visits if visit.time_zone == zone]
        calendar.add_component(clock(zone, *years_of(there)))
    for visit in visits:
        place = _in_one_line(visit.site, visit.line, visit.city, visit.state, visit.postal_code)
        told: dict[str, Any] = {"location": place, "url": url(visit), "stamp": visit.changed_at}
        calendar.add_component(entry(visit, cancelled=visit.cancelled, summary=summaries[visit.kind], **told))
    return calendar.to_ical()


def entry(
    of: Appointment | FeedVisit, *, cancelled: bool, summary: str, location: str, url: str, stamp: datetime
) -> Event:
    """What every calendar is told of a visit, in files, mails and feeds alike; `stamp` is when that was true.

    The UID stays the same for life and SEQUENCE counts the times it was given (RFC 5545, 3.8.4.7 and 3.8.7.4), so that
    a calendar that has the visit moves its entry. Times are on the clock at the site.
    """
    zone = ZoneInfo(of.time_zone)
    event = Event()
    event.add("uid", f"{of.pk}@{_host()}")
    event.add("sequence", of.sequence + cancelled)
    event.add("dtstamp", stamp)
    event.add("dtstart", of.starts_at.astimezone(zone))
    event.add("dtend", of.ends_at.astimezone(zone))
    event.add("summary", summary)
    if location:
        event.add("location", location)
    event.add("url", url)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return event


def empty_calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def years_of(moments: Iterable[datetime]) -> tuple[int, int]:
    """The first and the last year in which these lie, in UTC."""
    years = {moment.astimezone(UTC).year for moment in moments}
    return min(years), max(years)


@lru_cache(maxsize=256)
def clock(zone: str, first: int, last: int) -> Timezone:
    """How the clocks there go from the winter before these years to the winter after: all changes since 1970 took 2 ms
    and 3 kB.
    """
    return Timezone.from_tzid(zone, first_date=date(first - 1, 1, 1), last_date=date(last + 2, 1, 1))


def feed_address(secret: str) -> str:
    """Where a calendar program reads a feed."""
    return f"{settings.PUBLIC_URL}{reverse('scheduling:feed', args=[secret])}"


def _organizer() -> vCalAddress:
    address = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    address.params["CN"] = settings.CLINIC_NAME
    return address


def _attendee(to: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{to}")
    address.params["ROLE"], address.params["PARTSTAT"], address.params["RSVP"] = "REQ-PARTICIPANT", "ACCEPTED", "FALSE"
    return address


def address_of(visit: Appointment) -> str:
    """The site in one line, as people and maps read it."""
    site = visit.site
    return _in_one_line(site.name, site.line, site.city, site.state, site.postal_code)


def _in_one_line(name: str, line: str, city: str, state: str, postal_code: str) -> str:
    return ", ".join(part for part in (name, line, city, f"{state} {postal_code}".strip()) if part)


def _host() -> str:
    return settings.PUBLIC_URL.split("://")[-1].split("/")[0].split(":")[0]
