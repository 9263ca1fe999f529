"""Each condition of the first wall is taken away, in Python and in its SQL: the rule in plain Python then disagrees."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from alerts.models import Alert
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.context import acting_as
from patients import access
from patients.access import find_visible
from patients.models import Patient, reach
from records.models import Draft, Entry
from tests.access.matrix import Matrix
from tests.access.rule import Rule
from tests.mutation.python import mutants_of
from tests.mutation.sql import mutants_of as sql_mutants_of
from tests.mutation.surviving import Tell, unexplained
from tests.roles import as_the_system

#: What a change may break in the code that asks, besides what is found.
BROKEN = (DatabaseError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
Mutants = Iterator[tuple[str, AbstractContextManager[None]]]


class Asked:
    """What each person in each role should find, asked once; and what the first wall finds, by people read afresh."""

    def __init__(self, crowd: Matrix) -> None:
        rule = Rule.read()
        self.ids = [patient.pk for patient in crowd.patients]
        self.people = [(user.pk, str(user.acting_role)) for _name, user in crowd.every_actor()]
        self.right: dict[Any, dict[str, set[Any]]] = {}
        for _name, user in crowd.every_actor():
            with acting_as(user):  # marked rows as the second wall says; patients as the rule does
                rows = {m.__name__: set(m._default_manager.values_list("pk", flat=True)) for m in (Entry, Draft, Alert)}
                rows["of"] = {  # type: ignore[assignment]
                    model: dict(model.objects.values_list("pk", "patient_id")) for model in (Entry, Alert)
                }
            patients = {s: {pk for pk in self.ids if rule.opens(user, pk, s)} for s in (Scope.IDENTITY, Scope.CLINICAL)}
            self.right[user.pk, str(user.acting_role)] = rows | patients
        doctor = next(user for name, user in crowd.people.items() if name.startswith("doctor at"))
        self.right |= {(doctor.pk, "closed"): {}, (doctor.pk, ""): {}}
        self.people += [(doctor.pk, "closed"), (doctor.pk, "")]

    def is_noticed(self, by: Callable[[Any, str], bool]) -> bool:
        for place, who in enumerate(self.people):
            try:
                with transaction.atomic(), as_the_system():
                    same = by(*who)
            except BROKEN:
                same = False
            if not same:
                self.people.insert(0, self.people.pop(place))  # who noticed this one may notice the next
                return True
        return False

    def lists_agree(self, pk: Any, role: str) -> bool:
        user, right = someone(pk, role), self.right[pk, role]
        if not right:  # the marks alone let nobody pass either
            return not any(
                found.exists()
                for found in (
                    Patient.objects.visible_to(user),
                    Entry.objects.visible_to(user),
                    Entry.objects.filter(reach.marks_open_to(user)),
                    Alert.objects.filter(reach.within_scope_of_each(user, Scope, "area")),
                    Patient.objects.annotate(held=reach.held_on(user)).exclude(held=[]),
                    Entry.objects.visible_to(reach.at_chart(user, self.ids[0], [*Scope])),
                )
            )
        return (
            all(
                set(Patient.objects.visible_to(user, scope).filter(pk__in=self.ids).values_list("pk", flat=True))
                == right.get(scope, set())
                for scope in (Scope.IDENTITY, Scope.CLINICAL)
            )
            and all(
                set(model._default_manager.visible_to(someone(pk, role)).values_list("pk", flat=True))
                == right.get(model.__name__, set())
                for model in (Entry, Draft, Alert)
            )
            and self.charts_agree(pk, role)
        )

    def charts_agree(self, pk: Any, role: str) -> bool:
        """For each way in which a chart is open, one such chart: the reader finds the entries of it and no others."""
        user, right = someone(pk, role), self.right[pk, role]
        rows = Patient.objects.visible_to(user).filter(pk__in=self.ids).annotate(held=reach.held_on(user))
        held = dict(rows.values_list("pk", "held"))
        if any((str(Scope.CLINICAL) in held[one]) != (one in right[Scope.CLINICAL]) for one in held):
            return False
        of: Any = right["of"]
        for one in {frozenset(some): one for one, some in held.items()}.values():
            reader = reach.at_chart(user, one, held[one])
            for model in (Entry, Alert):
                found = set(model.objects.visible_to(reader).values_list("pk", flat=True))
                if found != {row for row, patient in of[model].items() if patient == one}:
                    return False
        return True

    def each_agrees(self, pk: Any, role: str) -> bool:
        user = someone(pk, role)
        return {one for one in self.ids if find_visible(user, one)} == self.right[pk, role].get(Scope.IDENTITY, set())


def someone(pk: Any, role: str) -> User:
    """Read afresh, and asked about in a role that reaches nobody before; `closed` is a doctor whose account is closed,
    and without a role is somebody who has none yet.
    """
    user = User.objects.get(pk=pk)
    reach.reach_of(user)
    if role == "closed":
        user.is_active, role = False, "doctor"
    return user.in_role(role) if role else user


@pytest.fixture(scope="module")
def asked(crowd: Matrix) -> Asked:
    return Asked(crowd)


def of_the_code() -> Mutants:
    for mutant in mutants_of("patients.models.reach"):
        yield mutant.name, mutant.in_place()


def of_text(module: Any, name: str) -> Mutants:
    for left_out, text in sql_mutants_of(getattr(module, name)):
        yield f"{module.__name__}.{name}: {left_out}", put(module, name, text)


@contextmanager
def put(module: Any, name: str, value: str) -> Iterator[None]:
    kept = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, kept)


WALL: dict[str, Callable[[], Mutants]] = {
    "code": of_the_code,
    **{
        name: lambda name=name: of_text(reach, name)  # type: ignore[misc]
        for name in ("BROUGHT", "TO_PERSON", "TO_TEAMS", "GRANTED", "PERSON")
    },
    "ONE": lambda: of_text(access, "ONE"),
}


@pytest.mark.parametrize("part", WALL)
def test_each_condition_of_the_first_wall_matters(part: str, asked: Asked, record_property: Tell) -> None:
    by = asked.each_agrees if part == "ONE" else asked.lists_agree
    assert not asked.is_noticed(by), "Without any mutant the first wall does as the rule says."
    tried, left = 0, []
    for name, in_place in WALL[part]():
        tried += 1
        with in_place:
            if not asked.is_noticed(by):
                left.append(name)
    found = unexplained(left, tried, record_property)
    assert tried, "There is nothing to take away."
    assert not found, f"Nobody notices without:\n{found}"
