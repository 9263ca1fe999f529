"""The glass, broken by the verb, as tests of what follows need it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.actions.emergency import break_glass
from patients.models import EmergencyAccess

REASON = "Brought in unconscious, allergies unknown"


def now() -> datetime:
    return datetime.now(UTC)


def broken(by: User, patient_id: UUID, **changes: Any) -> EmergencyAccess:
    asked = {"purpose": "ETREAT", "reason": REASON, "lasts": timedelta(hours=1), "now": now()} | changes
    with acting_as(by):
        return break_glass(by=by, patient_id=patient_id, **asked)
