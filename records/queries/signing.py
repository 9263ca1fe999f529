"""What waits for a signature, or for a second one, and who gave one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from healthcare.accounts.models import User
from healthcare.db.prepared import prepared
from records.models import Cosignature, Draft, Encounter, Entry, Supervision
from records.queries.encounters import with_names
from records.rules.notes import is_late, signature_of

SHOWN = 50
IN_TRAINING = Q(record_status="preliminary", superseded_at=None, kind__in=["note", "addendum"])


@dataclass(frozen=True)
class ToSign:
    """A visit whose note waits: begun as a draft or not, and whether it is late; or one in which this person is to
    co-sign.
    """

    encounter: Encounter
    has_draft: bool
    late: bool
    to_cosign: bool = False


def notes_to_sign(user: User, now: datetime, *, at_most: int = SHOWN) -> list[ToSign]:
    """The visits without a signed note of this provider, or of who left them to this one, the oldest first; and those
    in which somebody this person supervises has signed. One query.
    """
    rows = sorted(_to_sign(user, at_most), key=lambda visit: (visit.started_at, visit.pk))
    return [
        ToSign(visit, visit.begun, not visit.besides and is_late(visit.finished_at, now), visit.besides)
        for visit in rows
    ]


@prepared
def _to_sign(user: User, at_most: int) -> "QuerySet[Any]":
    """Each half along its own index."""
    drafts = Draft.objects.visible_to(user).filter(encounter=OuterRef("pk"), kind="note")
    mine = with_names(Encounter.objects.visible_to(user).note_to_sign().held_by(user))
    own = mine.annotate(begun=Exists(drafts), besides=Value(False)).order_by("started_at", "pk")[:at_most]
    trainees = Supervision.objects.filter(supervisor__user=user).values("trainee__user")
    signed = Entry.objects.visible_to(user).filter(IN_TRAINING, signed_by__in=trainees).exclude(signed_by=user)
    theirs = with_names(Encounter.objects.visible_to(user).filter(pk__in=signed.values("encounter")))
    cosigned_ = theirs.annotate(begun=Value(False), besides=Value(True)).order_by("started_at", "pk")[:at_most]
    return own.union(cosigned_, all=True)


@dataclass(frozen=True)
class ToCosign:
    """A note or addendum of somebody in training, with its patient and who signed it."""

    entry: Entry


def to_cosign(user: User, *, at_most: int = SHOWN) -> list[ToCosign]:
    """What those whom this person supervises or supervised have signed, and nobody besides; the oldest first."""
    trainees = list(Supervision.objects.filter(supervisor__user=user).values_list("trainee__user", flat=True))
    if not trainees:
        return []
    seen = Entry.objects.visible_to(user).filter(IN_TRAINING, signed_by__in=trainees).exclude(signed_by=user)
    rows = seen.select_related("patient", "signed_by", "encounter").order_by("signed_at", "pk")
    return [ToCosign(row) for row in rows[:at_most]]


def cosigned(user: User, entries: Iterable[Entry]) -> dict[Any, Cosignature]:
    """The co-signature of each of these entries that has one."""
    keys = {entry.pk: entry.patient_id for entry in entries}
    if not keys:
        return {}
    seen = Cosignature.objects.visible_to(user).filter(patient_id__in=set(keys.values()), entry__in=keys)
    return {row.entry_id: row for row in seen.select_related("signed_by").order_by("pk")}


def is_cosignature_intact(given: Cosignature, entry: Entry) -> bool:
    """Whether the second signature fits the first one."""
    return given.signature == signature_of(
        {"signature": entry.signature},
        patient_id=entry.patient_id,
        encounter_id=entry.encounter_id,
        signer_id=given.signed_by_id,
        signed_at=given.signed_at,
    )
