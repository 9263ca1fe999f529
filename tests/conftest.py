"""Strict fixtures: the tests run as the web login, inside both walls, and silent mistakes are loud."""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test.utils import setup_databases, teardown_databases

from healthcare.api import throttles
from healthcare.events import parts
from healthcare.events.facts import decode
from tests.databases import migrated
from tests.roles import as_the_system, taking_role

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's event loop runs beside live_server
# The same examples each time, so that a change answers for itself alone, and no clock: a busy machine is no defect.
# New examples: --hypothesis-profile=default.
hypothesis.settings.register_profile(
    "change", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("change")
ALIASES = ("default", "audit")
pytest_plugins = ["tests.strict", "tests.bearer"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that touches the database may use both connections: pages write audit rows on the second."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and "databases" not in marker.kwargs:
            item.add_marker(pytest.mark.django_db(**marker.kwargs, databases=list(ALIASES)), append=False)


def _assume(role: str) -> None:
    for alias in ALIASES:
        connections[alias].close()
        connections[alias].settings_dict["OPTIONS"]["assume_role"] = role


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_use_migrations: bool,
    django_db_keepdb: bool,
    django_db_createdb: bool,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Migrate as the owner, once for all workers, then run every test as web."""
    with django_db_blocker.unblock():
        _assume("owner")
        connections["default"].settings_dict["TEST"]["TEMPLATE"] = migrated()
        config = setup_databases(
            verbosity=0,
            interactive=False,
            keepdb=django_db_keepdb and not django_db_createdb,
            aliases=ALIASES,
            serialized_aliases=[],
        )
        with connections["default"].cursor() as cursor:
            cursor.execute("TRUNCATE audit_auditevent")  # what migrating wrote; tests count their own
        _assume("web")
    yield
    with django_db_blocker.unblock():
        _assume("owner")
        if not django_db_keepdb:
            teardown_databases(config, verbosity=0)


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted by the minute is counted within one, from nothing, whenever the test happens to run."""
    throttles._leases.clear()
    throttles._counts.clear()
    at = time.time() // throttles.WINDOW * throttles.WINDOW + 1
    monkeypatch.setitem(throttles.spend.__kwdefaults__, "clock", lambda: at)


@pytest.fixture(autouse=True)
def _inside_the_walls(request: pytest.FixtureRequest) -> None:
    """A test that ran as a superuser, the owner or past row security would prove nothing."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db" if not _transactional(request) else "transactional_db")
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            assert cursor.fetchone() == ("web", False)


def _transactional(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))


@pytest.fixture
def as_role() -> Callable[..., Any]:
    return taking_role


@pytest.fixture
def superuser() -> Iterator[psycopg.Connection]:
    """A connection past every wall, for tests that tamper; autocommit, so it sees only what was committed."""
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(settings.TEST_BOOTSTRAP_URL, dbname=name, autocommit=True) as connection:
        yield connection


@pytest.fixture
def reference() -> str:
    """Something unique, for names and addresses that must not meet those of another test."""
    return uuid.uuid4().hex[:10]


@pytest.fixture
def takes_part(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`takes_part("patients.Banner", one, other)`: these objects, and nobody else, take part under this name."""
    found = parts.import_string
    named = parts.names_of
    put_in: dict[str, Any] = {}
    by_part: dict[str, list[str]] = {}

    def put(name: str, *objects: Any) -> None:
        by_part[name] = [f"tests.{name}.{place}" for place in range(len(objects))]
        put_in.update(zip(by_part[name], objects, strict=True))
        parts.parts_of.cache_clear()

    monkeypatch.setattr(parts, "names_of", lambda name: by_part.get(name) or named(name))
    monkeypatch.setattr(parts, "import_string", lambda target: put_in.get(target) or found(target))
    yield put
    parts.parts_of.cache_clear()


@pytest.fixture
def announced() -> Callable[..., list[Any]]:
    """The facts announced in this test, in their order, as subscribers get them back; of these kinds, where named."""

    def read(*kinds: type) -> list[Any]:
        from healthcare.events.models import OutboxEvent

        with as_the_system():
            facts = [decode(_fact_class(row.name), row.payload) for row in OutboxEvent.objects.order_by("id")]
        return [fact for fact in facts if not kinds or isinstance(fact, kinds)]

    return read


def _fact_class(name: str) -> type:
    app, fact = name.split(".")
    module = f"{app}.events" if find_spec(app) else f"healthcare.{app}.events"
    return getattr(import_module(module), fact)
