"""What the pages call the states of a visit: a role of the design language, and words for staff and for patients."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import dateformat, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider
from healthcare.ui.calendars import Slot, SlotDay
from healthcare.ui.dates import day_text, moment_text, time_text, zone_name
from scheduling.models import HERE, AheadAnswer, Appointment, GroupSession
from scheduling.queries import FreeTime
from scheduling.queries.groups import Group
from scheduling.queries.providers import Line, Missing

S = Appointment.Status
ROLES: dict[str, str] = {
    S.REQUESTED: "wait",
    S.BOOKED: "off",
    S.CONFIRMED: "info",
    S.ARRIVED: "wait",
    S.ROOMED: "info",
    S.WITH_PROVIDER: "info",
    S.CHECKED_OUT: "ok",
    S.NO_SHOW: "off",
    S.CANCELLED: "off",
    S.LEFT: "warn",
}
OWN_ROLES = ROLES | {S.BOOKED: "info", S.CONFIRMED: "ok", S.CHECKED_OUT: "off"}
TO_PATIENTS: dict[str, Promise] = {
    S.REQUESTED: _("Asked for: the clinic answers"),
    S.BOOKED: _("Booked"),
    S.CONFIRMED: _("You said you will come"),
    S.ARRIVED: _("You are here"),
    S.ROOMED: _("You are here"),
    S.WITH_PROVIDER: _("You are being seen"),
    S.CHECKED_OUT: _("Over"),
    S.NO_SHOW: _("You did not come"),
    S.CANCELLED: _("Cancelled"),
    S.LEFT: _("You left before you were seen"),
}


ENDED: dict[str, Promise] = {
    Appointment.RequestEnd.DECLINED: _("The clinic could not agree to it"),
    Appointment.RequestEnd.EXPIRED: _("Nobody answered in time"),
    Appointment.RequestEnd.WITHDRAWN: _("You took it back"),
}


def role_of(visit: Appointment) -> str:
    return ROLES[visit.status]


def state_of(visit: Appointment) -> str:
    """The status in the clinic's words; in a room it is the room that counts."""
    if visit.status == S.ROOMED and visit.room:
        return visit.room
    return str(visit.get_request_end_display() or S(visit.status).label)


def day_words(moment: datetime, now: datetime) -> str:
    """The day in the current zone as people say it: "Today, Monday, November 23"."""
    local, today = timezone.localtime(moment).date(), timezone.localtime(now).date()
    told = dateformat.format(local, gettext("l, F j"))
    if local == today:
        return gettext("Today, %(day)s") % {"day": told}
    if local == today + timedelta(days=1):
        return gettext("Tomorrow, %(day)s") % {"day": told}
    return told


def when_words(moment: datetime, now: datetime) -> str:
    """Day and time with its zone, in the current zone: "Tomorrow, Tuesday, November 24, 9:20 am EST"."""
    return gettext("%(day)s, %(time)s") % {"day": day_words(moment, now), "time": time_text(moment)}


def short_when(moment: datetime, now: datetime) -> str:
    """As short as a button asks for: "Today, 3:40 pm EST", "Dec 8, 9:00 am EST"."""
    local, today = timezone.localtime(moment), timezone.localtime(now).date()
    near: dict[Any, str] = {today: gettext("Today"), today + timedelta(days=1): gettext("Tomorrow")}
    day = near.get(local.date()) or dateformat.format(local, gettext("D, M j"))
    return gettext("%(day)s, %(time)s") % {"day": day, "time": time_text(moment)}


