"""The sample clinic's hours, rooms and two weeks of visits round today, told through the verbs.

The same for one seed, relative to the day and hour it is told. Whatever the hour, somebody waits, somebody is in a
room and somebody with a provider: hours are stretched today where the clinic would be closed now.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone
from psycopg.types.range import DateRange, TimestamptzRange

from healthcare.accounts.models import Membership, Provider, Site, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import CareRelationship, Patient
from scheduling import actions
from scheduling.demo.groups import tell_group
from scheduling.demo.licences import tell_licences
from scheduling.demo.rooms import NEEDS, equip
from scheduling.demo.waitlist import tell_waitlist
from scheduling.models import OPEN, Appointment, Resource, VisitType, WorkException, WorkRule
from scheduling.queries import free_spans
from scheduling.queries.times import length_of
from scheduling.rules import Span, starts_within

SEED = 21
DAYS = 7  # before and after today
ROOMS = 6  # at each site
MINUTE = timedelta(minutes=1)
SETTLED = ("scheduling.subscribers.forget_free_times",)  # nobody has asked for free times yet
# name, slug, minutes, buffer after, minutes of notice, what patients do in the portal, specialty
KINDS = (
    ("Follow-up", "follow-up", 20, 0, 120, "direct", ""),
    ("Telehealth", "telehealth", 20, 0, 120, "direct", ""),
    ("New patient", "new-patient", 40, 0, 24 * 60, "direct", ""),
    ("Physical", "physical", 60, 0, 24 * 60, "direct", ""),
    ("Procedure", "procedure", 40, 10, 0, "request", "Dermatology"),
)
SHARES = ("follow-up",) * 6 + ("telehealth",) * 2 + ("new-patient", "physical")  # how often which
SHIFTS = (((8, 0, 12, 0), (13, 0, 17, 0)), ((7, 40, 12, 0), (12, 40, 16, 0)), ((9, 0, 12, 20), (13, 20, 18, 0)))
PER_DAY = {"past": 2, "today": 6, "future": 3}  # visits of a provider
WEEKS_AGO = (5, 6, 7, 8, 9, 10, 11, 12)  # one visit of each provider in one of these; today's weekday is worked always
SURE = 0.4  # of today's and tomorrow's visits to come: confirmed
EARLIER = -21  # days: whoever has an account was there
REASONS = {
    "Cardiology": ("Blood pressure review", "Palpitations", "Follow-up after an echocardiogram"),
    "Dermatology": ("A mole that has changed", "Rash on the arms", "Acne"),
    "Orthopedics": ("Knee pain", "Shoulder after a fall", "Back pain"),
    "Pediatrics": ("Well child visit", "Ear pain", "Vaccines"),
    "": ("Blood pressure review", "Cough for three weeks", "Diabetes review", "Headaches", "Results talk", "Tiredness"),
}


@dataclass
class Story:
    """Who works where, who can come, and which times are given away already."""

    now: datetime
    kinds: dict[str, VisitType]
    providers: list[Provider]
    patients: list[Patient]
    desks: dict[UUID, User]
    busy: dict[UUID, list[Span]] = field(default_factory=dict)
    rooms: dict[UUID, int] = field(default_factory=dict)
    stages: dict[UUID, int] = field(default_factory=dict)

    def sites_of(self, provider: Provider) -> list[Site]:
        return list(provider.sites.order_by("created_at", "pk"))

    def is_free(self, patient: Patient, span: Span) -> bool:
        return all(span[1] <= begins or ends <= span[0] for begins, ends in self.busy.get(patient.pk, []))

    def somebody(self, rng: random.Random, provider: Provider, span: Span) -> Patient | None:
        """A patient of fitting age who has nothing else at this time."""
        day = span[0].date()
        young = provider.specialty == "Pediatrics"
        fitting = [one for one in self.patients if ((one.age_on(day) or 40) < 18) is young]
        rng.shuffle(fitting)
        found = next((one for one in fitting if self.is_free(one, span)), None)
        if found:
            self.busy.setdefault(found.pk, []).append(span)
        return found

    def next_stage(self, site: Site) -> int:
        """In turn, so that each site has somebody with the provider, in a room and in the waiting room."""
        self.stages[site.pk] = self.stages.get(site.pk, 0) + 1
        return (2, 1, 0)[self.stages[site.pk] % 3]

    def free_room(self, site: Site) -> str:
        self.rooms[site.pk] = self.rooms.get(site.pk, 0) + 1
        return f"Room {self.rooms[site.pk]}"


def tell() -> None:
    """Set the hours, then tell the past, today and the days to come; does nothing where a visit is booked already."""
    now = timezone.now().replace(second=0, microsecond=0)
    with acting_as_system("demo"):
        story = None if Appointment.objects.exists() else begin(now)
        if story is None:
            return
        tell_long_ago(story)
        for day, provider, site, rng in days_of(story, range(-DAYS, 1)):
            tell_day(story, day, provider, site, rng)
    for day, provider, site, rng in days_of(story, range(1, DAYS + 1)):
        tell_day(story, day, provider, site, rng)
    block_an_afternoon(story)
    book_for_accounts(story)
    with acting_as_system("demo"):
        tell_licences(story.providers, timezone.localdate())
        own = portal_people()
    home = story.sites_of(story.providers[0])[0]
    tell_waitlist(home, story.providers[0], story.kinds, story.patients, story.desks[home.pk], own, now)
    tell_group(home, story.providers, story.patients, story.desks[home.pk], now)


def begin(now: datetime) -> Story | None:
    """Kinds of visits, rooms and hours; None where there is nobody to book with, or for."""
    providers = list(
        Provider.objects.filter(ended_at=None, sites__isnull=False).distinct().order_by("created_at", "pk")
    )
    patients = list(Patient.objects.order_by("mrn"))
    desks = {row.site_id: row.user for row in Membership.objects.current().filter(role="front_desk").order_by("pk")}
    if not (providers and patients and desks):
        return None
    kinds = {row.slug: row for row in (make_kind(*kind) for kind in KINDS)}
    story = Story(now, kinds, providers, patients, desks)
    for site in Site.objects.filter(pk__in=desks).order_by("pk"):
        equip(site, ROOMS, now)
    for number, provider in enumerate(providers):
        set_hours(story, number, provider)
    return story


def make_kind(name: str, slug: str, minutes: int, after: int, notice: int, mode: str, specialty: str) -> VisitType:
    kind = VisitType(name=name, slug=slug, minutes=minutes, buffer_after=after, notice_minutes=notice)
    kind.grid_minutes, kind.specialty = 20, specialty
    kind.portal_mode, kind.needs = mode, NEEDS.get(slug, [])
    kind.save(force_insert=True)
    return kind


# == Hours ==
def set_hours(story: Story, number: int, provider: Provider) -> None:
    """Five days of seven, today always among them; who works at two sites is at the second on some days."""
    sites = story.sites_of(provider)
    zone = ZoneInfo(sites[0].time_zone)
    today = story.now.astimezone(zone).date()
    resource = Resource(provider=provider, name=provider.name, time_zone=sites[0].time_zone)
    resource.save(force_insert=True)
    off = {1 + number % 6, 1 + (number + 3) % 6}
    validity = DateRange(today - timedelta(days=120), None)
    for ahead in range(7):
        if ahead in off:
            continue
        site = sites[1] if len(sites) > 1 and ahead in (1, 3, 5) else sites[0]
        for begin_hour, begin_minute, end_hour, end_minute in SHIFTS[number % len(SHIFTS)]:
            WorkRule(
                resource=resource,
                site=site,
                validity=validity,
                isodow=(today + timedelta(days=ahead)).isoweekday(),
                starts=time(begin_hour, begin_minute),
                ends=time(end_hour, end_minute),
            ).save(force_insert=True)
    stretch_today(story, resource, sites[0])


def stretch_today(story: Story, resource: Resource, site: Site) -> None:
    """Hours round now, within the day, so that the clinic is open when it is looked at: by night, and over lunch."""
    hour = story.now.astimezone(ZoneInfo(site.time_zone)).replace(minute=0)
    midnight = hour.replace(hour=0)
    last = midnight + timedelta(days=1)
    during = TimestamptzRange(max(midnight, hour - timedelta(hours=3)), min(last, hour + timedelta(hours=4)))
    extra = WorkException(resource=resource, site=site, kind="extra", during=during, reason="Extended hours")
    extra.save(force_insert=True)


# == Days ==
def days_of(story: Story, ahead: range) -> Iterator[tuple[int, Provider, Site, random.Random]]:
    """Each provider's working days: how many days ahead, where, and a generator of its own."""
    for provider in story.providers:
        for day in ahead:
            rng = random.Random(f"{SEED}:{provider.name}:{day}")  # noqa: S311 (invented visits, the same each time)
            rules = WorkRule.objects.filter(resource__provider=provider, isodow=date_of(story, day).isoweekday())
            rule = rules.select_related("site").order_by("starts").first()
            if rule:
                yield day, provider, rule.site, rng


