"""What is known of allergies, for many patients in one query. Never asked is not none."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

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


@dataclass(frozen=True)
class AllergyList:
    """`entries` is filled where the state is "list"; a list without entries is one whose allergies are all over."""

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
        KnownAllergy(UUID(row["id"]), row["display"], row["reaction"] or "", row["severity"] or "") for row in rows
    )
