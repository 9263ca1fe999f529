"""What is signed and still taken, checked again with what was learned later: an allergy, or another medicine."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from prescriptions.actions.steps import keep_later
from prescriptions.events import ConflictFoundLater
from prescriptions.models import Prescription, SafetyCheck
from prescriptions.queries.checking import Known, allergies_in, get_known, medicine_of
from prescriptions.rules.hidden import HIDDEN, without
from prescriptions.rules.safety import Allergies, Finding, Result, check
from records import queries as records

Occasion = SafetyCheck.Occasion
IsKnown = Callable[[Finding, Finding], bool]


@transaction.atomic
def recheck_after_allergy(*, by: User | None, entry_id: UUID, patient_id: UUID, now: datetime) -> int:
    """An allergy was recorded, or changed: what the patient takes is checked against it, and its prescribers hear.

    That none is known, and what is over or was replaced meanwhile, concerns nobody. What the same rule said before in
    the same words is not said again. Returns how many prescriptions conflict. Raises KnowledgeProblem, so that it is
    tried again.
    """
    known = get_known()
    told = records.allergies_of([patient_id])[patient_id]
    against = Allergies(True, tuple(one for one in allergies_in(told, known).entries if one.key == str(entry_id)))
    if not against.entries:
        return 0
    return sum(
        _keep(
            by,
            row,
            check(medicine_of(row, known), [], against, known.knowledge),
            Occasion.ALLERGY,
            now,
            is_known=lambda new, old: (new.rule, new.other) == (old.rule, old.other),
        )
        for row in _taken(patient_id, now)
    )


@transaction.atomic
def recheck_after_signing(*, by: User | None, prescription_id: UUID, patient_id: UUID, now: datetime) -> int:
    """A medicine was signed: those which colleagues prescribed before are checked against it, and they hear.

    Whoever signed it has answered for it; what they prescribed themself before concerns nobody else. Returns how many
    prescriptions conflict. Raises KnowledgeProblem, so that it is tried again.
    """
    known = get_known()
    rows = _taken(patient_id, now)
    new = next((row for row in rows if row.pk == prescription_id), None)
    if new is None:
        return 0
    return sum(
        _keep(by, row, _against(new, row, known), Occasion.MEDICINE, now, since=new.signed_at)
        for row in rows
        if row.prescriber_id != new.prescriber_id
    )


def _against(new: Prescription, row: Prescription, known: Known) -> Result:
    """Where the new one is marked, no more than that something does not go together."""
    result = check(medicine_of(row, known), [medicine_of(new, known)], Allergies(True), known.knowledge)
    return without(result, {str(new.pk)}, [new.medicine]) if new.sensitivity else result


def _taken(patient_id: UUID, now: datetime) -> list[Prescription]:
    """What the patient takes, held: of two facts at once the second sees what the first found."""
    rows = Prescription.objects.active(now).filter(patient_id=patient_id)
    rows = rows.exclude(patient__deceased=True)  # most are neither: nobody has said it
    return list(rows.select_related("medication").select_for_update(of=("self",)).order_by("id"))


def _keep(
    by: User | None,
    row: Prescription,
    result: Result,
    occasion: str,
    now: datetime,
    *,
    is_known: IsKnown = lambda new, old: new.key == old.key,
    since: datetime | None = None,
) -> int:
    """The check beside the prescription, and a fact, where it says what must be answered and nobody was told before."""
    before = list(_told_before(row, since))
    found = [one for one in result.findings if one.must_be_answered and not any(is_known(one, old) for old in before)]
    if not found:
        return 0
    kept = keep_later(row, result, occasion, now)
    detail = {"check": str(kept.pk), "rules": [one.rule for one in found]}
    record("prescriptions.recheck", by=by, patient_id=row.patient_id, target=row, detail=detail)
    publish(ConflictFoundLater(prescription_id=row.pk, patient_id=row.patient_id, check_id=kept.pk))
    return 1


def _told_before(row: Prescription, since: datetime | None) -> Iterable[Finding]:
    """What is said without a name may have been said of another medicine: of that, what was said `since` alone."""
    for kept in SafetyCheck.objects.filter(prescription=row, patient_id=row.patient_id).order_by("id"):
        for told in kept.findings:
            if told["rule"] != HIDDEN or since is None or kept.ran_at >= since:
                yield Finding(**told)
