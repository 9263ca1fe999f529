"""GET /v1/slots: what is free with a provider in the coming week, with tokens of many patients; and what the database
takes for 50 providers over 14 days."""

from datetime import timedelta
from statistics import median
from urllib.parse import urlencode

from django.utils import timezone

from tests.load.bench import Bench, in_turn, timed
from tests.load.people import NobodyFound, portal, rows_of, staff, tokens_for

CLIENTS = 16
TOKENS = 100
BOOKABLE = """
SELECT r.provider_id, t.id FROM scheduling_resource r
CROSS JOIN (SELECT id FROM scheduling_visittype WHERE active AND specialty = '' ORDER BY minutes, name LIMIT 1) t
JOIN accounts_provider p ON p.id = r.provider_id WHERE p.ended_at IS NULL ORDER BY md5(r.id::text) LIMIT 200
"""
MANY, ASKED = 50, 40
RESOURCES = "SELECT id FROM scheduling_resource WHERE provider_id IS NOT NULL ORDER BY md5(id::text) LIMIT %s"
FREE = "SELECT resource_id, site_id, free FROM app.free_time(%s::uuid[], tstzrange(now(), now() + interval '14 days'))"


def run(bench: Bench) -> None:
    bench.needs_api()
    try:
        people = portal(at_most=TOKENS)
    except NobodyFound:
        people = staff("front_desk", at_most=TOKENS)
    held = tokens_for(people, at_least=TOKENS)
    now = timezone.now().replace(microsecond=0)
    requests = []
    for number, (provider_id, visit_type_id) in enumerate(rows_of(BOOKABLE)):
        first = now + timedelta(days=number % 14)
        asked = {"provider": provider_id, "visit_type": visit_type_id}
        asked |= {"from": first.isoformat(), "to": (first + timedelta(days=7)).isoformat()}
        _person, headers = held[number % len(held)]
        requests.append(bench.request("GET", f"/v1/slots?{urlencode(asked)}", headers=headers, kind="slots"))
    if not requests:
        raise NobodyFound("No provider can be booked.")
    taken = bench.measure("slots", in_turn(requests, bench.clients or CLIENTS))
    bench.no_errors(taken)
    bench.cpu_budget(taken, 2.5)
    in_the_database(bench)


def in_the_database(bench: Bench) -> None:
    """Asked and read over a connection of its own, with nothing else running on the instance."""
    resources = [row[0] for row in rows_of(RESOURCES, MANY)]
    taken = timed(ASKED, lambda _number: rows_of(FREE, resources))
    bench.fact("providers asked about at once", len(resources))
    bench.budget("free times of 50 providers over 14 days, median", median(taken), 15, " ms")
