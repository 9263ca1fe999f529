"""A pytest plugin: which of these mutants does no test notice?

    pytest -p tests.mutation.forking --mutants-of patients.access --report FILE tests/patients
    pytest -p tests.mutation.forking --mutants-of may_break_glass --report FILE tests/patients/test_break_glass.py

Of a module: first each test runs once, to know which functions it calls. Then each mutant is put in place in a child of
this process, which runs the tests that call its function, the most particular first, until one fails. A child begins
with what the tests begin with, so that nothing is imported, collected or set up twice.
Of a policy or a function of the database (`walls.py`): the mutant is in place while a child runs the files named there.
"""

import gc
import json
import os
import signal
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
import pytest
from _pytest.runner import runtestprotocol
from django.conf import settings
from django.core.cache import caches
from django.db import connections

from healthcare.db.prepared import prepared
from tests.mutation.python import Mutant, exchanged, mutants_of, watched
from tests.mutation.walls import HELD_BY, changed

MOST_TESTS, FAR_TOO_LONG = 60, 300  # of one mutant; in seconds: it hangs
#: In seconds: no further test of a mutant is begun. Of a wall any test of its files may be the one that asks.
ENOUGH_OF_CODE, ENOUGH_OF_WALLS = 20.0, 150.0
#: Tests that do not pass without any mutant either, and so say nothing.
LEFT_OUT: list[str] = []
#: A world of its own, other connections, or a browser: too slow to run for each mutant.
SLOW_FIXTURES = {"built", "live_server", "superuser", "transactional_db"}
NONE_FAILED, ONE_FAILED, BROKEN = 0, 1, 2
Tests = list[pytest.Function]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--mutants-of", action="append", default=[], help="A module, or a key of `walls.py`; may be given again."
    )
    parser.addoption("--report", help="Where to write, as JSON, how many mutants there were and which are left.")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    modules = session.config.getoption("mutants_of")
    if not modules:
        return None
    items = [item for item in session.items if isinstance(item, pytest.Function) and is_quick(item)]
    walls = modules[0] in HELD_BY
    attempts = of_walls(modules, items) if walls else of_code(modules, items)
    enough = ENOUGH_OF_WALLS if walls else ENOUGH_OF_CODE
    left, tried = [], 0
    for name, tests in attempts:
        tried += 1
        if not one_fails_in_a_child(tests, enough):
            left.append(name)
            print(f"LEFT {name}", file=sys.__stderr__, flush=True)
    report = {"mutants": tried, "left": left, "left_out": LEFT_OUT}
    Path(session.config.getoption("report")).write_text(json.dumps(report, indent=1))
    return True


def of_code(modules: list[str], items: Tests) -> Iterator[tuple[str, Iterator[pytest.Function]]]:
    callers = callers_of(modules, items)
    each = dict.fromkeys(test for tests in callers.values() for test in tests)
    assert not one_fails_in_a_child(iter(each), FAR_TOO_LONG), "Without any mutant the tests pass in a child."
    for mutant in (mutant for module in modules for mutant in mutants_of(module)):
        yield mutant.name, under(mutant, callers[f"{mutant.module}.{mutant.function}"])


def of_walls(subjects: list[str], items: Tests) -> Iterator[tuple[str, Iterator[pytest.Function]]]:
    """Each test passes without a mutant, or is left out. What is no SQL any more is no mutant."""
    order = sorted((case_of(item), took, place) for place, item in enumerate(items) if (took := passes(item)))
    tests = [items[place] for _case, _took, place in order]
    assert tests, "No test passes, also without any mutant."
    address = settings.TEST_BOOTSTRAP_URL, connections["default"].settings_dict["NAME"]
    with psycopg.connect(address[0], dbname=address[1], autocommit=True) as owner:
        cursor = owner.cursor()
        for mutant in [mutant for subject in subjects for mutant in changed(subject, cursor)]:
            try:
                cursor.execute(mutant.apply.encode())
            except psycopg.Error:
                continue
            asking = [test for file in mutant.files for test in tests if test.nodeid.startswith(file + "::")]
            assert asking, f"No test of {mutant.files} passes without the mutant."
            yield mutant.name, iter(asking)
            cursor.execute(mutant.undo.encode())


def passes(item: pytest.Function) -> float:
    """How long it takes, in seconds; 0 where it does not pass."""
    reports = runtestprotocol(item, nextitem=SomethingElse(item), log=False)
    if all(report.passed for report in reports):
        return sum(report.duration for report in reports)
    LEFT_OUT.append(item.nodeid)
    return 0


def case_of(item: pytest.Function) -> int:
    """The how manieth of a test that has several: one of each is asked before a second of any."""
    kinds = [other for other in item.session.items if getattr(other, "originalname", None) == item.originalname]
    return [other for other in kinds if other.parent is item.parent].index(item)


def is_quick(item: pytest.Function) -> bool:
    marker = item.get_closest_marker("django_db")
    return not (marker and marker.kwargs.get("transaction")) and not SLOW_FIXTURES & set(item.fixturenames)


def callers_of(modules: list[str], items: Tests) -> dict[str, Tests]:
    """Function → the tests that pass and call it: one case of each before a second, those that call the least else
    first, the quick before the slow.
    """
    called: set[str] = set()
    found: dict[str, list[tuple[int, int, float, int]]] = defaultdict(list)
    with ExitStack() as stack:
        for function, code in [pair for module in modules for pair in watched(module, called)]:
            stack.enter_context(exchanged(function, code))
        for place, item in enumerate(items):
            called.clear()
            if took := passes(item):
                for name in called:
                    found[name].append((case_of(item), len(called), took, place))
    return defaultdict(list) | {
        name: [items[test[-1]] for test in sorted(tests)[:MOST_TESTS]] for name, tests in found.items()
    }


class SomethingElse:
    """What is said to come after each test: nothing of its module stays, but the session and its database do."""

    def __init__(self, item: pytest.Item) -> None:
        self.session = item.session

    def listchain(self) -> list[Any]:
        return [self.session]


def one_fails_in_a_child(tests: Iterator[pytest.Function], enough: float) -> bool:
    """Whether one of them fails there, or hangs."""
    for alias in connections:
        connections[alias].close()
    caches.close_all()
    child = os.fork()
    if child == 0:
        _try_and_end(tests, enough)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {NONE_FAILED, ONE_FAILED, -signal.SIGALRM}, f"A child ended with {code}."
    return code != NONE_FAILED


def _try_and_end(tests: Iterator[pytest.Function], enough: float) -> None:
    """In the child, which must never get past this: the database and the report are its parent's."""
    code = BROKEN
    signal.alarm(FAR_TOO_LONG)
    begun = monotonic()
    try:
        code = ONE_FAILED if any(fails(item) for item in tests if monotonic() - begun < enough) else NONE_FAILED
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def under(mutant: Mutant, tests: Tests) -> Iterator[pytest.Function]:
    for known in gc.get_objects():
        if type(known) is prepared:
            known.statements.clear()  # texts that were put together without the mutant
    with mutant.in_place():
        yield from tests


def fails(item: pytest.Function) -> bool:
    reports = runtestprotocol(item, nextitem=SomethingElse(item), log=False)
    return any(report.failed for report in reports)
