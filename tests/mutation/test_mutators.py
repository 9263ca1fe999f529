"""The mutants are what one would get wrong or leave out."""

import ast

from tests.mutation.python import changes_of
from tests.mutation.sql import mutants_of
from tests.mutation.surviving import REASONS, idle, is_meant
from tests.mutation.walls import of_a_body


def test_the_mutants_of_sql_are_what_one_would_leave_out() -> None:
    found = dict(mutants_of("((a = 1) AND ((b = 2) OR (c = 3)))"))
    assert {"(a = 1)", "((b = 2) OR (c = 3))", "(b = 2)", "(c = 3)"} == found.keys()
    assert "true" in found["(a = 1)"]
    assert "false" in found["(c = 3)"]
    assert dict(mutants_of("SELECT 1 FROM t WHERE a = 1 AND b = 2 ORDER BY c")).keys() == {"a = 1", "b = 2"}


def test_the_mutants_of_python_are_what_one_would_get_wrong() -> None:
    (function,) = ast.parse(
        "def may(u, p):\n    check(u)\n    if not u.on and p in u.all:\n        return a & ~b\n"
    ).body
    said = {f"{before} → {after}" for before, after, _changed in changes_of(function)}  # type: ignore[arg-type]
    assert {
        "check(u) → pass",
        "p in u.all → p not in u.all",
        "not u.on → u.on",
        "not u.on and p in u.all → not u.on or p in u.all",
        "a & ~b → a | ~b",
        "~b → b",
    } <= said


def test_the_mutants_of_a_function_leave_out_its_checks_too() -> None:
    found = dict(
        of_a_body("BEGIN IF NOT app.reaches(p) THEN RETURN; END IF; RETURN QUERY SELECT 1 FROM t WHERE a = p; END")
    )
    assert found.keys() == {"IF NOT app.reaches(p)", "WHERE a = p"}
    assert "IF false THEN RETURN" in found["IF NOT app.reaches(p)"]
    assert "WHERE true ; END" in found["WHERE a = p"]


def test_a_reason_speaks_of_the_mutants_it_names_and_is_idle_without_any() -> None:
    assert is_meant("records_…: (a = 1)", "records_draft, adds: (a = 1)")
    assert not is_meant("records_draft: (a = 1)", "records_draft: (a = 1) OR b")
    assert idle([]) == list(REASONS)
    assert all(REASONS.values()), "Each has a reason."
