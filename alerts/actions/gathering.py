"""When a patient's next mail of the day leaves; a part of the verbs that tell somebody something."""

from datetime import datetime

from alerts.models import Digest
from alerts.rules.digests import next_morning
from healthcare.db.inserting import insert_rows
from patients.models import Patient


def digest_leaves(patient: Patient, now: datetime) -> datetime:
    return next_morning(now, patient.site.time_zone, patient.quiet_from, patient.quiet_until)


def plan_digest(patient: Patient, leaves: datetime) -> None:
    """The one that waits already takes the letter along; it is held until this transaction ends, so that it does not
    leave without it."""
    waiting = Digest.objects.waiting().filter(patient=patient).order_by("pk").select_for_update(of=("self",))
    if waiting.first() is None:
        begin_digest(patient, leaves)


def begin_digest(patient: Patient, leaves: datetime) -> None:
    insert_rows(Digest(patient=patient, next_at=leaves))
