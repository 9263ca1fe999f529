"""The first wall: which patients a person in a role reaches now, in which scope."""

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, Func, Q, Value
from django.db.models.sql.compiler import SQLCompiler

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.db.prepared import AnyOf

# The first wall's condition. It is written apart from the second wall's on purpose: a test compares the two.
GRANTED = """FROM {table} g WHERE {holder}
AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()
AND g.permission_id = (SELECT p.id FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
 WHERE t.app_label = 'patients' AND t.model = 'patient' AND p.codename = {label})"""
# What a colleague opened in an emergency is not for who stands in for them.
OWN = "(g.alone IS NULL OR NOT g.alone @> statement_timestamp() OR g.user_id = {me})"
PERSON = f"g.user_id = ANY(%s::uuid[]) AND g.role = %s AND {OWN.format(me='%s')}"
TEAMS = "g.group_id = ANY(%s::integer[])"
TO_PERSON = GRANTED.format(table="patients_usergrant", holder=PERSON, label="%s")
TO_TEAMS = GRANTED.format(table="patients_groupgrant", holder=TEAMS, label="%s")
# The same for every scope and label of one patient at once.
HELD = """ARRAY(SELECT p.codename FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
WHERE t.app_label = 'patients' AND t.model = 'patient' AND p.id IN (
 SELECT g.permission_id FROM patients_usergrant g WHERE {person} AND g.content_object_id = {patient}
  AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()
 UNION ALL
 SELECT g.permission_id FROM patients_groupgrant g WHERE {teams} AND g.content_object_id = {patient}
  AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()))"""
BROUGHT = """
SELECT t.group_id, NULL::uuid, NULL::uuid FROM accounts_membership m
JOIN accounts_team t ON t.site_id = m.site_id AND t.role = m.role
WHERE m.user_id = %(user)s AND m.role = %(role)s AND m.validity @> statement_timestamp()
UNION ALL
SELECT NULL, c.absent_id, NULL FROM accounts_cover c
WHERE c.cover_id = %(user)s AND c.role = %(role)s AND c.validity @> statement_timestamp()
UNION ALL
SELECT NULL, NULL, r.patient_id FROM patients_carerelationship r
WHERE r.user_id = %(user)s AND r.kind = 'self' AND %(role)s <> 'patient' AND r.validity @> statement_timestamp()
UNION ALL
SELECT NULL, NULL, x.patient_id FROM patients_restriction x
WHERE x.user_id = %(user)s AND %(role)s <> 'patient' AND x.validity @> statement_timestamp()
"""
LABELS: "ArrayField[Any, Any]" = ArrayField(models.TextField())
SENSITIVITIES = frozenset(label.value for label in Sensitivity)


@dataclass(frozen=True)
class Reach:
    """What a person in a role brings along: themself, first, and whom they stand in for, the groups of their teams, and
    the charts that are closed to them in a staff role: their own, and those of patients who asked for it.
    """

    role: str
    people: tuple[UUID, ...]
    groups: tuple[int, ...]
    closed: tuple[UUID, ...]

    @property
    def person(self) -> list[Any]:
        """What `PERSON` asks for."""
        return [list(self.people), self.role, self.people[0]]

    @property
    def teams(self) -> list[Any]:
        """What `TEAMS` asks for."""
        return [list(self.groups)]


def reach_of(user: User) -> Reach:
    """One query, kept on the user object for the rest of the request."""
    role = user.acting_role or ""
    known: Reach | None = getattr(user, "_reach", None)
    if known is None or known.role != role:
        with connection.cursor() as cursor:
            cursor.execute(BROUGHT, {"user": user.pk, "role": role})
            rows = cursor.fetchall()
        known = Reach(
            role=role,
            people=(user.pk, *(absent for _group, absent, _closed in rows if absent)),
            groups=tuple(group for group, _absent, _closed in rows if group is not None),
            closed=tuple(closed for _group, _absent, closed in rows if closed),
        )
        user._reach = known  # type: ignore[attr-defined]
    return known


class WithinReach(Func):
    """True for the patients on whom this user, in the role they act in, holds a grant of this scope now.

    A team may reach most patients of the clinic, so each row asks for its own grant, along an index; OFFSET 0 keeps the
    planner from reading all of the team's grants for the first page of a list. Who has no team reaches few: their
    grants come first, and the patients after them.
    """

    output_field = models.BooleanField()

    def __init__(self, patient: str, reach: Reach, scope: Scope | Sensitivity) -> None:
        super().__init__(F(patient))
        self.person, self.teams = [*reach.person, scope.value], [*reach.teams, scope.value]

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: Any, **_: Any
    ) -> tuple[str, list[Any]]:
        patient, bound = compiler.compile(self.source_expressions[0])
        same = f"AND g.content_object_id = {patient} OFFSET 0"
        if not self.teams[0]:
            return f"{patient} IN (SELECT g.content_object_id {TO_PERSON})", [*bound, *self.person]
        return (
            f"(EXISTS (SELECT 1 {TO_PERSON} {same}) OR EXISTS (SELECT 1 {TO_TEAMS} {same}))",
            [*self.person, *bound, *self.teams, *bound],
        )


