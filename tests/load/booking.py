"""POST /v1/appointments with Idempotency-Key: rate, delay, and by SQL afterwards that nothing was booked twice."""

import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from django.db import connection, connections
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Provider, Site, User
from healthcare.db.context import acting_as
from healthcare.db.uuids import uuid7
from patients.models import Patient
from scheduling import actions
from scheduling.models import VisitType
from tests.load.bench import JSON_BODY, Bench
from tests.load.driver import Client, Request
from tests.load.figures import percentile
from tests.load.people import Person, rows_of, staff, tokens_for
from tests.load.times import Slot, slots

CLIENTS, WRITERS, PER_WRITER = 16, 4, 60
MOST_DESKS = 100
CROWD = 64  # who book with one provider at once
MOST = 4_000  # free times asked for at most; 200 a second for ten seconds, twice over
RACED, REPLAYED = 10, 25  # each tenth time two ask for, each 25th request is sent again
TOKENS = 100  # each may write 120 times a minute
Held = dict[UUID | None, list[tuple[Person, dict[str, str]]]]  # by site, who books there, each with a token
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
OVERLAPS = """
SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b
ON a.{whose} = b.{whose} AND a.id < b.id AND a.during && b.during
WHERE a.created_at >= %s AND a.status = 'booked' AND b.status NOT IN ('cancelled', 'no_show', 'left')
"""
BOOKED = "SELECT count(*) FROM scheduling_appointment WHERE created_at >= %s"


class Desk:
    """Hands each client its next booking, and counts what came of them."""

    def __init__(self, bench: Bench, free: Sequence[Slot], held: Held) -> None:
        self.bench, self.held = bench, held
        own = [slot for slot in free if slot.site_id in held]
        self.orders = [
            (slot, place) for place, slot in enumerate(own) for _twice in range(2 if place % RACED == 0 else 1)
        ]
        self.next = 0
        self.outcomes: Counter[int] = Counter()
        self.won: set[str] = set()

    def client(self) -> Client:
        while self.next < len(self.orders):
            number = self.next
            self.next += 1
            key = uuid4().hex
            request = self.order(number, key)
            for _sent in range(2 if number % REPLAYED == 0 else 1):
                reply = yield request
                status = reply.status if reply else 0
                self.outcomes[status] += 1
                if status == 201:
                    self.won.add(key)

    def order(self, number: int, key: str) -> Request:
        slot, place = self.orders[number]
        desks = self.held[slot.site_id]
        person, headers = desks[number % len(desks)]
        body = {
            "provider": str(slot.provider_id),
            "visit_type": str(slot.visit_type_id),
            "site": str(slot.site_id),
            "start": slot.start.isoformat(),
            "patient": str(person.patients[place % len(person.patients)]),
        }
        return self.bench.request(
            "POST",
            "/v1/appointments",
            headers=headers | {"Idempotency-Key": key, "Content-Type": JSON_BODY},
            body=json.dumps(body).encode(),
            kind="booking",
            expected=(201, 409),
        )


