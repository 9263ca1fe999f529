"""Each condition of the policies for adding and changing is taken away: the rule in plain Python then disagrees."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, transaction

from tests.access.matrix import Matrix
from tests.access.probing import Act, Probes, acts, asked, everybody
from tests.access.writer import By
from tests.access.writing import REMOVES, RULES
from tests.mutation.sql import mutants_of
from tests.mutation.surviving import Tell, unexplained

People = list[tuple[str, By]]


@pytest.fixture(scope="module")
def people(crowd: Matrix) -> People:
    return list(everybody(crowd))


@pytest.mark.parametrize("table", RULES)
def test_each_condition_of_a_writing_policy_matters(
    table: str, crowd: Matrix, people: People, record_property: Tell
) -> None:
    probes, left, tried = Probes(table, crowd), [], 0
    rows = {name: probes.of(by) for name, by in people}
    for act in acts(table):
        right = {name: act.right(rows[name], by) for name, by in people}
        assert not is_noticed(probes, act.condition, people, right), f"Without any mutant: {act.name}"
        for left_out, condition in without_each(act):
            tried += 1
            if not is_noticed(probes, condition, people, right):
                left.append(f"{act.name}: {left_out}".replace("pg_temp.reached(", "app.reaches("))
    found = unexplained(left, tried, record_property)
    assert not found, f"Nobody notices without:\n{found}"


def without_each(act: Act) -> Iterator[tuple[str, str]]:
    """Each member of it, and all of it; what forbids everybody is opened to all."""
    yield from mutants_of(act.condition)
    yield "everything", "true"


def is_noticed(probes: Probes, condition: str, people: People, right: dict[str, list[bool]]) -> bool:
    for place, (name, by) in enumerate(people):
        try:
            with transaction.atomic():
                same = probes.allowed(condition, by) == right[name]
        except DatabaseError:
            same = False
        if not same:
            people.insert(0, people.pop(place))  # who noticed this one may notice the next
            return True
    return False


#: Table → why what is changed is not in the words of what is seen; it is never more.
OTHER_WORDS = {
    "alerts_alert": "for changes the grant of each area is asked for in turn, for reading the one of its area alone",
    "records_encounter": "patients see a visit entered in error once they were told of it, and change no visit at all",
    "patients_selfregistration": "what was answered stays as it was, and what waits became nobody's record yet",
}
CHECKS = "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"


@pytest.mark.parametrize("table", RULES)
def test_a_row_that_is_changed_or_removed_is_one_that_is_seen(table: str, crowd: Matrix, people: People) -> None:
    """Its conditions are those that were tried where rows are read; nobody removes any, or by these, or by a rule.

    In other words, everybody is asked: of each row that the table would take, one that they may change they see.
    """
    found = dict(asked("SELECT policyname, qual FROM pg_policies WHERE tablename = %s", table))
    sees, changes = found["person_sees"], found["person_changes"]
    assert (table in OTHER_WORDS) == (changes not in {"false", sees})
    if table in OTHER_WORDS:
        taken = " AND ".join(f"({check})" for (check,) in asked(CHECKS, table))
        probes = Probes(table, crowd)
        for name, by in people:
            assert not any(probes.allowed(f"{taken} AND {changes} AND ({sees}) IS NOT TRUE", by)), name
        assert any(any(probes.allowed(f"{taken} AND {changes}", by)) for _name, by in people), "Nobody changes any."
    assert table in REMOVES or found["person_removes"] in {"false", sees}
