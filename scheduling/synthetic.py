"""A year and a quarter of invented visits round today: hours, visits, claims, and the access that comes with a visit.

No two overlap, by construction: a provider has one visit an hour at most, a patient one a day. The exclusion
constraints are made anew over all rows and so prove it; `check` proves it once more, by sorting.
"""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from psycopg.types.range import DateRange

from healthcare.accounts.models import Membership, Provider, Site
from patients.models import CareRelationship, Patient
from patients.synthetic import NULL, RELATIONSHIP, project_grants, relationship
from patients.synthetic.copying import Keys, Sheets, laid_open
from patients.synthetic.plan import DAY, ZONE, Plan, milliseconds, new, on_the_clock
from scheduling.demo import KINDS, REASONS
from scheduling.models import Appointment, PatientClaim, Resource, TimeClaim, VisitType, WorkRule
from scheduling.rules import source_of

BACK, AHEAD = 365, 91  # days
HOURS = (8, 9, 10, 11, 13, 14, 15, 16)
SHIFTS = ((time(8), time(12)), (time(13), time(17)))
WEEK = (1.0, 1.0, 1.0, 1.0, 0.9, 0.3, 0.15)  # how much of a day's visits, from Monday on
DAYS_OFF = [(6, 7)] * 7 + [(7, 1), (1, 2), (3, 4)]  # of ten providers (ISO weekdays)
AWAY = 0.1  # of the visits are at another site than the patient's own
SHARES = {"follow-up": 0.6, "telehealth": 0.8, "new-patient": 0.9, "physical": 1.0}  # up to
MINUTE = timedelta(minutes=1)
MOST = 10_000  # visits between two COPYs
COLUMNS = {
    Appointment: "patient_id provider_id site_id visit_type_id during wall_start time_zone status reason booked_by_id"
    " room confirmed_at arrived_at roomed_at started_at finished_at missed_at cancelled_at cancelled_by_id"
    " cancel_reason",
    TimeClaim: "resource_id blocked kind appointment_id",
    PatientClaim: "patient_id appointment_id during",
    CareRelationship: RELATIONSHIP,
}
SOURCE = source_of(UUID(int=0)).removesuffix(str(UUID(int=0)))
FIRST, THEN = "{identity,schedule}", "{billing,clinical,medication,message}"
OVERLAP = """SELECT EXISTS (SELECT 1 FROM (
    SELECT lower({span}) < lag(upper({span})) OVER (PARTITION BY {of} ORDER BY lower({span})) AS early FROM {table}
) AS sorted WHERE early)"""
CLAIMED = """SELECT NOT EXISTS (SELECT 1 FROM scheduling_appointment a
    LEFT JOIN scheduling_timeclaim c ON c.appointment_id = a.id LEFT JOIN scheduling_resource r ON r.id = c.resource_id
    LEFT JOIN scheduling_patientclaim p ON p.appointment_id = a.id
    WHERE CASE WHEN a.status IN ('cancelled', 'no_show', 'left') THEN c.id IS NOT NULL OR p.id IS NOT NULL
        ELSE (r.provider_id = a.provider_id AND c.blocked @> a.during AND p.during = a.during) IS NOT TRUE END)"""


@dataclass(frozen=True)
class Doctor:
    """Whom one can book, and where they are on which weekday; ISO numbers, missing where they are off."""

    provider: str
    user: str
    resource: str
    specialty: str
    places: dict[int, int]


@dataclass
class Pool:
    """Patients to choose from; some come far more often than others."""

    members: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def draw(self, keys: Keys) -> int:
        return self.members[min(bisect(self.weights, keys.random() * self.weights[-1]), len(self.members) - 1)]


@dataclass(frozen=True)
class Visit:
    """One that is to be told: who, with whom, when and how long (minutes)."""

    patient: int
    doctor: Doctor
    site: int
    kind: VisitType
    start: datetime


@dataclass
class World:
    """What there is to choose from, by number; a patient is id, site, first day and first moment. Ids are text."""

    plan: Plan
    keys: Keys
    sites: list[str]
    desks: list[str]
    kinds: dict[str, VisitType]
    kind_ids: dict[str, str]
    doctors: list[Doctor]
    patients: list[tuple[str, int, date, datetime]]
    pools: dict[tuple[int, bool], Pool]