def date_of(story: Story, ahead: int) -> date:
    return timezone.localdate(story.now) + timedelta(days=ahead)


def tell_day(story: Story, day: int, provider: Provider, site: Site, rng: random.Random) -> None:
    """What lies ahead is booked now, by the desk where the patient is known; the rest long ago, by nobody named."""
    for start, kind in openings(story, day, provider, site, rng):
        patient = story.somebody(rng, provider, (start, start + kind.minutes * MINUTE))
        if patient is None:
            continue
        if day > 0:
            desk = story.desks[patient.site_id].in_role("front_desk")
            with acting_as(desk):
                visit = book(story, patient, provider, site, kind, start, rng, by=desk)
                if day == 1 and rng.random() < SURE:
                    actions.confirm_appointment(by=desk, appointment=visit, now=story.now)
            continue
        visit = book(story, patient, provider, site, kind, start, rng)
        if day < 0:
            tell_past(visit, rng)
        else:
            tell_today(story, visit, rng)


def tell_long_ago(story: Story) -> None:
    """A visit of each provider some weeks ago, and one of everybody with an account; at the patient's own site."""
    for number, provider in enumerate(story.providers):
        day = -7 * WEEKS_AGO[number % len(WEEKS_AGO)]
        own = [one for one in story.patients if one.site == story.sites_of(provider)[0]]
        tell_visit_long_ago(replace(story, patients=own), day, provider)
    for place, (_user, patient) in enumerate(portal_people()):
        home = [one for one in story.providers if story.sites_of(one)[0] == patient.site]
        tell_visit_long_ago(replace(story, patients=[patient]), EARLIER - 7 * (place % 2), home[0], "Diabetes review")


