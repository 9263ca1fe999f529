"""What a page costs: processor time of the web processes and of PostgreSQL, one page after the other."""

from tests.load.bench import Bench, in_turn
from tests.load.people import NobodyFound, Person, portal, session_of, staff

CLIENTS, SECONDS, LIMIT = 4, 5.0, 8  # milliseconds of processor time a page
PAGES = (
    ("doctor", "home", "/"),
    ("doctor", "chart", "/patients/{patient}/"),
    ("doctor", "timeline", "/records/{patient}/entries/"),
    ("doctor", "results", "/records/{patient}/results/"),
    ("nurse", "flow board", "/scheduling/flow"),
    ("nurse", "vital signs", "/records/{patient}/vitals/record"),
    ("front_desk", "day", "/scheduling/"),
    ("front_desk", "patients", "/patients/"),
    ("front_desk", "visits", "/scheduling/patients/{patient}/visits"),
    ("patient", "portal home", "/portal/"),
    ("patient", "portal visits", "/portal/visits"),
)


def run(bench: Bench) -> None:
    """Ten seconds a page at most would be long: each has a share of its own, after its own warm-up."""
    people = {role: someone(role) for role in {role for role, _name, _path in PAGES}}
    for role, name, path in PAGES:
        known = people[role]
        if not known:
            continue
        requests = [
            bench.request("GET", path.format(patient=person.patients[0]), headers={"Cookie": cookie}, kind=name)
            for person, cookie in known
        ]
        clients = bench.clients or CLIENTS
        taken = bench.measure(f"{name} of {role}", in_turn(requests * clients, clients), seconds=SECONDS)
        bench.no_errors(taken)
        bench.cpu_budget(taken, LIMIT)


def someone(role: str) -> list[tuple[Person, str]]:
    try:
        people = portal(at_most=8) if role == "patient" else staff(role, at_most=8, patients=8)
    except NobodyFound:
        return []
    return [(person, session_of(person)) for person in people]