def load(plan: Plan) -> None:
    """Set hours and kinds of visits, tell the visits, then project who may open which chart."""
    world = _world(plan)
    with (
        plan.bar("visits", plan.appointments) as bar,
        laid_open(*COLUMNS, tally=plan.tally),
        Sheets(COLUMNS, plan.tally) as sheets,
    ):
        for batch in sheets.batches(_visits(world), MOST):
            for visit in batch:
                _write(world, sheets, visit)
            bar.update(len(batch))
    project_grants(plan)


def check(plan: Plan) -> Iterator[tuple[str, bool]]:
    """All there, none over another, and each that stands has its claims."""
    yield "appointments as asked", Appointment.objects.count() == plan.appointments
    claims = OVERLAP.format(span="blocked", of="resource_id, lane", table="scheduling_timeclaim")
    yield "no provider in two places", not _ask(claims)
    yield (
        "no patient in two places",
        not _ask(OVERLAP.format(span="during", of="patient_id", table="scheduling_patientclaim")),
    )
    yield "visits stand with their claims, and only then", _ask(CLAIMED)


def _ask(query: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return bool(cursor.fetchone()[0])


# == The world ==
def _world(plan: Plan) -> World:
    keys = plan.keys("scheduling")
    sites = list(Site.objects.order_by("slug").values_list("pk", flat=True))
    desks = dict(Membership.objects.filter(role="front_desk").order_by("-user__email").values_list("site", "user"))
    kinds = {kind.slug: kind for kind in (_kind(plan, keys, row) for row in KINDS)}
    doctors = _doctors(plan, keys, sites)
    patients, pools = _patients(plan, keys, {site: number for number, site in enumerate(sites)})
    kind_ids = {slug: str(kind.pk) for slug, kind in kinds.items()}
    places, counters = [str(site) for site in sites], [str(desks[site]) for site in sites]
    return World(plan, keys, places, counters, kinds, kind_ids, doctors, patients, pools)


def _kind(plan: Plan, keys: Keys, row: tuple[str, str, int, int, int, str, str]) -> VisitType:
    name, slug, minutes, after, notice, mode, specialty = row
    kind = VisitType(id=new(keys, plan.ago(1600)), name=name, slug=slug, minutes=minutes, grid_minutes=20)
    kind.buffer_after, kind.notice_minutes, kind.specialty = after, notice, specialty
    kind.portal_mode = mode
    kind.save(force_insert=True)
    return kind


def _doctors(plan: Plan, keys: Keys, sites: list[UUID]) -> list[Doctor]:
    """Their hours on five weekdays; who works at two sites is at the second on the even ones."""
    began, doctors, resources, rules = plan.ago(1600), [], [], []
    for number, provider in enumerate(Provider.objects.order_by("user__email").prefetch_related("sites")):
        where = sorted(sites.index(site.pk) for site in provider.sites.all())
        resource = Resource(id=new(keys, began), provider=provider, name=provider.name, time_zone=ZONE)
        resources.append(resource)
        off = DAYS_OFF[number % len(DAYS_OFF)]
        places = {day: where[day % 2 % len(where)] for day in range(1, 8) if day not in off}
        rules += [
            WorkRule(
                id=new(keys, began),
                resource=resource,
                site_id=sites[site],
                validity=DateRange(began.date(), None),
                isodow=day,
                starts=starts,
                ends=ends,
            )
            for day, site in places.items()
            for starts, ends in SHIFTS
        ]
        doctors.append(Doctor(str(provider.pk), str(provider.user_id), str(resource.pk), provider.specialty, places))
    Resource.objects.bulk_create(resources, batch_size=1000)
    rooms = [(site, room) for site in sites for room in range(1, 7)]
    Resource.objects.bulk_create(
        Resource(id=new(keys, began), kind="room", site_id=site, name=f"Room {room}", time_zone=ZONE)
        for site, room in rooms
    )
    WorkRule.objects.bulk_create(rules, batch_size=1000)
    return doctors


def _patients(plan: Plan, keys: Keys, sites: dict[UUID, int]) -> tuple[list[Any], dict[tuple[int, bool], Pool]]:
    """By site and whether they are children; -1 is all sites. How often they come is log-normal, but capped."""
    patients: list[Any] = []
    pools: dict[tuple[int, bool], Pool] = {}
    grown = plan.ago(18 * 365.25).date()
    rows = Patient.objects.order_by("mrn").values_list("pk", "site", "birth_date", "created_at")
    for number, (key, site, born, since) in enumerate(rows):
        weight = min(8.0, keys.lognormvariate(0, 1)) * (0.6 if born > grown else 1)
        for place in (sites[site], -1):
            pool = pools.setdefault((place, born > grown), Pool())
            pool.members.append(number)
            pool.weights.append(weight)
        patients.append((str(key), sites[site], on_the_clock(since).date(), since))
    for pool in pools.values():
        pool.weights = list(accumulate(pool.weights))
    return patients, pools


# == The visits ==
def _visits(world: World) -> Iterator[Visit]:
    """Day by day, as many as make the number that was asked for; what a day cannot hold goes to the next."""
    today = on_the_clock(world.plan.now).date()
    days = [today + timedelta(days=ahead) for ahead in range(-BACK, AHEAD)]
    shares = list(accumulate(1.0 if day == today else WEEK[day.weekday()] for day in days))
    made = 0
    for day, share in zip(days, shares, strict=True):
        here = [doctor for doctor in world.doctors if day.isoweekday() in doctor.places]
        wanted = min(round(world.plan.appointments * share / shares[-1]) - made, len(here) * len(HOURS))
        yield from _day(world, day, here, wanted)
        made += wanted


def _day(world: World, day: date, here: list[Doctor], wanted: int) -> Iterator[Visit]:
    keys, zone, taken = world.keys, ZoneInfo(ZONE), set[int]()
    hours = {hour: datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC) for hour in HOURS}
    for place in keys.sample(range(len(here) * len(HOURS)), wanted):
        doctor, hour = here[place // len(HOURS)], HOURS[place % len(HOURS)]
        kind = _kind_for(world, doctor)
        room = 60 - kind.minutes - kind.buffer_after
        start = hours[hour] + 20 * keys.randrange(room // 20 + 1) * MINUTE
        site = doctor.places[day.isoweekday()]
        yield Visit(_somebody(world, doctor, site, day, taken), doctor, site, kind, start)


def _kind_for(world: World, doctor: Doctor) -> VisitType:
    chance = world.keys.random()
    if doctor.specialty == "Dermatology" and chance < 0.15:
        return world.kinds["procedure"]
    slug = next(slug for slug, below in SHARES.items() if chance < below)
    return world.kinds[slug]


def _somebody(world: World, doctor: Doctor, site: int, day: date, taken: set[int]) -> int:
    """A patient of fitting age who is registered and has nothing else on this day."""
    young = doctor.specialty == "Pediatrics"
    place = -1 if world.keys.random() < AWAY else site
    pool = world.pools.get((place, young)) or world.pools.get((-1, young)) or world.pools[-1, False]
    for _try in range(40):
        number = pool.draw(world.keys)
        if number not in taken and world.patients[number][2] < day:
            break
    else:
        number = next(n for n, row in enumerate(world.patients) if n not in taken and row[2] < day)
    taken.add(number)
    return number


# == The rows ==
def _write(world: World, sheets: Sheets, visit: Visit) -> None:
    keys, now = world.keys, world.plan.now
    patient, home, _day, since = world.patients[visit.patient]
    booked = max(min(visit.start - keys.uniform(1, 45) * DAY, now - keys.uniform(0.1, 20) * DAY), since)
    at, key = booked.isoformat(), keys.key(milliseconds(booked))
    end = visit.start + visit.kind.minutes * MINUTE
    during = f"[{visit.start.isoformat()},{end.isoformat()})"
    desk = world.desks[visit.site]
    status, times = _course(keys, visit, booked, now, desk)
    reasons = REASONS.get(visit.doctor.specialty, REASONS[""])
    sheets[Appointment].append(
        f"{key}\t{at}\t{at}\t{patient}\t{visit.doctor.provider}\t{world.sites[visit.site]}\t{world.kind_ids[visit.kind.slug]}\t{during}"
        f"\t{on_the_clock(visit.start):%Y-%m-%dT%H:%M}\t{ZONE}\t{status}\t{keys.choice(reasons)}\t{desk}\t{times}"
    )
    if status not in ("cancelled", "no_show", "left"):
        made = milliseconds(booked)
        until = end + visit.kind.buffer_after * MINUTE
        blocked = f"[{visit.start.isoformat()},{until.isoformat()})"
        sheets[TimeClaim].append(f"{keys.key(made)}\t{at}\t{at}\t{visit.doctor.resource}\t{blocked}\tvisit\t{key}")
        sheets[PatientClaim].append(f"{keys.key(made)}\t{at}\t{at}\t{patient}\t{key}\t{during}")
    if status != "cancelled":  # else access ended with it, and leaves no grant
        _open(world, sheets, visit, key, booked, away=home != visit.site)


def _course(keys: Keys, visit: Visit, booked: datetime, now: datetime, desk: str) -> tuple[str, str]:
    """What became of the visit by now, and the columns from `room` to `cancel_reason`."""
    times = [NULL] * 6  # confirmed, arrived, roomed, started, finished, missed
    chance, room, cancelled = keys.random(), "", f"{NULL}\t{NULL}\t"
    begun = visit.start + keys.randint(2, 25) * MINUTE
    ended = begun + keys.randint(visit.kind.minutes // 2, visit.kind.minutes) * MINUTE
    arrived = max(visit.start - keys.randint(0, 20) * MINUTE, booked)
    if chance < 0.07:
        status, moment = "cancelled", booked + keys.random() * (min(visit.start, now) - booked)
        cancelled = f"{moment.isoformat()}\t{desk}\t{keys.choice(('Patient asked', 'Ill', 'Provider away'))}"
    elif arrived > now:
        status = "confirmed" if chance < 0.5 else "booked"
    elif chance < 0.12 and visit.start + 30 * MINUTE < now:
        status, times[5] = "no_show", (visit.start + 30 * MINUTE).isoformat()
    elif chance < 0.125 and begun < now:
        status, times[1], times[5] = "left", arrived.isoformat(), begun.isoformat()
    else:
        steps = [(ended, "checked_out"), (begun, "with_provider"), (begun - MINUTE, "roomed"), (arrived, "arrived")]
        status = next(name for moment, name in steps if moment <= now)
        done = len(steps) - [name for _moment, name in steps].index(status)
        moments = (arrived, max(arrived, begun - MINUTE), begun, ended)
        times[1 : 1 + done] = [moment.isoformat() for moment in moments[:done]]
        room = f"Room {keys.randint(1, 6)}" if done > 1 else ""
    if status == "confirmed" or (status != "cancelled" and chance < 0.5):
        times[0] = (booked + 0.5 * (min(visit.start, now) - booked)).isoformat()
    return status, "\t".join([room, *times, cancelled])


def _open(world: World, sheets: Sheets, visit: Visit, key: str, booked: datetime, *, away: bool) -> None:
    """As `patients.actions.open_for_visit`: the provider, and the site's teams where the patient is of another site."""
    patient, source = world.patients[visit.patient][0], f"{SOURCE}{key}"
    end = visit.start + visit.kind.minutes * MINUTE + settings.VISIT_ACCESS_AFTER
    at, made = booked.isoformat(), milliseconds(booked)
    care = max(booked, visit.start - settings.VISIT_ACCESS_BEFORE)
    for scopes, since in ((FIRST, at), (THEN, care.isoformat())):
        span = {"validity": f"[{since},{end.isoformat()})", "scopes": scopes, "source": source}
        to = {"kind": "appointment", "user": visit.doctor.user, "role": "doctor"}
        sheets[CareRelationship].append(relationship(world.keys.key(made), at, patient, **to, **span))
        if away:
            to = {"kind": "site", "site": world.sites[visit.site]}
            sheets[CareRelationship].append(relationship(world.keys.key(made), at, patient, **to, **span))