def tell_visit_long_ago(story: Story, day: int, provider: Provider, reason: str = "") -> None:
    rng = random.Random(f"{SEED}:{provider.name}:{day}:{reason}")  # noqa: S311 (invented visits)
    site, kind = story.sites_of(provider)[0], story.kinds["follow-up"]
    begins = datetime.combine(date_of(story, day), time(), ZoneInfo(site.time_zone))
    starts = starts_of(provider, site, kind, (begins.astimezone(UTC), (begins + timedelta(days=1)).astimezone(UTC)))
    start = rng.choice(starts)
    if patient := story.somebody(rng, provider, (start, start + kind.minutes * MINUTE)):
        visit = book(story, patient, provider, site, kind, start, rng, reason=reason)
        finish(visit, rng)


def openings(
    story: Story, day: int, provider: Provider, site: Site, rng: random.Random
) -> list[tuple[datetime, VisitType]]:
    """Some free starts of the day, each with a kind that fits; today's lie round the present hour."""
    zone = ZoneInfo(site.time_zone)
    begins = datetime.combine(date_of(story, day), time(), zone)
    wanted = PER_DAY["today" if not day else "past" if day < 0 else "future"]
    day_of = begins.astimezone(UTC), (begins + timedelta(days=1)).astimezone(UTC)
    starts = starts_of(provider, site, story.kinds["physical"], day_of)
    if day == 0:
        starts.sort(key=lambda start: abs(start - story.now) + rng.randint(0, 90) * MINUTE)
        starts = starts[: wanted * 3]
    else:
        rng.shuffle(starts)
    return spread(starts, wanted, story, rng)


