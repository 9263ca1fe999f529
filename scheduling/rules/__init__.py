"""Decisions about times, without database or clock: the grid, what may be booked, what lies near."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from operator import itemgetter
from uuid import UUID
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]  # from, and up to but without
EARTH_KM = 6371.0088  # mean radius, IUGG
MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)  # the shortest that a clock here tells


@dataclass(frozen=True)
class Length:
    """Of a kind of visit, in minutes; the buffers are the provider's, the patient sees the minutes between them."""

    minutes: int
    before: int = 0
    after: int = 0
    grid: int = 5

    def blocked(self, start: datetime) -> Span:
        """What the visit takes of the provider's time, buffers included."""
        end = start + timedelta(minutes=self.minutes + self.after)
        return start - timedelta(minutes=self.before), end

    def seen(self, start: datetime) -> Span:
        """What the patient sees."""
        return start, start + timedelta(minutes=self.minutes)


# == The grid ==
def on_grid(moment: datetime, zone: ZoneInfo, grid: int) -> bool:
    """Whether the clock in the zone shows a whole multiple of `grid` minutes since midnight."""
    local = moment.astimezone(zone)
    return not (local.second or local.microsecond) and (local.hour * 60 + local.minute) % grid == 0


def next_on_grid(moment: datetime, zone: ZoneInfo, grid: int) -> datetime:
    """The first instant on the grid at or after this one, in UTC; the clock may be put forward or back on the way."""
    moment = moment.astimezone(UTC)
    if short := timedelta(seconds=moment.second, microseconds=moment.microsecond):
        moment += MINUTE - short
    while not on_grid(moment, zone, grid):
        local = moment.astimezone(zone)
        since_midnight = local.hour * 60 + local.minute
        moment += min(grid - since_midnight % grid, 1440 - since_midnight) * MINUTE
    return moment


def starts_within(free: Iterable[Span], zone: ZoneInfo, length: Length, *, between: Span) -> Iterator[datetime]:
    """Every start on the grid whose visit, buffers included, lies in one free span; starts within `between`, in UTC.

    What is shown is what can be booked: the booking asks `on_grid` and the database's free time of the same instants.
    """
    step = (
        length.grid if 30 % length.grid == 0 else 1
    ) * MINUTE  # clocks change by half hours: no start is passed over
    for begins, ends in free:
        start = next_on_grid(max(begins + length.before * MINUTE, between[0]), zone, length.grid)
        while length.blocked(start)[1] <= ends and start < between[1]:
            yield start
            start = next_on_grid(start + step, zone, length.grid)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch or overlap made one."""
    found: list[Span] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of the spans."""
    left = merged(spans)
    for begins, ends in merged(taken):
        left = [
            piece
            for span in left
            for piece in ((span[0], min(span[1], begins)), (max(span[0], ends), span[1]))
            if piece[0] < piece[1]
        ]
    return left


def common(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What lies in both."""
    mine = merged(spans)
    return without(mine, without(mine, others))


def startable(free: Iterable[Span], length: Length) -> list[Span]:
    """Within which spans a visit can begin so that it lies, buffers included, in one of the free ones."""
    blocked = (length.before + length.minutes + length.after) * MINUTE
    return [
        (begins + length.before * MINUTE, ends - blocked + length.before * MINUTE + INSTANT)
        for begins, ends in free
        if ends - begins >= blocked
    ]


def lies_in(moment: datetime, spans: Sequence[Span]) -> bool:
    """Whether it is in one of the spans, which are in order and apart."""
    place = bisect_right(spans, moment, key=itemgetter(0))
    return place > 0 and moment < spans[place - 1][1]


def nearest(starts: Iterable[datetime], wanted: datetime, count: int = 3) -> list[datetime]:
    """The starts nearest to the one that is taken, in the order of the day; of two as near, the earlier."""
    return sorted(sorted(set(starts), key=lambda start: (abs(start - wanted), start))[:count])


def day_span(day: date, zone: ZoneInfo) -> Span:
    """From midnight to midnight on the clock, in UTC: 23, 24 or 25 hours."""
    begins = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = day + timedelta(days=1)
    ends = datetime(following.year, following.month, following.day, tzinfo=zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def hours_meet(one: tuple[time, time], other: tuple[time, time]) -> bool:
    """Whether hours of one weekday share a minute; an end at or before the start is on the next day."""
    (a_from, a_to), (b_from, b_to) = (_minutes(*hours) for hours in (one, other))
    return a_from < b_to and b_from < a_to


def _minutes(starts: time, ends: time) -> tuple[int, int]:
    first, last = starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute
    return first, last if last > first else last + 1440


def on_the_clock(moment: datetime, zone: tzinfo) -> str:
    """What the clock shows there, as YYYY-MM-DDTHH:MM: texts that sort as the times do."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"


# == Series ==
MOST_IN_SERIES = 52


def series_starts(first: datetime, zone: ZoneInfo, *, every_days: int, count: int) -> list[datetime]:
    """`first` and the same time on the clock there every so many days, in UTC.

    A time that the clock skips on one of the days is as long after midnight; of one that it shows twice, the first.
    """
    local = first.astimezone(zone).replace(tzinfo=None)
    days = (timedelta(days=every_days * n) for n in range(count))
    return [(local + ahead).replace(tzinfo=zone).astimezone(UTC) for ahead in days]


def moved_along(start: datetime, zone: ZoneInfo, *, days: int, clock: time) -> datetime:
    """So many days further, at this time of the clock there; in UTC."""
    day = start.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, clock, zone).astimezone(UTC)


