"""GET /v1/slots: what is free with a provider in the coming week, with tokens of many patients."""

from datetime import timedelta
from urllib.parse import urlencode

from django.utils import timezone

from tests.load.bench import Bench, in_turn
from tests.load.people import NobodyFound, portal, rows_of, staff, tokens_for

CLIENTS = 16
TOKENS = 100
BOOKABLE = """
SELECT r.provider_id, t.id FROM scheduling_resource r
CROSS JOIN (SELECT id FROM scheduling_visittype WHERE active AND specialty = '' ORDER BY minutes, name LIMIT 1) t
JOIN accounts_provider p ON p.id = r.provider_id WHERE p.ended_at IS NULL ORDER BY md5(r.id::text) LIMIT 200
"""


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
