"""Somebody asks who did not come for a medicine why, and whether they will."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from prescriptions.access import check_can_keep_ready
from prescriptions.actions.steps import NotPossible, check_is, check_lives, locked
from prescriptions.models import Outreach, Prescription


@transaction.atomic
def reach_out(
    *, by: User, prescription: Prescription, way: str, outcome: str, note: str = "", now: datetime
) -> Outreach:
    """Note that somebody was reached, or was not, about what they did not come for: how, and what came of it.

    For the prescriber and the dispensary, as often as it takes. Raises NotAllowed, NotPossible, and ValueError for a
    way or an outcome that is none.
    """
    check_can_keep_ready(by)
    way, outcome, note = Outreach.Way(way).value, Outreach.Outcome(outcome).value, " ".join(note.split())
    if outcome == Outreach.Outcome.OTHER and not note:
        raise NotPossible(_("Say in your words what came of it."))
    found = locked(by, prescription)
    check_is(found, Prescription.Status.NOT_COLLECTED)
    check_lives(found)
    noted = Outreach(
        prescription=found,
        patient_id=found.patient_id,
        way=way,
        outcome=outcome,
        note=note,
        reached_at=now,
        reached_by=by,
    )
    noted.save(force_insert=True)
    detail = {"way": way, "outcome": outcome, "outreach": str(noted.pk)}
    record("prescriptions.reach_out", by=by, patient_id=found.patient_id, target=found, detail=detail)
    return noted