# == What may be booked ==
class Refusal(StrEnum):
    """Why a time cannot be booked at all; `scheduling.actions` has the sentences."""

    PATIENT_DIED = "patient_died"
    NOT_OFFERED = "not_offered"
    IN_GROUPS = "in_groups"
    NOT_IN_PORTAL = "not_in_portal"
    AGREED_WITH = "agreed_with"
    OTHER_SPECIALTY = "other_specialty"
    PROVIDER_LEFT = "provider_left"
    NOT_ACCEPTING = "not_accepting"
    SITE_CLOSED = "site_closed"
    NOT_AT_SITE = "not_at_site"
    OFF_GRID = "off_grid"
    PAST = "past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"


@dataclass(frozen=True)
class Offer:
    """What is known of the provider, the site and the kind of visit; who asks for whom, and if they know each other."""

    active: bool
    in_portal: bool
    type_specialty: str
    provider_specialty: str
    provider_left: bool
    accepting: bool
    known_patient: bool
    site_closed: bool
    at_site: bool
    by_patient: bool
    patient_died: bool = False
    in_groups: bool = False
    with_a_seat: bool = False


def why_not_offered(offer: Offer) -> Refusal | None:
    """The first reason why this visit is not to be had with this provider at this site, whenever; None if it is."""
    reasons = (
        (offer.patient_died, Refusal.PATIENT_DIED),
        (not offer.active, Refusal.NOT_OFFERED),
        (offer.in_groups and not offer.with_a_seat, Refusal.IN_GROUPS),
        (offer.by_patient and not offer.in_portal, Refusal.NOT_IN_PORTAL),
        (offer.provider_left, Refusal.PROVIDER_LEFT),
        (bool(offer.type_specialty) and offer.type_specialty != offer.provider_specialty, Refusal.OTHER_SPECIALTY),
        (not offer.accepting and not offer.known_patient, Refusal.NOT_ACCEPTING),
        (offer.site_closed, Refusal.SITE_CLOSED),
        (not offer.at_site, Refusal.NOT_AT_SITE),
    )
    return next((refusal for applies, refusal in reasons if applies), None)


def bookable_between(now: datetime, *, notice_minutes: int, horizon_days: int, by_patient: bool) -> Span:
    """First and last moment to start at. The notice binds patients; the clinic books whoever stands at the desk."""
    first = now + (notice_minutes * MINUTE if by_patient else timedelta())
    return first, now + timedelta(days=horizon_days)


AHEAD = timedelta(days=7)  # before a visit, in which patients say whether what is known is right


def may_answer_ahead(starts_at: datetime, now: datetime) -> bool:
    return starts_at - AHEAD <= now < starts_at


def is_fresh(noted_at: datetime, now: datetime, *, zone: tzinfo) -> bool:
    """Whether a mistake can still be taken back: on the same day of the clock there."""
    return noted_at.astimezone(zone).date() == now.astimezone(zone).date()


def too_late_to_cancel(starts_at: datetime, now: datetime, *, cancel_minutes: int) -> bool:
    """Whether a patient has to call now; the clinic's own people are never too late for that."""
    return now >= starts_at - cancel_minutes * MINUTE


def why_not_then(start: datetime, now: datetime, between: Span, *, zone: ZoneInfo, grid: int) -> Refusal | None:
    """Why this start is not one that is offered; None if it is."""
    if not on_grid(start, zone, grid):
        return Refusal.OFF_GRID
    if start < now:
        return Refusal.PAST
    if start < between[0]:
        return Refusal.TOO_SOON
    return Refusal.TOO_FAR if start >= between[1] else None


