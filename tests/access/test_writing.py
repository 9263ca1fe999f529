"""The policies for adding and changing rows do as a rule in plain Python says, for everybody and rows of every kind."""

from typing import Any

import pytest

from tests.access import matrix as world
from tests.access.probing import Probes, acts, asked, everybody
from tests.access.writing import RULES


@pytest.fixture(scope="module")
def crowd(built: None) -> Any:
    yield world.build()
    world.forget()


def test_every_policy_of_writing_does_as_the_rule_says(crowd: Any) -> None:
    people = list(everybody(crowd))
    wrong = []
    for table in RULES:
        probes = Probes(table, crowd)
        rows = {name: probes.of(by) for name, by in people}
        for act in acts(table):
            somebody = False
            for name, by in people:
                right = act.right(rows[name], by)
                more, fewer = differ(probes.allowed(act.condition, by), right)
                wrong += [f"{act.name}, {name}: {more} rows more and {fewer} fewer"] if more or fewer else []
                somebody = somebody or any(right)
            if not somebody and act.condition != "false":
                wrong.append(f"{act.name}: nobody ever may, so nothing was tried.")
    assert not wrong, "\n".join(wrong)


def differ(found: list[bool], right: list[bool]) -> tuple[int, int]:
    pairs = list(zip(found, right, strict=True))
    return sum(f and not r for f, r in pairs), sum(r and not f for f, r in pairs)


def test_every_table_with_a_policy_of_writing_has_a_rule(crowd: Any) -> None:
    tables = {table for (table,) in asked("SELECT tablename FROM pg_policies WHERE policyname = 'person_adds'")}
    assert tables == RULES.keys(), "Say in tests/access/writing.py who may add and change its rows."