def starts_of(provider: Provider, site: Site, kind: VisitType, between: Span) -> list[datetime]:
    """Asked of the database itself: the cache hears of bookings only after their commit."""
    resource = Resource.objects.get(provider=provider)
    free = free_spans([resource.pk], between)[resource.pk].get(site.pk, [])
    return list(starts_within(free, ZoneInfo(site.time_zone), length_of(kind), between=between))


def spread(starts: list[datetime], wanted: int, story: Story, rng: random.Random) -> list[tuple[datetime, VisitType]]:
    chosen: list[tuple[datetime, VisitType]] = []
    for start in starts:
        kind = story.kinds[rng.choice(SHARES)]
        end = start + kind.minutes * MINUTE
        if all(end <= other or other + taken.minutes * MINUTE <= start for other, taken in chosen):
            chosen.append((start, kind))
        if len(chosen) == wanted:
            break
    return sorted(chosen, key=lambda one: one[0])


def book(
    story: Story,
    patient: Patient,
    provider: Provider,
    site: Site,
    kind: VisitType,
    start: datetime,
    rng: random.Random,
    *,
    by: User | None = None,
    reason: str = "",
) -> Appointment:
    """Booked some days before the visit; visits to come are booked as of now."""
    reasons = REASONS.get(provider.specialty, REASONS[""])
    return actions.book_appointment(
        by=by,
        patient=patient,
        provider=provider,
        site=site,
        visit_type=kind,
        start=start,
        reason=reason or rng.choice(reasons),
        now=story.now if by else min(story.now, start) - timedelta(days=rng.randint(2, 12)),
    )


# == What became of them ==
def tell_past(visit: Appointment, rng: random.Random) -> None:
    begins = visit.starts_at
    fate = rng.random()
    if fate < 0.08:
        actions.miss_appointment(by=None, appointment=visit, now=begins + 20 * MINUTE)
    elif fate < 0.16:
        reason = rng.choice(("Feels better", "Cannot get off work", "Has a cold"))
        actions.cancel_appointment(by=None, appointment=visit, reason=reason, now=begins - timedelta(days=1))
    else:
        finish(visit, rng)


def finish(visit: Appointment, rng: random.Random) -> None:
    begins, ends = visit.starts_at, visit.ends_at
    actions.check_in(by=None, appointment=visit, now=begins - rng.randint(2, 15) * MINUTE)
    actions.start_visit(by=None, appointment=visit, now=begins + rng.randint(0, 12) * MINUTE)
    actions.finish_visit(by=None, appointment=visit, now=ends + rng.randint(0, 10) * MINUTE)


def tell_today(story: Story, visit: Appointment, rng: random.Random) -> None:
    """By the clock: over, under way, in the waiting room, or still to come."""
    now, begins = story.now, visit.starts_at
    if visit.ends_at + 10 * MINUTE < now:
        if rng.random() < 0.12:
            actions.miss_appointment(by=None, appointment=visit, now=begins + 20 * MINUTE)
            return
        walk(story, visit, rng, until=3)
    elif begins - 5 * MINUTE <= now:
        walk(story, visit, rng, until=story.next_stage(visit.site))
    elif begins <= now + 45 * MINUTE and rng.random() < 0.5:
        actions.check_in(by=None, appointment=visit, now=now - rng.randint(2, 26) * MINUTE)
    elif rng.random() < SURE:
        actions.confirm_appointment(by=None, appointment=visit, now=now - timedelta(hours=rng.randint(3, 30)))


