"""Generated requests along the whole document: no fault of ours, and every answer is as the document says.

Each operation gets requests that fit its schema and requests that break it, about rows that are there and rows that are
not, as staff and as a patient, within a bounded time. The seed is printed; `SCHEMATHESIS_SEED` gives the same again.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from healthcare.api.document import document
from tests.api.world import everything_of
from tests.bearer import token_for
from tests.factories import PatientFactory, SiteFactory, portal_user, staff

pytestmark = pytest.mark.django_db
load_all_checks()
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SECONDS = 40  # for all operations together
MOST = 12  # requests of one kind to one operation by one person
SEED = int(os.environ.get("SCHEMATHESIS_SEED") or random.SystemRandom().randrange(2**32))
OPERATIONS = [(path, method.upper()) for path, methods in document()["paths"].items() for method in methods]
# Whoever may do it at all, so that the operation itself is reached and not only its door.
WHO = {
    "/v1/prescriptions": ("doctor", "pharmacist", "patient"),
    "/v1/invoices": ("billing", "patient"),
    "/v1/appointments": ("front_desk", "patient"),
}


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    return reporter.write_line if reporter else lambda line: None


@pytest.fixture(autouse=True)
def _stays_in_the_tests_transaction():
    """As Django's own test client does it: a request ends no connection, since the test's rows are not committed."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def people(path: str) -> tuple[str, ...]:
    return next((who for prefix, who in WHO.items() if path.startswith(prefix)), ("doctor", "patient"))


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_generated_requests(path: str, method: str, say: Callable[[str], None]) -> None:
    site = SiteFactory()
    patient = PatientFactory(site=site)
    own = portal_user(patient)
    ids = {name: str(row) for name, row in everything_of(patient).items()}
    schema = schemathesis.openapi.from_dict(document())
    schema.app = WSGIHandler()
    operation = schema[path][method]
    there = {name: row for name, row in ids.items() if f"{{{name}}}" in path}
    statuses: Counter[int] = Counter()
    ways = [(mode, rows) for mode in GenerationMode for rows in ([{}, there] if there else [{}])]
    each = SECONDS / len(OPERATIONS) / len(people(path)) / len(ways)
    for role in people(path):
        token = token_for(own if role == "patient" else staff(role, site))
        for mode, rows in ways:
            try:
                strategy = operation.as_strategy(generation_mode=mode, **({"path_parameters": rows} if rows else {}))
                send(strategy, token, rows, statuses, time.monotonic() + each)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, f"Nothing fits the schema of {method} {path}."
    say(f"  {method} {path}: {sum(statuses.values())} requests, {dict(sorted(statuses.items()))}, seed {SEED}")
    assert statuses, f"Nobody knocked at {method} {path}."
    assert {status for status in statuses if status not in {401, 404, 405}}, f"{method} {path} was never reached."


def send(strategy: Any, token: str, rows: dict[str, str], statuses: Counter[int], until: float) -> None:
    @seed(SEED)
    @settings(
        max_examples=MOST,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(case=strategy)
    def knock(case: Any) -> None:
        if time.monotonic() > until and statuses:
            return
        for name, row in rows.items():
            case.path_parameters[name] = row
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    knock()
