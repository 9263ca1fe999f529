"""Registrations that may be of one person: noted with the registration, settled by somebody who looked at both."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from patients.models import DuplicatePair, Patient
from patients.queries.matching import Candidate


def note_duplicates(
    *, by: User, patient: Patient, found: Sequence[Candidate], others: bool, now: datetime
) -> list[DuplicatePair]:
    """Pairs of the newly registered patient with whoever seems to be the same; with `others`, settled by who registers.

    Part of the verb that registers, and of its audit line.
    """
    verdict = DuplicatePair.Verdict.DIFFERENT if others else ""
    settled = {"settled_at": now, "settled_by": by} if others else {}
    pairs = [
        DuplicatePair(patient=patient, other_id=one.id, weight=one.likeness, verdict=verdict, **settled)
        for one in found
    ]
    for pair in pairs:
        pair.save(force_insert=True)
    return pairs


@transaction.atomic
def settle_duplicate(*, by: User, pair_id: UUID, verdict: DuplicatePair.Verdict, now: datetime) -> DuplicatePair:
    """Say that the two are one person, or that they are two; the first who says it counts.

    Whoever may make one record of two may say so, nobody else. Raises NotAllowed, and DoesNotExist for a pair out of
    reach or settled already.
    """
    check_can(by, Permission.MERGE_PATIENTS)
    pair = DuplicatePair.objects.visible_to(by).waiting().select_for_update(of=("self",)).get(pk=pair_id)
    pair.verdict, pair.settled_at, pair.settled_by = verdict.value, now, by
    pair.save(update_fields=["verdict", "settled_at", "settled_by", "updated_at"])
    record(
        "patients.settle_duplicate", by=by, patient_id=pair.patient_id, target=pair, detail={"verdict": verdict.value}
    )
    return pair