def minutes_words(minutes: int) -> str:
    """How long: "20 min", "1 h", "1 h 5 min"."""
    if minutes < 60:
        return ngettext("%(n)d min", "%(n)d min", minutes) % {"n": minutes}
    if minutes % 60 == 0:
        return ngettext("%(n)d h", "%(n)d h", minutes // 60) % {"n": minutes // 60}
    return gettext("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


@dataclass(frozen=True)
class Row:
    """A visit as lists show it: `role` and `state` are its status, `day` its day in words, `when` day and time with
    their zone, on the clock at its site.
    """

    visit: Appointment
    role: str
    state: str
    day: str
    when: str


def _row(visit: Appointment, role: str, state: str, now: datetime) -> Row:
    return Row(visit, role, state, day_words(visit.starts_at, now), when_words(visit.starts_at, now))


def row_of(visit: Appointment, now: datetime) -> Row:
    """In the zone of the visit's site."""
    with timezone.override(visit.time_zone):
        return _row(visit, role_of(visit), state_of(visit), now)


@dataclass(frozen=True)
class GroupRow:
    """A session as lists show it: `seats` says how many of them are given, `when` as in `Row`."""

    session: GroupSession
    given: int
    free: int
    day: str
    when: str
    seats: str
    role: str


def group_row_of(group: Group, now: datetime) -> GroupRow:
    """In the zone of the session's site."""
    session = group.session
    role = "off" if session.is_cancelled else "info" if group.free else "ok"
    with timezone.override(session.time_zone):
        day, when = day_words(session.starts_at, now), when_words(session.starts_at, now)
    return GroupRow(session, group.given, group.free, day, when, seats_words(group), role)


def seats_words(group: Group) -> str:
    """ "How many are given, as “5 of 8 seats”; of one that was called off, that it was."""
    if group.session.is_cancelled:
        return gettext("Cancelled")
    told = ngettext("%(given)d of %(n)d seat", "%(given)d of %(n)d seats", group.session.seats)
    return told % {"given": group.given, "n": group.session.seats}


def first_needed(visits: Iterable[Appointment], now: datetime) -> list[Appointment]:
    """Who is here, then who comes, then who should have come, then who is done with; each by time."""

    def place(visit: Appointment) -> tuple[int, datetime]:
        if visit.status in HERE:
            return 0, visit.starts_at
        if visit.is_open:
            return (1 if visit.ends_at > now else 2), visit.starts_at
        return 3, visit.starts_at

    return sorted(visits, key=place)


def own_row_of(visit: Appointment, now: datetime) -> Row:
    """As `row_of`, in the patient's words."""
    with timezone.override(visit.time_zone):
        told = ENDED[visit.request_end] if visit.request_end else TO_PATIENTS[visit.status]
        return _row(visit, OWN_ROLES[visit.status], str(told), now)


def provider_name(provider: Provider) -> str:
    """As patients know them: "Maren Okafor, MD"."""
    return f"{provider.name}, {provider.credentials}" if provider.credentials else provider.name


def way_of(visit: Appointment) -> list[dict[str, Any]]:
    """What happened so far and when, for a timeline; in the current zone."""
    told = (
        ("info", _("Asked for") if visit.answer_by else _("Booked"), visit.created_at),
        ("info", _("Agreed to"), visit.accepted_at),
        ("info", _("Confirmed"), visit.confirmed_at),
        ("wait", _("Arrived"), visit.arrived_at),
        ("info", visit.room or _("In a room"), visit.roomed_at),
        ("info", _("With the provider"), visit.started_at),
        ("ok", _("Finished"), visit.finished_at),
        ("off", S(visit.status).label, visit.missed_at),
        ("off", visit.get_request_end_display() or _("Cancelled"), visit.cancelled_at),
    )
    steps = [(role, title, at) for role, title, at in told if at]
    return [{"role": role, "title": title, "meta": moment_text(at), "text": ""} for role, title, at in steps]


# == Free times ==
def days_of(
    times: Iterable[FreeTime], now: datetime, *, url: Callable[[FreeTime], str] | None = None, at_most: int = 0
) -> list[SlotDay]:
    """The times under their days, each on the clock at its site; links where there is a `url`, values else.

    `at_most` cuts the times of a day, 0 cuts none. Where a change of the clocks lies between, each says which it means.
    """
    found = list(times)
    several = len({free.start.astimezone(ZoneInfo(free.time_zone)).tzname() for free in found}) > 1
    days: dict[str, list[Slot]] = {}
    for free in found:
        with timezone.override(free.time_zone):
            slots = days.setdefault(day_words(free.start, now), [])
            slot = Slot(time_text(free.start, zone=several), url(free) if url else "", free.start.isoformat())
        if not at_most or len(slots) < at_most:
            slots.append(slot)
    return [SlotDay(day, slots) for day, slots in days.items()]


def zones_of(*days: date) -> str:
    """What the clock of the current zone is called at noon of these days: "EST", or "EDT, EST" round a change."""
    noons = [datetime.combine(day, time(12), timezone.get_current_timezone()) for day in days]
    return ", ".join(dict.fromkeys(zone_name(noon) for noon in noons))


def choices_of(times: Iterable[FreeTime], now: datetime) -> list[Slot]:
    """Other times to take instead, each whole in its words: day, time and zone."""
    found = []
    for free in times:
        with timezone.override(free.time_zone):
            found.append(Slot(when_words(free.start, now), value=free.start.isoformat()))
    return found


# == Providers, for administrators ==
MISSING: dict[Missing, Promise] = {
    Missing.ACCOUNT: _("An account to sign in with"),
    Missing.ROLE: _("A role at one of their sites"),
    Missing.SITE: _("A site where they see patients"),
    Missing.SPECIALTY: _("A specialty"),
    Missing.HOURS: _("Hours"),
    Missing.LICENCE: _("A licence"),
    Missing.LANGUAGES: _("Languages"),
}


def licence_words(line: Line) -> tuple[str, str]:
    """How a provider stands: a role of the design language, and until when they are licensed."""
    licence, until = line.licence, line.until
    if not licence.covers:
        if licence.ended:
            return "bad", gettext("Ended after %(day)s") % {"day": day_text(licence.ended)}
        if licence.begins:
            return "bad", gettext("Begins on %(day)s") % {"day": day_text(licence.begins)}
        return "bad", gettext("None recorded")
    if not licence.recorded:
        return "unknown", gettext("None recorded")
    if until is None:
        return "ok", gettext("Without an end")
    return "warn" if line.ends_soon else "ok", gettext("Until %(day)s") % {"day": day_text(until)}


# == Before the visit ==
ITEMS: dict[str, Promise] = {
    "details": _("Details"),
    "allergies": _("Allergies"),
    "medicines": _("Medicines"),
    "coverage": _("Insurance"),
}


def ahead_words(answers: Iterable[AheadAnswer]) -> list[tuple[str, str, str]]:
    """What the patient's side said: what about, a role of the design language, and the answer."""
    said = {True: ("ok", gettext("right")), False: ("warn", gettext("something is different"))}
    return [(str(ITEMS.get(one.item, one.item)), *said[one.right]) for one in answers]
