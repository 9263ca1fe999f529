"""What medicines that somebody may not see have to say of the one they prescribe: how bad, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from healthcare.accounts.models import User
from healthcare.audit import record_now
from prescriptions.models import PRESCRIBERS, Prescription

ASKED = """
SELECT asked.id, told.severity, told.unchecked
FROM unnest(%s::uuid[], %s::uuid[]) AS asked(id, medicine)
CROSS JOIN LATERAL app.hidden_medicines(%s, asked.medicine) AS told
"""


@dataclass(frozen=True)
class HiddenFindings:
    """`severity` is the worst of what does not go together, or ""; `unchecked`: something could not be checked."""

    severity: str = ""
    unchecked: bool = False


def hidden_findings(user: User, prescriptions: Sequence[Prescription]) -> dict[UUID, HiddenFindings]:
    """By their keys, for prescriptions of one patient. Asked of the database, which runs the rules over the marked
    medicines and tells the worst of them.

    Whatever it tells is audited, and it tells somebody no more than sixty times an hour, so that nobody finds out by
    trying one medicine after another (see healthcare/db/purposes.py). Raises DatabaseError beyond that, and
    AuditUnavailable. To who prescribes nothing it says nothing.
    """
    told = {one.pk: HiddenFindings() for one in prescriptions}
    if user.acting_role not in PRESCRIBERS:
        return told
    with connection.cursor() as cursor:
        cursor.execute(
            ASKED,
            [
                [one.pk for one in prescriptions],
                [one.medication_id for one in prescriptions],
                prescriptions[0].patient_id,
            ],
        )
        told |= {key: HiddenFindings(severity, unchecked) for key, severity, unchecked in cursor.fetchall()}
    for one in prescriptions:
        if told[one.pk].severity or told[one.pk].unchecked:
            record_now("prescriptions.check_hidden", by=user, patient_id=one.patient_id, target=one)
    return told