class HoldsLabel(Func):
    """True for rows whose mark (a field with a `Sensitivity`, or with a scope) this user holds on the row's patient."""

    output_field = models.BooleanField()

    def __init__(self, patient: str, mark: str, reach: Reach) -> None:
        super().__init__(F(patient), F(mark))
        self.person, self.teams = reach.person, reach.teams

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: Any, **_: Any
    ) -> tuple[str, list[Any]]:
        patient, bound = compiler.compile(self.source_expressions[0])
        mark, marked = compiler.compile(self.source_expressions[1])
        same = f"AND g.content_object_id = {patient}"
        to_person = GRANTED.format(table="patients_usergrant", holder=PERSON, label=mark)
        to_teams = GRANTED.format(table="patients_groupgrant", holder=TEAMS, label=mark)
        return (
            f"(EXISTS (SELECT 1 {to_person} {same}) OR EXISTS (SELECT 1 {to_teams} {same}))",
            [*self.person, *marked, *bound, *self.teams, *marked, *bound],
        )


class Held(Func):
    """The scopes and labels that this user holds on a patient now, in the role they act in; as WithinReach, for each.

    It does not know which charts are closed: ask it of patients who are visible.
    """

    output_field = LABELS

    def __init__(self, patient: str, reach: Reach) -> None:
        super().__init__(F(patient))
        self.person, self.teams = reach.person, reach.teams

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: Any, **_: Any
    ) -> tuple[str, list[Any]]:
        patient, bound = compiler.compile(self.source_expressions[0])
        held = HELD.format(person=PERSON, teams=TEAMS, patient=patient)
        return held, [*self.person, *bound, *self.teams, *bound]


# == One chart ==
def held_on(user: User, patient: str = "pk") -> Func | Value:
    """The scopes and labels of a patient that is visible, for `at_chart`. Without an account or a role: none."""
    if not user.is_active or not user.acting_role:
        return Value([], output_field=LABELS)
    return Held(patient, reach_of(user))


@dataclass(frozen=True)
class OpenChart:
    """A patient whom somebody has reached, and what of them: `held` are scopes and labels."""

    patient_id: UUID
    held: frozenset[str]


def at_chart(user: User, patient_id: UUID, held: Collection[str]) -> User:
    """The same person in the same role, who sees nothing but this patient: both were just asked of the database.

    `visible_to` holds the rows against these values then, and does not ask for the grants again with each row of each
    statement. For the answer at hand alone; the second wall goes on asking.
    """
    reader = copy(user)
    reader._chart = OpenChart(patient_id, frozenset(held))  # type: ignore[attr-defined]
    return reader


def chart_of(user: User) -> OpenChart | None:
    return getattr(user, "_chart", None)


def within_reach(user: User, scope: Scope | Sensitivity, patient: str = "patient_id") -> Q:
    """The first wall, for a table whose field `patient` is the patient's id. Without an account or a role: nothing."""
    if not user.is_active or not user.acting_role:
        return Q(pk__in=[])
    if chart := chart_of(user):
        return Q(**{patient: chart.patient_id}) if scope.value in chart.held else Q(pk__in=[])
    reach = reach_of(user)
    reached = Q(WithinReach(patient, reach, scope))
    return reached & ~Q(**{patient: AnyOf(reach.closed)}) if reach.closed else reached


def within_scope_of_each(user: User, scopes: Collection[Scope], field: str) -> Q:
    """As `within_reach`, for rows that each name their scope, in `field`, as far as it is one of these."""
    if not user.is_active or not user.acting_role:
        return Q(pk__in=[])
    wanted = frozenset(scope.value for scope in scopes)
    if chart := chart_of(user):
        return Q(**{f"{field}__in": sorted(wanted & chart.held)}, patient_id=chart.patient_id)
    reach = reach_of(user)
    reached = Q(**{f"{field}__in": sorted(wanted)}) & Q(HoldsLabel("patient_id", field, reach))
    return reached & ~Q(patient_id=AnyOf(reach.closed)) if reach.closed else reached


def marks_open_to(user: User, *, mark: str = "sensitivity", written_by: Sequence[str] = ()) -> Q:
    """Beside `within_reach`, for rows that may be marked: what is not, what one wrote, and what one holds the label of.

    `written_by` are the fields that name who wrote the row. Without an account or a role: nothing.
    """
    if not user.is_active or not user.acting_role:
        return Q(pk__in=[])
    own = [Q(**{field: user.pk}) for field in written_by]
    if chart := chart_of(user):
        held = Q(**{f"{mark}__in": ["", *sorted(chart.held & SENSITIVITIES)]})
    else:
        held = Q(**{mark: ""}) | Q(HoldsLabel("patient_id", mark, reach_of(user)))
    return reduce(or_, own, held)
