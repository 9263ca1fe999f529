"""Say why somebody can or cannot open a chart, and write down that it was asked."""

from datetime import datetime
from uuid import UUID

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record_now
from patients.access import NotInScope
from patients.queries.explaining import (
    Explanation,
    Rule,
    explain,
    facts_of,
    roles_to_explain,
    rules_for_oneself,
)


def explain_access(*, by: User | None, user: User, asked: str, role: str = "", now: datetime) -> list[Explanation]:
    """Rule by rule, for each role this person holds or held, or for this one. `asked` is an id or a record number.

    `by` is None for an operator, in a worker process as the system. Raises NotAllowed, TooManySearches and
    AuditUnavailable: then show nothing.
    """
    if by is not None:
        check_can(by, Permission.EXPLAIN_ACCESS)
    explained = []
    for one in [role] if role else roles_to_explain(user):
        facts = facts_of(user, one, asked)
        if facts is None:
            raise NotInScope("The database lets this be asked by nobody in this role.")
        explained.append(explain(user, one, facts, now))
    patient_id = next((found.patient_id for found in explained), None)
    record_now("patients.explain_access", by=by, patient_id=patient_id, target=user)
    return explained


def explain_to_oneself(*, by: User, patient_id: UUID, now: datetime) -> list[Rule]:
    """Why one cannot open this chart, as far as it is about oneself: not even whether there is such a patient.

    Raises NotAllowed and AuditUnavailable.
    """
    check_can(by, Permission.OPEN_CHART)
    record_now("patients.explain_access", by=by, patient_id=patient_id, target=by)
    return rules_for_oneself(by, patient_id, now)
