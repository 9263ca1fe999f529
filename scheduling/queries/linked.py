"""What the link in a mail about a visit leads to. Nobody is signed in there: one named function passes the wall."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from scheduling.rules import too_late_to_cancel


@dataclass(frozen=True)
class LinkedVisit:
    """When, at which site, and how this time of the visit `stands`: open, cancelled, moved or over.

    `patient_id` and `pk` are for the audit and the fact.
    """

    pk: UUID
    patient_id: UUID
    sequence: int
    starts_at: datetime
    time_zone: str
    stands: str
    cancel_minutes: int
    site: str
    phone: str

    @property
    def is_open(self) -> bool:
        return self.stands == "open"

    def late(self, now: datetime) -> bool:
        return too_late_to_cancel(self.starts_at, now, cancel_minutes=self.cancel_minutes)


def visit_by_link(key: UUID, sequence: int) -> LinkedVisit | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.visit_by_link(%s, %s)", [key, sequence])
        row = cursor.fetchone()
    return LinkedVisit(*row) if row else None
