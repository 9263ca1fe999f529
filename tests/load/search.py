"""Search for a patient by part of a name, a date of birth, a number: what the front desk types into."""

from collections.abc import Sequence
from itertools import count
from urllib.parse import quote

from tests.load.bench import Bench
from tests.load.driver import Client, Pause, Request
from tests.load.people import NobodyFound, Person, rows_of, session_of, staff

CLIENTS = 4
BETWEEN = 1.2  # seconds between two searches of one person; the database refuses more than 120 a minute
ROLES = ("front_desk", "nurse", "doctor")
NAMES = """
SELECT given_name, family_name, birth_date, mrn FROM patients_patient ORDER BY md5(id::text) LIMIT 200
"""


def run(bench: Bench) -> None:
    people = everybody()
    cookies = [session_of(person) for person in people]
    asked = [text for row in rows_of(NAMES) for text in texts(*row)]
    if not asked:
        raise NobodyFound("There is no patient to search for.")
    every = [request_for(bench, cookie, text) for cookie in cookies for text in asked[:: max(len(asked) // 20, 1)]]
    share = len(every) // len(cookies)
    by_person = [every[place * share : (place + 1) * share] for place in range(len(cookies))]
    clients = min(bench.clients or CLIENTS, len(people))
    taken = bench.measure("search", [searcher(by_person[number::clients]) for number in range(clients)])
    bench.fact("people searching", f"{len(people)}, each at most every {BETWEEN:g} s, as the limit wants it")
    bench.no_errors(taken)
    bench.budget("p95 of a search", taken.total.p95, 40, " ms")
    bench.cpu_budget(taken, 8)


def everybody() -> list[Person]:
    found: list[Person] = []
    for role in ROLES:
        try:
            found += staff(role, at_most=200)
        except NobodyFound:
            continue
    if not found:
        raise NobodyFound("Nobody of this instance may search.")
    return found


def texts(given: str, family: str, birth_date: object, mrn: str) -> list[str]:
    """What is typed for one person: part of the name, both names, name and date, the number."""
    return [family[:4], f"{given} {family}", f"{family[:5]} {birth_date}", mrn]


def request_for(bench: Bench, cookie: str, text: str) -> Request:
    """As the field asks while one types: the part alone."""
    headers = {"Cookie": cookie, "HX-Request": "true"}
    return bench.request("GET", f"/patients/search?q={quote(text)}", headers=headers, kind="search")


def searcher(by_person: Sequence[Sequence[Request]]) -> Client:
    """One client, who stands for several people in turn."""
    gap = BETWEEN / len(by_person)
    for number in count():
        requests = by_person[number % len(by_person)]
        reply = yield requests[number // len(by_person) % len(requests)]
        yield Pause(max(gap - (reply.seconds if reply else 0.0), 0.0))