# == How many of a kind ==
@dataclass(frozen=True)
class Caps:
    """At most so many visits of a kind with one provider; None is no limit. Weeks begin on Monday (ISO 8601)."""

    a_day: int | None = None
    a_week: int | None = None

    def __bool__(self) -> bool:
        return self.a_day is not None or self.a_week is not None

    def full_days(self, visits: Mapping[date, int]) -> frozenset[date]:
        """On which days there is room for no more, given how many there are on each."""
        full = {day for day, count in visits.items() if self.a_day is not None and count >= self.a_day}
        if self.a_week is not None:
            weeks = Counter({monday_of(day): 0 for day in visits})
            for day, count in visits.items():
                weeks[monday_of(day)] += count
            crowded = [monday for monday, count in weeks.items() if count >= self.a_week]
            full |= {monday + timedelta(days=n) for monday in crowded for n in range(7)}
        return frozenset(full)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


# == Anybody ==
def in_turn(people: Iterable[UUID], visits: Mapping[UUID, int]) -> list[UUID]:
    """Who has the fewest visits comes first; among equals as they were."""
    return sorted(people, key=lambda person: visits.get(person, 0))


# == What is asked for first ==
MOST_ASKED = 3  # times that one patient may have asked for at once


def answer_due(now: datetime, start: datetime, hours: int) -> datetime:
    """Until when the clinic may answer a request: its hours, and never longer than until the time itself."""
    return min(now + timedelta(hours=hours), start)


# == What a licence covers ==
Days = tuple[date, date | None]  # the first day and the last one, which counts still; None is no end


@dataclass(frozen=True)
class Licence:
    """Whether a provider may practise on a day. `recorded` is whether there is any licence; where none covers the day,
    `ended` is the last day of the latest one before it, and `begins` the first of the next one.
    """

    covers: bool
    recorded: bool
    ended: date | None = None
    begins: date | None = None


def licence_on(day: date, licences: Iterable[Days], *, demanded: bool) -> Licence:
    """By the licences that count: one that covers the day; none at all is enough where none is demanded."""
    known = list(licences)
    covers = any(first <= day and (last is None or day <= last) for first, last in known)
    if covers or not known:
        return Licence(covers or not demanded, bool(known))
    before = [last for _first, last in known if last is not None and last < day]
    return Licence(False, True, max(before, default=None), min((f for f, _last in known if f > day), default=None))


def licensed_until(today: date, licences: Iterable[Days]) -> date | None:
    """The last day up to which licences follow each other without a day between, from today on; None for no end.

    Before today: they are over. Raises ValueError without any licence.
    """
    until: date | None = None
    for first, last in sorted(licences, key=lambda days: days[0]):
        if until is not None and first > max(until + timedelta(days=1), today):
            break
        if last is None:
            return None
        until = max(until or last, last)
    if until is None:
        raise ValueError("there is no licence that could end")
    return until


WARNED = (60, 30, 7)  # so many days before the last one
OVER = -1
SAID_LATE = 7  # days in which the end is still news


def warning_due(days_left: int) -> int | None:
    """Which is due with so many days left: one of `WARNED`, or OVER in the first week after; None at other times."""
    if days_left < 0:
        return OVER if -days_left <= SAID_LATE else None
    return min((stage for stage in WARNED if days_left <= stage), default=None)


def days_span(first: date, last: date | None, zone: ZoneInfo) -> Span:
    """From the midnight before the first day to the one after the last, on the clock there; for ever without a last."""
    forever = datetime.max.replace(tzinfo=UTC)
    return day_span(first, zone)[0], day_span(last, zone)[1] if last else forever


# == Near ==
Place = tuple[float, float]  # latitude and longitude, degrees, WGS 84


def distance_km(a: Place, b: Place) -> float:
    """Along the great circle, by the haversine formula; within 0.5 % of the ellipsoid's."""
    (lat_a, lon_a), (lat_b, lon_b) = [(radians(lat), radians(lon)) for lat, lon in (a, b)]
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(half, 1.0)))


def parse_place(text: str) -> Place | str | None:
    """Where somebody is: "40.7,-73.9" becomes degrees, "10013-1234" the five digits of its ZIP, all else None."""
    text = text.strip()
    digits = text.split("-")[0].strip()
    if len(digits) == 5 and digits.isascii() and digits.isdigit():
        return digits
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (latitude, longitude) if -90 <= latitude <= 90 and -180 <= longitude <= 180 else None


def by_distance(places: Sequence[tuple[float | None, str]]) -> list[int]:
    """The order of (distance, name): near before far, what has no distance last, by name among equals."""
    return sorted(range(len(places)), key=lambda n: (places[n][0] is None, places[n][0] or 0.0, places[n][1]))


def source_of(appointment_id: UUID) -> str:
    """How rows elsewhere (relationships, alerts, letters) name the visit that they came with."""
    return f"scheduling.appointment:{appointment_id}"
