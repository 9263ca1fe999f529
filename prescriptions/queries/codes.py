"""What the code of a printed prescription leads to. Nobody is signed in there: one named function passes the wall."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.db import connection


@dataclass(frozen=True)
class FoundCode:
    """How the prescription `stands` (valid, used, cancelled or not_valid), and at which clinic.

    The ids are for the audit, and are shown to nobody.
    """

    prescription_id: UUID
    patient_id: UUID
    stands: str
    clinic: str


def digest_of(code: str) -> str:
    return sha256(code.encode()).hexdigest()


def find_code(code: str) -> FoundCode | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.prescription_by_code(%s)", [digest_of(code)])
        row = cursor.fetchone()
    return FoundCode(*row) if row else None
