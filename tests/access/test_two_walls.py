"""The two walls agree on forty patients, every kind of row and every kind of access; and on what is right.

The first wall alone is asked where the database shows everything, the second alone by a query without any filter.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as
from patients.access import find_visible
from patients.models import Patient, at_chart, held_on
from tests.access import matrix as world
from tests.access.matrix import PATIENTS, Matrix
from tests.access.rule import MARKS, Rule
from tests.architecture.test_models import label, on_the_graph
from tests.roles import as_the_system

MODELS = [model for model in on_the_graph() if hasattr(model._default_manager.all(), "visible_to")]
#: Where the second wall shows more than the first, and why that is meant. Less is never meant.
WIDER_BEHIND = {
    "patients.Restriction": "whoever is shut out may know it: the first wall asks for them in their own name",
}


@pytest.fixture(scope="module")
def crowd(built: None) -> Iterator[Matrix]:
    yield world.build()
    world.forget()


@pytest.fixture(scope="module")
def seen(crowd: Matrix) -> dict[tuple[str, str], tuple[set[Any], set[Any]]]:
    """Actor, model → what each wall alone lets through."""
    found = {}
    for name, user in crowd.every_actor():
        with as_the_system():
            first = {m: set(m._default_manager.visible_to(user).values_list("pk", flat=True)) for m in MODELS}
        with acting_as(user):
            second = {m: set(m._default_manager.values_list("pk", flat=True)) for m in MODELS}
        found |= {(name, label(model)): (first[model], second[model]) for model in MODELS}
    return found


@pytest.fixture(scope="module")
def everything(crowd: Matrix) -> dict[str, dict[Any, Any]]:
    with as_the_system():
        return {
            label(model): dict(model._default_manager.values_list("pk", "pk" if model is Patient else "patient_id"))
            for model in MODELS
        }


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_the_walls_agree_on_every_row(model: Any, seen: Any, everything: Any) -> None:
    kind = label(model)
    for (actor, of), (first, second) in seen.items():
        if of == kind:
            assert first <= second, f"{kind}: the second wall hides {len(first - second)} rows from: {actor}."
            assert second <= first or kind in WIDER_BEHIND, (
                f"{kind}: a view that forgets its filter shows {len(second - first)} rows more to: {actor}."
            )


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_there_is_a_row_of_every_kind_for_every_patient_and_somebody_sees_it(
    model: Any, seen: Any, everything: Any
) -> None:
    kind = label(model)
    assert len(set(everything[kind].values())) >= PATIENTS, f"Make rows of {kind} in tests/access/matrix.py."
    counts = {len(first) for (_actor, of), (first, _second) in seen.items() if of == kind}
    assert 0 in counts, f"{kind}: everybody sees some."
    assert max(counts) > 0, f"{kind}: nobody sees any, so the walls were not compared."
    assert len(everything[kind]) not in counts or kind in REVIEWED, f"{kind}: somebody sees the rows of every patient."


def test_at_least_ten_people_see_different_things(crowd: Matrix, seen: Any) -> None:
    assert len(crowd.people) >= 10
    sights = {
        name: frozenset().union(*(first for (a, _of), (first, _s) in seen.items() if a == name))
        for name in crowd.people
    }
    assert len(set(sights.values())) >= 10


def test_a_row_is_never_seen_without_a_scope_of_its_patient(crowd: Matrix, seen: Any, everything: Any) -> None:
    """Nothing at all of patients whom the rule opens in no scope, but for rows that name the asker."""
    rule = Rule.read()
    for name, user in crowd.every_actor():
        open_ = {p.pk for p in crowd.patients if any(rule.opens(user, p.pk, scope) for scope in Scope)}
        for model in MODELS:
            kind = label(model)
            owners = {everything[kind][pk] for pk in seen[name, kind][0]}
            strange = owners - open_ if kind not in {"patients.CareRelationship", *OF_THE_ASKER, *OF_TWO} else set()
            assert not strange, f"{name} sees {kind} of {len(strange)} patients they do not reach."


#: Whoever reviews sees all, and who breaks the glass is reviewed.
REVIEWED = {
    *("patients.AccessRequest", "patients.EmergencyAccess", "patients.PrivacyCase", "patients.CloseWatch"),
    "records.AmendmentRequest",
}
#: Rows about what the asker did or asked themself, and the queue of whoever reviews.
OF_THE_ASKER = REVIEWED | {"patients.Proxy"}
NAME_THE_ASKER = OF_THE_ASKER | {"patients.CareRelationship"}
#: Rows of two patients, seen where either is: a merge that was undone.
OF_TWO = {"patients.Merge"}


def test_both_walls_and_the_ready_statement_do_as_the_rule_says(crowd: Matrix) -> None:
    """Each scope and each label of each patient, asked of five writings of one rule."""
    rule = Rule.read()
    ids = [patient.pk for patient in crowd.patients]
    for name, user in crowd.every_actor():
        held: dict[Any, set[str]] = {}
        for wanted in (*Scope, *MARKS):
            right = {pk for pk in ids if rule.opens(user, pk, wanted)}
            for pk in right:
                held.setdefault(pk, set()).add(str(wanted))
            assert behind_second(user, ids, wanted) == right, f"second wall, {name}, {wanted}"
            if isinstance(wanted, Scope):
                assert behind_first(user, wanted) & set(ids) == right, f"first wall, {name}, {wanted}"
        with as_the_system():
            ready = {pk for pk in ids if find_visible(user, pk)}
        identified = {pk for pk in held if Scope.IDENTITY in held[pk]}
        assert ready == identified, f"find_visible, {name}"
        assert held_by(user) == {pk: held[pk] for pk in identified}, f"all at once, as a chart asks, {name}"


def test_at_a_chart_the_first_wall_shows_the_rows_of_that_patient_and_no_others(
    crowd: Matrix, seen: Any, everything: Any
) -> None:
    """For each actor the charts that are open to them in different ways; every kind of row of each."""
    for name, user in crowd.every_actor():
        for held, patient_id in {held: patient_id for patient_id, held in held_by(user).items()}.items():
            reader = at_chart(user, patient_id, held)
            for model in MODELS:
                kind = label(model)
                right = {pk for pk in seen[name, kind][0] if everything[kind][pk] == patient_id}
                with as_the_system():
                    rows = set(model._default_manager.visible_to(reader).values_list("pk", flat=True))
                here = {pk for pk in rows if everything[kind][pk] == patient_id}
                assert here == right, f"{name} sees other rows of {kind} at the chart."
                assert here == rows or kind in NAME_THE_ASKER | OF_TWO, f"{name} sees {kind} of another patient."


def held_by(user: Any) -> dict[Any, frozenset[str]]:
    with as_the_system():
        rows = Patient.objects.visible_to(user).annotate(held=held_on(user))
        return {patient_id: frozenset(held) for patient_id, held in rows.values_list("pk", "held")}


def behind_first(user: Any, scope: Scope) -> set[Any]:
    with as_the_system():
        return set(Patient.objects.visible_to(user, scope).values_list("pk", flat=True))


def behind_second(user: Any, ids: list[Any], wanted: str) -> set[Any]:
    with acting_as(user), connection.cursor() as cursor:
        cursor.execute("SELECT p FROM unnest(%s::uuid[]) AS p WHERE app.reaches(p, %s)", [ids, str(wanted)])
        return {row[0] for row in cursor.fetchall()}