def run(bench: Bench) -> None:
    bench.needs_api()
    desks = own_patients(staff("front_desk", at_most=MOST_DESKS, patients=400))
    began = rows_of("SELECT clock_timestamp()")[0][0]
    desk = Desk(bench, slots(MOST), tokens_of(desks, at_least=TOKENS // len({person.site_id for person in desks}) + 1))
    taken = bench.measure("booking", [desk.client() for _client in range(bench.clients or CLIENTS)])
    bench.no_errors(taken)
    tell_outcomes(bench, desk, began)
    share = desk.outcomes[201] / max(sum(desk.outcomes.values()), 1)
    bench.budget("bookings", taken.rate * share, 200, "/s", at_least=True)
    bench.budget("p95 of a booking", taken.total.p95, 150, " ms")
    bench.budget("answers of 5xx", sum(count for status, count in desk.outcomes.items() if status >= 500), 0)
    measure_crowd(bench, desks)
    measure_verb(bench, desks)


def measure_crowd(bench: Bench, desks: Sequence[Person]) -> None:
    """All with one provider: each waits for those who hold the provider's lock before it."""
    began, deadlocks = rows_of("SELECT clock_timestamp()")[0][0], rows_of(DEADLOCKS)[0][0]
    sites = {person.site_id for person in desks}
    first = next(slot for slot in slots(MOST) if slot.site_id in sites)
    free = slots(MOST, provider_id=first.provider_id, site_id=first.site_id)
    desk = Desk(bench, free, tokens_of([one for one in desks if one.site_id == first.site_id], at_least=TOKENS))
    taken = bench.measure(f"{CROWD} writers with one provider", [desk.client() for _client in range(CROWD)])
    bench.no_errors(taken)
    tell_outcomes(bench, desk, began, who=", one provider")
    bench.budget(f"p99 at {CROWD} writers with one provider", taken.total.p99, 500, " ms")
    bench.budget("deadlocks", rows_of(DEADLOCKS)[0][0] - deadlocks, 0)


def tokens_of(desks: Sequence[Person], *, at_least: int) -> Held:
    """As at a clinic, each desk books its own patients with the providers of its own site: so many tokens a site."""
    return {site_id: tokens_for(team, at_least=at_least) for site_id, team in teams(desks).items()}


def teams(desks: Sequence[Person]) -> dict[UUID | None, list[Person]]:
    by_site: dict[UUID | None, list[Person]] = {}
    for person in desks:
        by_site.setdefault(person.site_id, []).append(person)
    return by_site


def own_patients(desks: Sequence[Person]) -> list[Person]:
    """Patients shared out, so that no two people book for the same one at the same time."""
    return [
        Person(person.user_id, person.role, person.site_id, person.time_zone, None, person.patients[place :: len(team)])
        for team in teams(desks).values()
        for place, person in enumerate(team)
        if person.patients[place :: len(team)]
    ]


def tell_outcomes(bench: Bench, desk: Desk, began: object, who: str = "") -> None:
    """The database is asked, not the answers alone: as many new visits as won keys, and none over another."""
    booked = rows_of(BOOKED, began)[0][0]
    bench.fact(f"answers{who}", {str(status): count for status, count in sorted(desk.outcomes.items())})
    bench.fact(f"visits booked{who}, by the database", booked)
    bench.budget(f"visits too many or too few{who}", abs(booked - len(desk.won)), 0)
    overlaps = sum(rows_of(OVERLAPS.format(whose=whose), began)[0][0] for whose in ("provider_id", "patient_id"))
    bench.budget(f"visits that overlap{who}", overlaps, 0)


# == The verb in process, and a bare insert under the same constraint ==
def measure_verb(bench: Bench, desks: Sequence[Person]) -> None:
    orders = [(team[0], slots(PER_WRITER, site_id=site_id)) for site_id, team in list(teams(desks).items())[:WRITERS]]
    verb = at_once([lambda order=order: book_all(*order) for order in orders])
    bare = at_once([lambda order=order: insert_all(order[1]) for order in orders])
    bench.budget(f"p95 of the verb at {WRITERS} writers", percentile(verb, 0.95), 30, " ms")
    bench.fact("the verb, p50", f"{percentile(verb, 0.5):.1f} ms")
    bench.fact("a bare insert under the same constraint, p50 and p95", _both(bare))
    bench.fact(
        "the verb to a bare insert, p50", f"{percentile(verb, 0.5) / max(percentile(bare, 0.5), 0.001):.1f} times"
    )


def _both(times: Sequence[float]) -> str:
    return f"{percentile(times, 0.5):.2f} ms, {percentile(times, 0.95):.2f} ms"


def at_once(jobs: Sequence[Callable[[], list[float]]]) -> list[float]:
    """Each job in a process of its own, as the workers of gunicorn are; the milliseconds of all, in order of length."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    children = [context.Process(target=lambda job=job: results.put(job())) for job in jobs]
    for child in children:
        child.start()
    found = [value for _child in children for value in results.get()]
    for child in children:
        child.join()
    return sorted(found)


def book_all(person: Person, free: Sequence[Slot]) -> list[float]:
    """Milliseconds of each booking, with its transaction and context. A time taken meanwhile is left out."""
    user = User.objects.get(pk=person.user_id).in_role(person.role)
    known = Provider.objects.in_bulk(), Site.objects.in_bulk(), VisitType.objects.in_bulk()
    found = []
    for number, slot in enumerate(free):
        began = time.perf_counter()
        try:
            with acting_as(user):
                actions.book_appointment(
                    by=user,
                    patient=Patient.objects.visible_to(user).get(pk=person.patients[number % len(person.patients)]),
                    provider=known[0][slot.provider_id],
                    site=known[1][slot.site_id],
                    visit_type=known[2][slot.visit_type_id],
                    start=slot.start,
                    now=timezone.now(),
                )
        except (actions.TimeTaken, actions.NotBookable):
            continue
        found.append(1000 * (time.perf_counter() - began))
    return found


BARE = """
INSERT INTO scheduling_timeclaim (id, created_at, updated_at, resource_id, lane, blocked, kind, hold_until, reason)
SELECT %s, now(), now(), r.id, 0, %s, 'hold', now() - interval '1 second', ''
FROM scheduling_resource r WHERE r.provider_id = %s ON CONFLICT DO NOTHING
"""


def insert_all(free: Sequence[Slot]) -> list[float]:
    """Holds that have run out already: each booking of their resource sweeps them away. One transaction each."""
    found = []
    for slot in free:
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(BARE, [uuid7(), TimestamptzRange(slot.start, slot.end), slot.provider_id])
        found.append(1000 * (time.perf_counter() - began))
    return found
