"""Who writes a row, and what is asked of them in most tables."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from healthcare.accounts.models import User
from tests.access.rule import Rule

Row = SimpleNamespace
ADMINISTRATOR, OFFICER, PATIENT, DESK = "administrator", "privacy_officer", "patient", "front_desk"


@dataclass
class By:
    """Who writes, in the role they act in."""

    user: User
    rule: Rule
    sites: set[UUID]
    reached: str = "{}"  # what the second wall opens to them: `tests/access/probing.py`
    known: dict[tuple[UUID, str], bool] = field(default_factory=dict)

    @property
    def me(self) -> Any:
        return self.user.pk

    @property
    def role(self) -> str:
        return str(self.user.acting_role)

    @property
    def is_staff(self) -> bool:
        return self.role != PATIENT

    def is_own(self, patient_id: UUID) -> bool:
        return self.rule.is_own(self.user, patient_id)

    def reaches(self, patient_id: UUID, wanted: str) -> bool:
        if (patient_id, wanted) not in self.known:
            self.known[patient_id, wanted] = self.rule.opens(self.user, patient_id, wanted)
        return self.known[patient_id, wanted]


Asked = Callable[[Row, By], bool]


def nobody(row: Row, by: By) -> bool:
    return False


def books_there(row: Row, by: By) -> bool:
    return by.role in (DESK, "nurse", "doctor") and row.site_id in by.sites


def by_role(role: str, *own: str) -> Asked:
    """In this role alone, with one's own name in these places."""
    return lambda row, by: by.role == role and all(getattr(row, place) == by.me for place in own)


def reaching(scope: str, *own: str, staff: bool = False, also: Asked | None = None) -> Asked:
    """Who reaches the patient in this scope, with one's own name in these places."""

    def may(row: Row, by: By) -> bool:
        mine = all(getattr(row, place) == by.me for place in own)
        return mine and (by.is_staff or not staff) and by.reaches(row.patient_id, scope) and (not also or also(row, by))

    return may
