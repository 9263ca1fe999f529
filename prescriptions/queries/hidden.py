"""What medicines that somebody may not see have to say of the one they prescribe: how bad, and nothing else."""

from dataclasses import dataclass

from django.db import connection

from healthcare.accounts.models import User
from healthcare.audit import record_now
from prescriptions.models import PRESCRIBERS, Prescription


@dataclass(frozen=True)
class HiddenFindings:
    """`severity` is the worst of what does not go together, or ""; `unchecked`: something could not be checked."""

    severity: str = ""
    unchecked: bool = False


def hidden_findings(user: User, prescription: Prescription) -> HiddenFindings:
    """Asked of the database, which runs the rules over the marked medicines and tells the worst of them.

    Whatever it tells is audited, and it tells somebody no more than sixty times an hour, so that nobody finds out by
    trying one medicine after another (see healthcare/db/purposes.py). Raises DatabaseError beyond that, and
    AuditUnavailable. To who prescribes nothing it says nothing.
    """
    if user.acting_role not in PRESCRIBERS:
        return HiddenFindings()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT severity, unchecked FROM app.hidden_medicines(%s, %s)",
            [prescription.patient_id, prescription.medication_id],
        )
        row = cursor.fetchone()
    found = HiddenFindings(*row) if row else HiddenFindings()
    if found.severity or found.unchecked:
        record_now("prescriptions.check_hidden", by=user, patient_id=prescription.patient_id, target=prescription)
    return found
