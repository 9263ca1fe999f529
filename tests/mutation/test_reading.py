"""Each condition of each reading policy is taken away: somebody then sees otherwise than the first wall says."""

from collections.abc import Iterator
from typing import Any

import pytest

from healthcare.db.context import acting_as
from tests.access.test_two_walls import MODELS, WIDER_BEHIND, label
from tests.mutation.sql import mutants_of
from tests.mutation.surviving import Tell, said, survivors
from tests.roles import as_the_system


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_each_condition_of_a_reading_policy_matters(
    model: Any, actors: list[tuple[str, Any]], record_property: Tell
) -> None:
    """Held against the first wall, as tests/access/test_two_walls.py does; against itself where it is wider."""
    table = model._meta.db_table
    right = {}
    for name, user in actors:
        if label(model) in WIDER_BEHIND:
            with acting_as(user):
                right[name] = set(model._default_manager.values_list("pk", flat=True))
        else:
            with as_the_system():
                right[name] = set(model._default_manager.visible_to(user).values_list("pk", flat=True))
    ((condition,),) = said("SELECT qual FROM pg_policies WHERE tablename = %s AND policyname = 'person_sees'", table)

    def policies() -> Iterator[tuple[str, str]]:
        for left_out, mutant in mutants_of(condition):
            yield f"{table}: {left_out}", f"ALTER POLICY person_sees ON {table} USING ({mutant.replace('%', '%%')})"

    def kills() -> bool:
        for place, (name, user) in enumerate(actors):
            with acting_as(user):
                if set(model._default_manager.values_list("pk", flat=True)) != right[name]:
                    actors.insert(0, actors.pop(place))  # who noticed this one may notice the next
                    return True
        return False

    assert not kills(), "Without any mutant the walls agree."
    left = survivors(policies(), kills, record_property)
    assert not left, f"Nobody notices without:\n{left}"
