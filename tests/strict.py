"""Strict fixtures that make silent mistakes loud, as a pytest plugin.

An unknown template variable fails the test; an unordered queryset comes shuffled; a POST form without a CSRF token
fails; warnings, such as Django's about naive datetimes, are errors and the network ends at loopback (pyproject.toml).
"""

import inspect
import random
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from django.db.models.query import QuerySet
from django.template import engines
from django.template.base import Node
from django.test import Client, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from psycopg.errors import DeadlockDetected

from tests import emptying
from tests.roles import taking_role

POST_FORM = re.compile(r"<form\b(?=[^>]*\bmethod=[\"']?post)[^>]*>(.*?)</form>", re.IGNORECASE | re.DOTALL)
# What every request costs, whatever its page does: the five fixed queries and the bounds of transactions.
FIXED = re.compile(
    r"^(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|SET )|set_config\('app\.context'"
    r"|FROM accounts_session s|FROM \"accounts_session\"|UPDATE \"accounts_session\""
    r"|FROM \"accounts_user\" WHERE \"accounts_user\".\"id\" = ",
    re.IGNORECASE,
)
GRANTS = "JOIN accounts_team t ON t.site_id = m.site_id"  # what the reader reaches: fixed too, when it is asked once


def pytest_configure(config: pytest.Config) -> None:
    _shuffle_unordered_querysets()
    _refuse_post_forms_without_token()
    _flush_as_owner()


@pytest.fixture(autouse=True, scope="session")
def _unknown_variables_fail(django_test_environment: None) -> None:
    engines["django"].engine.string_if_invalid = UnknownVariable()  # type: ignore[attr-defined]


class UnknownVariable(str):
    """Django asks whether it is anything, then whether `"%s"` is in it, and then fills in which variable is missing."""

    def __bool__(self) -> bool:
        """Nothing for other people's templates, which go on as ever."""
        return _our_template_being_drawn() is not None

    def __contains__(self, part: object) -> bool:
        return part == "%s"

    def __mod__(self, variable: object) -> str:
        pytest.fail(f"{_our_template_being_drawn()} uses {variable!s}, which the view does not give it.")


def is_ours(origin: Path) -> bool:
    """Templates of installed packages may lean on missing variables; ours may not."""
    return origin.is_relative_to(settings.BASE_DIR) and "site-packages" not in origin.parts


def _our_template_being_drawn() -> Path | None:
    """Relative to the project; None when it is somebody else's."""
    frame = inspect.currentframe()
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None) is not None:
            origin = Path(str(node.origin))
            return origin.relative_to(settings.BASE_DIR) if is_ours(origin) else None
        frame = frame.f_back
    return None


def _shuffle_unordered_querysets() -> None:
    fetch = QuerySet._fetch_all

    def fetch_shuffled(queryset: QuerySet[Any]) -> None:
        fresh = queryset._result_cache is None
        fetch(queryset)
        if fresh and not queryset.ordered and not queryset.query.is_sliced:
            random.shuffle(queryset._result_cache)

    QuerySet._fetch_all = fetch_shuffled  # type: ignore[method-assign]


def _refuse_post_forms_without_token() -> None:
    request = Client.request

    def request_and_look(client: Client, **given: Any) -> Any:
        response = request(client, **given)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            check_forms(response.content.decode(errors="replace"), str(given.get("PATH_INFO")))
        return response

    Client.request = request_and_look  # type: ignore[method-assign]


def check_forms(page: str, path: str) -> None:
    for form in POST_FORM.finditer(page):
        if "csrfmiddlewaretoken" not in form[1]:
            pytest.fail(f"A POST form on {path} has no CSRF token; write {{% csrf_token %}} inside it.")


def _flush_as_owner() -> None:
    """Transactional tests end with an empty database: by `tests.emptying`, or by TRUNCATE, which no other login may. A
    page on its way when the browser closed may hold one of the tables and want another: it is over in a moment.
    """
    teardown = TransactionTestCase._fixture_teardown

    def teardown_as_owner(case: TransactionTestCase, left: int = 3) -> None:
        if emptying.emptied():
            return
        try:
            with taking_role("owner"):
                teardown(case)
            emptying.remember()
        except CommandError as problem:
            if not left or not isinstance(getattr(problem.__cause__, "__cause__", None), DeadlockDetected):
                raise
            teardown_as_owner(case, left - 1)

    TransactionTestCase._fixture_teardown = teardown_as_owner  # type: ignore[method-assign]


class Queries(list[str]):
    """The SQL of a block that is the page's own, without what every request costs."""

    def __str__(self) -> str:
        return "\n".join(f"{number}. {sql}" for number, sql in enumerate(self, start=1))


@pytest.fixture
def assert_queries() -> Callable[..., AbstractContextManager[Queries]]:
    """`with assert_queries(at_most=12) as queries:`; compare `len(queries)` for 1 row and for 10."""

    @contextmanager
    def budget(at_most: int = 12) -> Iterator[Queries]:
        queries = Queries()
        with CaptureQueriesContext(connection) as captured:
            yield queries
        queries += [query["sql"] for query in captured.captured_queries if not FIXED.search(query["sql"])]
        for grants in [sql for sql in queries if GRANTS in sql][:1]:
            queries.remove(grants)
        if len(queries) > at_most:
            pytest.fail(f"{len(queries)} queries, and the budget is {at_most}:\n{queries}")

    return budget