def walk(story: Story, visit: Appointment, rng: random.Random, *, until: int) -> None:
    """Arrived (0), in a room (1), with the provider (2), finished (3)."""
    now, begins = story.now, visit.starts_at
    arrived = min(begins, now - 8 * MINUTE) - rng.randint(2, 14) * MINUTE
    actions.check_in(by=None, appointment=visit, now=arrived)
    if until in (1, 2) and story.rooms.get(visit.site_id, 0) < ROOMS - 1:
        actions.room_patient(by=None, appointment=visit, room=story.free_room(visit.site), now=arrived + 4 * MINUTE)
    if until >= 2:
        actions.start_visit(by=None, appointment=visit, now=min(now, max(begins, arrived + 6 * MINUTE)))
    if until == 3:
        actions.finish_visit(by=None, appointment=visit, now=min(now, visit.ends_at))


# == What waits ==
def block_an_afternoon(story: Story) -> None:
    """The busiest half day to come of somebody at the first site is blocked; its visits wait to be moved."""
    with acting_as_system("demo"):
        begins = datetime.combine(date_of(story, 1), time(), timezone.get_current_timezone())
        coming = Appointment.objects.filter(during__startswith__gte=begins, status__in=OPEN).select_related("provider")
        found: dict[tuple[UUID, date], list[Appointment]] = {}
        for visit in coming.filter(site=story.sites_of(story.providers[0])[0]).order_by("during"):
            if timezone.localtime(visit.starts_at).hour >= 12:
                found.setdefault((visit.provider_id, timezone.localdate(visit.starts_at)), []).append(visit)
        if not found:
            return
        (_provider, day), visits = max(found.items(), key=lambda one: (len(one[1]), -one[0][1].toordinal()))
    noon = datetime.combine(day, time(12), ZoneInfo(visits[0].time_zone))
    during = TimestamptzRange(noon.astimezone(UTC), (noon + timedelta(hours=6)).astimezone(UTC))
    desk = story.desks[visits[0].site_id].in_role("front_desk")
    with acting_as(desk):
        actions.block_time(
            by=desk, provider=visits[0].provider, during=during, reason="Called to the hospital", now=story.now
        )


def book_for_accounts(story: Story) -> None:
    """Whoever has an account in the portal has booked a visit in it; one of them asks for a procedure besides."""
    with acting_as_system("demo"):
        known = portal_people()
    for user, patient in known:
        home = [one for one in story.providers if patient.site in story.sites_of(one)]
        fit = [one for one in home if one.specialty == story.kinds["procedure"].specialty]
        book_within_a_week(story, user, patient, home[1], story.kinds["follow-up"])
        if fit and user == known[0][0]:
            book_within_a_week(story, user, patient, fit[0], story.kinds["procedure"])


def book_within_a_week(story: Story, user: User, patient: Patient, provider: Provider, kind: VisitType) -> None:
    """In the middle of the times that are free, from the day after tomorrow on."""
    with acting_as(user.in_role("patient")):
        begins = story.now + timedelta(days=2)
        starts = starts_of(provider, patient.site, kind, (begins, begins + timedelta(days=6)))
        free = [one for one in starts if story.is_free(patient, (one, one + kind.minutes * MINUTE))]
        if free:
            start, rng = free[len(free) // 2], random.Random(SEED)  # noqa: S311 (invented)
            book(story, patient, provider, patient.site, kind, start, rng, by=user)


def portal_people() -> list[tuple[User, Patient]]:
    """Who can open their own record. For the system."""
    own = CareRelationship.objects.current().filter(kind="self").select_related("user", "patient__site")
    return [(row.user, row.patient) for row in own.order_by("pk") if row.user]
