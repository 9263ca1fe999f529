"""A working day: 1,000 users who think for 30 s on average between two pages, each role with what it does most."""

import json
import random
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

from tests.load.bench import FORM_BODY, Bench
from tests.load.driver import Client, Pause, Reply, Request
from tests.load.people import NobodyFound, Person, crossing, portal, rows_of, session_of, staff, tokens_for
from tests.load.times import Slot, slots

USERS, THINK, SECONDS = 1_000, 30.0, 600.0
SEED = 7
# Of a hundred users so many act as each.
ROLES = {"front_desk": 25, "nurse": 20, "doctor": 20, "patient": 25, "program": 10}
# Of a hundred steps of a role so many are each; the names are those of the methods below.
STEPS = {
    "front_desk": {"day_page": 30, "flow": 20, "search": 20, "visits": 12, "check_in": 8, "book": 10},
    "nurse": {"flow": 30, "chart": 25, "vitals_form": 15, "record_vitals": 15, "inbox": 15},
    "doctor": {"home": 15, "chart": 35, "timeline": 10, "results": 10, "draft": 20, "day_page": 10},
    "patient": {"portal_home": 40, "portal_visits": 20, "portal_results": 20, "portal_find": 20},
    "program": {"read_patient": 100},
}
EXPECTED_TODAY = """
SELECT patient_id, id, site_id FROM scheduling_appointment
WHERE status IN ('booked', 'confirmed') AND during && tstzrange(now() - interval '9 hours', now() + interval '9 hours')
ORDER BY md5(id::text) LIMIT 2000
"""
WRITING = """
SELECT DISTINCT ON (p.user_id) p.user_id, e.patient_id, e.id, coalesce(d.version, 0)
FROM records_encounter e JOIN accounts_provider p ON p.id = e.provider_id
LEFT JOIN records_draft d ON d.encounter_id = e.id
WHERE e.status = 'in_progress' AND e.note_signed_at IS NULL AND p.user_id IS NOT NULL
ORDER BY p.user_id, e.started_at DESC
"""
NAMES = "SELECT family_name FROM patients_patient ORDER BY md5(id::text) LIMIT 300"
Step = Generator[Request, Reply | None, None]


@dataclass
class Day:
    """What the users share: visits to check in, times to book, notes under way, names to look for."""

    bench: Bench
    chance: random.Random
    to_check_in: dict[UUID | None, deque[tuple[UUID, UUID]]] = field(default_factory=dict)
    to_book: dict[UUID | None, deque[Slot]] = field(default_factory=dict)
    notes: dict[UUID, tuple[UUID, UUID, int]] = field(default_factory=dict)
    names: Sequence[str] = ()
    done: Counter[str] = field(default_factory=Counter)


def run(bench: Bench) -> None:
    """`--clients` is the number of users."""
    chance = random.Random(SEED)
    day = plan(bench, chance)
    users = list(everybody(day, bench.clients or USERS))
    taken = bench.measure("mix", [user.client() for user in users], seconds=SECONDS)
    bench.fact("users", dict(Counter(user.person.role if user.token is None else "program" for user in users)))
    bench.fact("changes made", dict(day.done))
    bench.no_errors(taken)
    bench.budget("p95 of the mix", taken.total.p95, 100, " ms")
    bench.budget("p99 of the mix", taken.total.p99, 300, " ms")


def plan(bench: Bench, chance: random.Random) -> Day:
    day = Day(bench, chance, names=[row[0] for row in rows_of(NAMES)])
    for patient_id, visit_id, site_id in rows_of(EXPECTED_TODAY):
        day.to_check_in.setdefault(site_id, deque()).append((patient_id, visit_id))
    try:
        for slot in slots(2_000):
            day.to_book.setdefault(slot.site_id, deque()).append(slot)
    except NobodyFound:
        pass
    day.notes = {user_id: rest for user_id, *rest in rows_of(WRITING)}  # type: ignore[misc]
    return day


