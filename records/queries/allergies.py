"""What is known of allergies, for many patients in one query. Never asked is not none."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from healthcare.accounts.models import User
from patients.models import Patient
from records.kinds.allergy import DOUBTFUL, VERIFICATIONS, is_none_known, worst_first
from records.models import Entry

NEVER_ASKED, NONE_KNOWN, LIST = "never_asked", "none_known", "list"
RECORDED = "recorded"  # somebody asked; what they heard is not for this role
NOT_SHOWN = "not_shown"  # out of this person's reach


@dataclass(frozen=True)
class KnownAllergy:
    """One that is active; `pk` is the entry's."""

    pk: UUID
    display: str
    reaction: str = ""
    severity: str = ""
    code: str = ""
    code_system: str = ""
    criticality: str = ""
    verification: str = ""

    @property
    def words(self) -> str:
        """The substance, what it does, and whether anybody doubts it: "penicillin (rash, not confirmed)"."""
        doubt = str(VERIFICATIONS[self.verification]).lower() if self.verification in DOUBTFUL else ""
        beside = ", ".join(text for text in (self.reaction, doubt) if text)
        return f"{self.display} ({beside})" if beside else self.display


@dataclass(frozen=True)
class AllergyList:
    """`entries` is filled where the state is "list"; a list without entries is one whose allergies are all over.

    The worst stands first.
    """

    state: str
    entries: tuple[KnownAllergy, ...] = ()


def allergies_of(patient_ids: Collection[UUID]) -> dict[UUID, AllergyList]:
    """By patient, for the actor of the signed context; at most 200 patients.

    The state by whoever reaches the identity, the list by whoever reaches clinical or medication, so that a pharmacist
    is not told "none" for want of a scope. The function in the database decides; see healthcare/db/purposes.py.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT patient_id, state, entries FROM app.allergies_of(%s::uuid[])", [list(patient_ids)])
        found = {patient_id: AllergyList(state, _entries(entries)) for patient_id, state, entries in cursor.fetchall()}
    return {patient_id: found.get(patient_id, AllergyList(NOT_SHOWN)) for patient_id in patient_ids}


def _entries(told: str | list[dict[str, str]]) -> tuple[KnownAllergy, ...]:
    rows = json.loads(told) if isinstance(told, str) else told
    return tuple(
        KnownAllergy(
            UUID(row["id"]),
            row["display"],
            row["reaction"] or "",
            row["severity"] or "",
            row["code"],
            row["code_system"],
            row["criticality"] or "",
            row["verification"] or "",
        )
        for row in rows
    )


@dataclass(frozen=True)
class ListShown:
    """The list as its page shows it. `last` is what was said last: by whom and when somebody asked."""

    active: Sequence[Entry]
    past: Sequence[Entry]
    wrong: Sequence[Entry]
    none_known: Entry | None
    last: Entry | None


def list_of(user: User, patient: Patient) -> ListShown:
    """What stands, what is over or refuted, and what was entered in error; in one query."""
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk, superseded_at=None).of_kind("allergy")
    found = list(rows.select_related("author", "voided_by").newest_first())
    standing = [row for row in found if row.voided_at is None]
    return list_in(standing, wrong=[row for row in found if row.voided_at is not None])


def list_in(standing: Sequence[Entry], *, wrong: Sequence[Entry] = ()) -> ListShown:
    """The same of rows that are known already: those that are current."""
    listed = [row for row in standing if not is_none_known(row)]
    active = [row for row in listed if row.clinical_status == "active"]
    return ListShown(
        active=worst_first(active),
        past=[row for row in listed if row.clinical_status != "active"],
        wrong=wrong,
        none_known=next((row for row in standing if is_none_known(row)), None),
        last=max(standing, key=said_at, default=None),
    )


def said_at(entry: Entry) -> datetime:
    """When somebody said it: of what another system tells, as it tells it."""
    return entry.effective_at if entry.source else entry.created_at
