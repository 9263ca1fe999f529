"""Each condition of the functions that policies ask is taken away: the rule in plain Python then disagrees."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from healthcare.accounts.permissions import Scope
from tests.access.matrix import Matrix
from tests.access.rule import MARKS, Rule
from tests.access.test_two_walls import behind_second
from tests.mutation.sql import mutants_of
from tests.mutation.surviving import Tell, said, survivors
from tests.roles import as_the_system

FUNCTIONS = ("reaches", "closed_patient_ids", "stood_for", "group_ids", "opened_by")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_condition_of_a_function_of_the_walls_matters(
    function: str, crowd: Matrix, actors: list[tuple[str, Any]], record_property: Tell
) -> None:
    """Held against the rule in plain Python."""
    ids = [patient.pk for patient in crowd.patients]
    rule = Rule.read()
    asked = [(user, wanted) for _name, user in actors for wanted in (Scope.IDENTITY, Scope.CLINICAL, *MARKS[:2])]
    right = {
        (user.pk, user.acting_role, str(wanted)): frozenset(p for p in ids if rule.opens(user, p, wanted))
        for user, wanted in asked
    }
    ((definition,),) = said(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND proname = %s",
        function,
    )
    head, body_mark, body = definition.partition("AS $function$")

    def functions() -> Iterator[tuple[str, str]]:
        for left_out, mutant in mutants_of(body):
            yield f"app.{function}: {left_out}", (head + body_mark + mutant).replace("%", "%%")

    def kills() -> bool:
        if function == "opened_by":
            with as_the_system(), connection.cursor() as cursor:
                cursor.execute("SELECT app.sync_access(%s::uuid[])", [ids])
        for place, (user, wanted) in enumerate(asked):
            if behind_second(user, ids, wanted) != right[user.pk, user.acting_role, str(wanted)]:
                asked.insert(0, asked.pop(place))  # who noticed this one may notice the next
                return True
        return False

    assert not kills(), "Without any mutant the rule holds."
    left = survivors(functions(), kills, record_property)
    assert not left, f"Nobody notices without:\n{left}"
