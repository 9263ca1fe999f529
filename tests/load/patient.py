"""GET /v1/patients/{id} with tokens of many people, beside the floor of the same minute."""

from tests.load import floor
from tests.load.bench import Bench, in_turn
from tests.load.people import tokens_for

MANY, FEW = 64, 16
SHARE = 40  # percent of the floor's rate
TOKENS = 100  # each may read 600 times a minute


def run(bench: Bench) -> None:
    bench.needs_api()
    people = floor.readers()
    held = {id(person): headers for person, headers in tokens_for(people, at_least=len(people))}
    spare = tokens_for(people, at_least=TOKENS)
    requests = []
    for number, (person, patient_id) in enumerate(floor.pairs(people, at_most=5 * TOKENS)):
        own = [headers for holder, headers in spare if holder is person] or [held[id(person)]]
        requests.append(
            bench.request("GET", f"/v1/patients/{patient_id}", headers=own[number % len(own)], kind="patient")
        )
    many = bench.measure("patient", in_turn(requests, bench.clients or MANY))
    lowest = floor.measure(bench, people, bench.clients or MANY)
    few = bench.measure("patient, few clients", in_turn(requests, min(bench.clients or FEW, FEW)))
    bench.no_errors(many)
    bench.no_errors(few)
    bench.budget("patient reads", many.rate, 400, "/s", at_least=True)
    if lowest.rate:
        bench.budget("patient reads beside the floor", 100 * many.rate / lowest.rate, SHARE, " %", at_least=True)
    bench.budget(f"p95 of a patient read, {few.clients} clients", few.total.p95, 80, " ms")
    bench.cpu_budget(many, 2.5)
