"""Who asks, in a prepared queryset: the account by its key, and what its role and reach decide of the text.

What a person brings along is bound value by value, and so is the chart they are at. How much there is of each, what of
the chart is open, and everything else that a rule may look at, makes another text.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from uuid import UUID

from healthcare.accounts.models import User
from healthcare.db.prepared import Described, Place, described
from patients.models.reach import OpenChart, Reach, chart_of, reach_of


@described.register
def describe_person(user: User) -> Described:
    """A rule may look at whether the account is active, the acting role and its edits, and hands on the rest.

    Kept on the user object, as the reach is, and made anew when one of these is another.
    """
    reach = reach_of(user) if user.is_active and user.acting_role else None
    by = (reach, user.role_edits, user.is_active, user.acting_role, chart_of(user))
    known: Any = getattr(user, "_described", None)
    if known is None or any(one is not other for one, other in zip(known[0], by, strict=True)):
        known = user._described = by, _describe(user, reach)  # type: ignore[attr-defined]
    return known[1]


def _describe(user: User, reach: Reach | None) -> Described:
    seen = {"is_active": user.is_active, "acting_role": user.acting_role, "role_edits": user.role_edits}
    edits = tuple(sorted(user.role_edits.items())) if user.role_edits else None
    brought = {field.name: getattr(reach, field.name) for field in fields(Reach)} if reach else {}
    sizes = tuple(len(many) if isinstance(many, tuple) else many is None for many in brought.values())
    chart = chart_of(user)
    held = tuple(sorted(chart.held)) if chart else None
    values = [user.pk, chart.patient_id] if chart else [user.pk]
    for one in brought.values():
        values += one if isinstance(one, tuple) else [one] if isinstance(one, UUID) else []

    def stand_in(places: Iterator[Place]) -> Any:
        person: Any = next(places)
        vars(person).update(seen)
        if chart:
            person._chart = OpenChart(next(places), chart.held)  # type: ignore[arg-type]
        if reach:
            person._reach = Reach(**{name: _in_place(one, places) for name, one in brought.items()})
        return person

    return Described((User, user.is_active, user.acting_role, edits, sizes, held), tuple(values), stand_in)


def _in_place(one: Any, places: Iterator[Place]) -> Any:
    if isinstance(one, tuple):
        return tuple(next(places) for _each in one)
    return next(places) if isinstance(one, UUID) else one