def everybody(day: Day, users: int) -> Iterator["User"]:
    """Sessions are made through the product's own store; staff who are fewer than users have several browsers."""
    for role, share in ROLES.items():
        number = max(users * share // 100, 1)
        if role == "program" and not day.bench.has_api():
            continue
        if role == "program":
            people = staff("nurse", patients=50)
            held = tokens_for(people, at_least=number)
            yield from (User(day, person, token=headers) for person, headers in held[:number])
            continue
        people = portal(at_most=number) if role == "patient" else staff(role, at_most=number, patients=100)
        yield from (User(day, people[place % len(people)]) for place in range(number))


class User:
    """One person at one browser, or one program: a step, then a pause of exponential length."""

    def __init__(self, day: Day, person: Person, *, token: dict[str, str] | None = None) -> None:
        self.day, self.person, self.token = day, person, token
        cookie, crossing_header = crossing()
        self.headers = token or {"Cookie": f"{session_of(person)}; {cookie}"}
        self.posting = self.headers | crossing_header | {"Content-Type": FORM_BODY}
        steps = STEPS["program" if token else person.role]
        self.steps: list[Callable[[], Step]] = [getattr(self, name) for name in steps]
        self.weights = list(steps.values())

    def client(self) -> Client:
        chance = self.day.chance
        yield Pause(chance.uniform(0, THINK))
        while True:
            step = chance.choices(self.steps, self.weights)[0]()
            yield from step
            yield Pause(chance.expovariate(1 / THINK))

    # == Asking ==
    def get(self, kind: str, path: str, expected: Sequence[int] = (200,)) -> Request:
        return self.day.bench.request("GET", path, headers=self.headers, kind=kind, expected=expected)

    def post(self, kind: str, path: str, form: dict[str, object], expected: Sequence[int]) -> Request:
        body = urlencode(form).encode()
        return self.day.bench.request("POST", path, headers=self.posting, body=body, kind=kind, expected=expected)

    def somebody(self) -> UUID:
        return self.day.chance.choice(self.person.patients)

    # == Pages ==
    def home(self) -> Step:
        yield self.get("home", "/")

    def day_page(self) -> Step:
        yield self.get("day", f"/scheduling/?site={self.person.site_id}")

    def flow(self) -> Step:
        yield self.get("flow", f"/scheduling/flow?site={self.person.site_id}")

    def search(self) -> Step:
        name = self.day.chance.choice(self.day.names)
        yield self.get("search", f"/patients/search?q={quote(name[:5])}")

    def visits(self) -> Step:
        yield self.get("visits", f"/scheduling/patients/{self.somebody()}/visits")

    def chart(self) -> Step:
        yield self.get("chart", f"/patients/{self.somebody()}/")

    def timeline(self) -> Step:
        yield self.get("timeline", f"/records/{self.somebody()}/entries/")

    def results(self) -> Step:
        yield self.get("results", f"/records/{self.somebody()}/results/")

    def inbox(self) -> Step:
        yield self.get("inbox", "/records/messages/")

    def vitals_form(self) -> Step:
        yield self.get("vitals form", f"/records/{self.somebody()}/vitals/record")

    def portal_home(self) -> Step:
        yield self.get("portal home", "/portal/")

    def portal_visits(self) -> Step:
        yield self.get("portal visits", "/portal/visits")

    def portal_results(self) -> Step:
        yield self.get("portal results", "/portal/results/")

    def portal_find(self) -> Step:
        yield self.get("portal find", "/portal/book?near=01608")

    def read_patient(self) -> Step:
        yield self.get("api patient", f"/v1/patients/{self.somebody()}")

    # == Changes ==
    def check_in(self) -> Step:
        waiting = self.day.to_check_in.get(self.person.site_id)
        if not waiting:
            yield from self.day_page()
            return
        patient_id, visit_id = waiting.popleft()
        path = f"/scheduling/patients/{patient_id}/visits/{visit_id}/check-in"
        self.count((yield self.post("check in", path, {}, (302,))), "checked in")

    def book(self) -> Step:
        free = self.day.to_book.get(self.person.site_id)
        if not free:
            yield from self.day_page()
            return
        slot = free.popleft()
        form: dict[str, object] = {"provider": slot.provider_id, "visit_type": slot.visit_type_id, "site": slot.site_id}
        form |= {
            "day": slot.start.date().isoformat(),
            "start": slot.start.isoformat(),
            "key": uuid4(),
            "reason": "bench",
        }
        path = f"/scheduling/patients/{self.somebody()}/book"
        self.count((yield self.post("book", path, form, (302, 409))), "booked")

    def record_vitals(self) -> Step:
        chance = self.day.chance
        form: dict[str, object] = {"system": "metric", "heart_rate": chance.randint(62, 95), "temperature": "36.8"}
        path = f"/records/{self.somebody()}/vitals/record"
        self.count((yield self.post("record vitals", path, form, (302,))), "measured")

    def draft(self) -> Step:
        """One save of the note under way; whoever writes none opens a chart."""
        known = self.day.notes.get(self.person.user_id)
        if known is None:
            yield from self.chart()
            return
        patient_id, encounter_id, version = known
        form: dict[str, object] = {"version": version, "writer": self.person.user_id, "plan": f"Rest. {version}"}
        path = f"/records/{patient_id}/visits/{encounter_id}/note/draft"
        reply = yield self.post("save draft", path, form, (200, 409))
        if reply is not None and reply.status == 200:
            self.day.notes[self.person.user_id] = (patient_id, encounter_id, json.loads(reply.body)["version"])
        self.count(reply, "draft saved")

    def count(self, reply: Reply | None, what: str) -> None:
        if reply is not None and reply.status in (200, 302):
            self.day.done[what] += 1
