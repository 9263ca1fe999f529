"""When a result goes out to the patient, as the facts are now; what is held back; what a patient wishes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from healthcare.accounts.models import User
from patients.models import Patient
from records.models import Entry, ReleasePolicy, ReleaseWish, ResultRelease
from records.models.release import latest
from records.rules.release import Opening, Waiting, category_of, hold_ends, opening_of


@dataclass(frozen=True)
class Outlook:
    """What a clinician reads before they release: when it opens by itself, and why then."""

    row: ResultRelease
    opening: Opening
    wish: ReleaseWish | None


def opening_for(row: ResultRelease, entry: Entry, wish: ReleaseWish | None) -> Opening:
    """Ask the rule. One query: the house's policy."""
    category = category_of(entry.kind, str(entry.data.get("category", "")))
    policy = ReleasePolicy.objects.filter(category=category).first() or ReleasePolicy(category=category)
    waiting = Waiting(row.final_at, entry.acknowledged_at, wish.wants if wish else "", row.get_hold())
    return opening_of(policy.as_rule(), waiting, latest())


def wish_in(patient_id: UUID) -> ReleaseWish | None:
    """The newest that this connection may see; for the rule, which asks as the system."""
    return ReleaseWish.objects.filter(patient_id=patient_id).newest_first().first()


def wish_of(user: User, patient: Patient) -> ReleaseWish | None:
    """What the patient said last, as far as this reader may know."""
    return ReleaseWish.objects.visible_to(user).filter(patient_id=patient.pk).newest_first().first()


def outlook_of(user: User, entry: Entry) -> Outlook | None:
    """None of what is out, preliminary, or from before this was kept."""
    if entry.released_at is not None:
        return None
    seen = ResultRelease.objects.visible_to(user).filter(patient_id=entry.patient_id, entry=entry.pk)
    row = seen.filter(next_at__isnull=False).select_related("held_by", "reviewed_by").first()
    if row is None:
        return None
    wish = wish_of(user, entry.patient)
    return Outlook(row, opening_for(row, entry, wish), wish)


def is_held(entry: Entry, now: datetime) -> bool:
    """Whether a clinician holds it back at this moment."""
    row = ResultRelease.objects.filter(entry=entry.pk, patient_id=entry.patient_id).held().first()
    hold = row.get_hold() if row else None
    return hold is not None and hold_ends(hold) > now


def held_results(user: User, *, at_most: int = 50) -> list[ResultRelease]:
    """What is held back of the patients in reach, what waits for a review first."""
    seen = ResultRelease.objects.visible_to(user).held().select_related("patient", "entry", "held_by", "reviewed_by")
    return list(seen.order_by("reviewed_at", "held_until", "id")[:at_most])
