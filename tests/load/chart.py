"""The chart of a patient with 5,000 entries, as a page: first byte, processor time, weight."""

import gzip
import re
from uuid import UUID

from tests.load.bench import Bench, in_turn
from tests.load.driver import Client, Reply, Request, drive
from tests.load.people import NobodyFound, Person, rows_of, session_of, staff
from tests.load.rows import add_entries

CLIENTS = 4
ENTRIES = 5_000
FULLEST = """
SELECT e.patient_id, count(*) FROM records_entry e JOIN patients_patient p ON p.id = e.patient_id
WHERE p.site_id = %s GROUP BY 1 ORDER BY 2 DESC LIMIT 1
"""
LINKED = re.compile(rb"""(?:href|src)="(/static/[^"]+)\"""")


def run(bench: Bench) -> None:
    doctors = staff("doctor", patients=1)
    patient_id, entries = fullest(doctors[0])
    mates = [person for person in doctors if person.site_id == doctors[0].site_id]
    cookies = [session_of(person) for person in mates]
    requests = [page(bench, patient_id, cookie) for cookie in cookies]
    clients = bench.clients or CLIENTS
    taken = bench.measure("chart", in_turn(requests * max(clients // len(requests), 1), clients))
    bench.fact("entries in this chart", entries)
    bench.no_errors(taken)
    bench.budget("first byte p95 of the chart", taken.total.first_byte_p95, 60, " ms")
    bench.cpu_budget(taken, 8)
    weigh(bench, requests[0])


def fullest(doctor: Person) -> tuple[UUID, int]:
    """The fullest chart of the doctor's site, filled up to 5,000 entries where it has fewer."""
    found = rows_of(FULLEST, doctor.site_id)
    patient_id, entries = found[0] if found else (doctor.patients[0], 0)
    if entries < ENTRIES:
        add_entries(patient_id, ENTRIES - entries)
    return patient_id, max(entries, ENTRIES)


def page(bench: Bench, patient_id: UUID, cookie: str) -> Request:
    return bench.request("GET", f"/patients/{patient_id}/", headers={"Cookie": cookie}, kind="chart")


# == Weight ==
def weigh(bench: Bench, request: Request) -> None:
    """What the wire carries, heads and all: with everything the page links, and again with a warm cache."""
    opened = fetch(bench, [request])[0]
    if opened.status != 200:
        raise NobodyFound(f"The chart answers {opened.status}.")
    markup = gzip.decompress(opened.body) if opened.header("Content-Encoding") == "gzip" else opened.body
    linked = sorted(set(LINKED.findall(markup)))
    files = fetch(bench, [bench.request("GET", path.decode()) for path in linked])
    later = sum(size(file) for file in files if "immutable" not in file.header("Cache-Control"))
    bench.fact("files linked by the chart", len(files))
    bench.fact("the chart's markup", f"{len(markup) / 1000:.1f} kB, {len(gzip.compress(markup)) / 1000:.1f} kB as gzip")
    bench.budget("weight of the chart, first load", (size(opened) + sum(map(size, files))) / 1000, 100, " kB")
    bench.budget("weight of the chart, later loads", (size(opened) + later) / 1000, 30, " kB")


def fetch(bench: Bench, requests: list[Request]) -> list[Reply]:
    found: list[Reply] = []

    def client() -> Client:
        for request in requests:
            reply = yield request
            found.append(reply or Reply(0))

    drive(bench.instance.address, [client()], warm_up=0, seconds=5)
    if len(found) < len(requests):
        raise NobodyFound("The page's files did not come within five seconds.")
    return found


def size(reply: Reply) -> int:
    return len(reply.head) + 4 + len(reply.body)
