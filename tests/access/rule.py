"""The rule a third time, in plain Python over the rows that say why: the two walls may not agree on a mistake."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from healthcare.accounts.models import Cover, Membership, Team, User
from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.db.models import BaseModel
from patients.models import CareRelationship, Consent, Restriction
from records.models import Entry
from tests.roles import as_the_system

MARKS = [mark.value for mark in Sensitivity]


@dataclass(frozen=True)
class Rule:
    """Every row that says why, read once as the system."""

    relationships: list[CareRelationship]
    memberships: list[Membership]
    teams: list[Team]
    covers: list[Cover]
    restrictions: list[Restriction]
    consents: list[Consent]
    marks: dict[UUID, str]  # of entries: what is kept about one is open with it

    @classmethod
    def read(cls) -> "Rule":
        def rows(model: type[BaseModel]) -> list[Any]:
            return list(model._default_manager.order_by("pk"))

        with as_the_system():
            found = [rows(m) for m in (CareRelationship, Membership, Team, Cover, Restriction, Consent)]  # type: ignore[list-item]
            return cls(*found, marks=dict(Entry.objects.values_list("pk", "sensitivity")))

    def opens(self, user: User, patient_id: UUID, wanted: str) -> bool:
        """Whether this person, in the role they act in, reaches this scope or label of the patient now."""
        role = user.acting_role
        if role != "patient" and self._is_closed(user, patient_id):
            return False
        people = {user.pk} | {c.absent_id for c in self.covers if c.cover_id == user.pk and c.role == role and now(c)}
        teams = self._teams_of(user)
        return any(
            (r.user_id in (people if r.kind != "break_glass" else {user.pk}) and r.role == role)
            or any(r.site_id == team.site_id and self._a_team_may(team, r, wanted) for team in teams)
            for r in self._of_patients.get(patient_id, ())
            if now(r) and self._gives(r, wanted)
        )

    @cached_property
    def _of_patients(self) -> dict[UUID, list[CareRelationship]]:
        found: dict[UUID, list[CareRelationship]] = {}
        for r in self.relationships:
            found.setdefault(r.patient_id, []).append(r)
        return found

    def _teams_of(self, user: User) -> list[Team]:
        mine = [m for m in self.memberships if m.user_id == user.pk and m.role == user.acting_role and now(m)]
        return [team for team in self.teams for m in mine if (m.role, m.site_id) == (team.role, team.site_id)]

    def is_own(self, user: User, patient_id: UUID) -> bool:
        found = self._of_patients.get(patient_id, ())
        return any(r.kind == "self" and r.user_id == user.pk and now(r) for r in found)

    def _is_closed(self, user: User, patient_id: UUID) -> bool:
        own = [r for r in self._of_patients.get(patient_id, ()) if r.kind == "self" and now(r)]
        rows = [*own, *(x for x in self.restrictions if x.patient_id == patient_id and now(x))]
        return any(row.user_id == user.pk for row in rows)

    def _gives(self, r: CareRelationship, wanted: str) -> bool:
        whole = r.kind in {"self", "break_glass"}
        if r.kind == "share" and not self._agreed(r.patient_id, "treatment"):
            return False
        if wanted not in MARKS:
            return wanted in r.scopes
        if wanted == "substance_use" and not whole and not self._agreed(r.patient_id, "substance_use"):
            return False
        return whole or wanted in r.labels

    def _agreed(self, patient_id: UUID, purpose: str) -> bool:
        """A refusal in force outweighs any agreement."""
        said = {c.decision for c in self.consents if c.patient_id == patient_id and c.purpose == purpose and now(c)}
        return said == {"permit"}

    def _a_team_may(self, team: Team, r: CareRelationship, wanted: str) -> bool:
        return wanted in team.scopes or (wanted in r.labels and Scope.CLINICAL in team.scopes)


def now(row: Any) -> bool:
    start, end = row.validity.lower, row.validity.upper
    moment = datetime.now(UTC)
    return not row.validity.isempty and (start is None or start <= moment) and (end is None or moment < end)
