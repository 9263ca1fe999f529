"""One letter to one person, and the row that says so; a part of the verbs that tell somebody something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from alerts.models import Alert, Notice
from alerts.queries import Addressee
from alerts.rules import LETTERS, STAFF
from healthcare.audit import in_one_insert, record
from healthcare.db.inserting import insert_rows
from healthcare.db.prepared import Bound, prepared
from healthcare.messaging.actions import queue_message
from healthcare.messaging.addresses import AddressRefused
from healthcare.messaging.rules import Attachment
from patients.models import Patient
from patients.queries.profile import quiet_until


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A letter of `rules.LETTERS`, about whom and what, to whom; `occasion` keeps one from being written twice.

    `parameters` hold when, where and ids for links, never what somebody has, takes or owes.
    """

    letter: str
    patient: Patient
    to: Addressee
    source: str
    occasion: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    area: str = ""
    urgent: bool = False
    alert: Alert | None = None
    level: int = 0
    attachments: Sequence[Attachment] = ()
    expires_at: datetime | None = None


def write_letter(*, by: Any, envelope: Envelope) -> Notice:
    """Put the letter in the post, or note why not; once for each occasion: whoever asks again gets the first notice."""
    if earlier := _earlier(Bound(envelope.occasion)):
        return earlier[0]
    with in_one_insert():
        return _written(by, envelope)


@prepared
def _earlier(occasion: Any) -> "QuerySet[Notice]":
    return Notice.objects.filter(occasion=occasion)


def _written(by: Any, envelope: Envelope) -> Notice:
    message_id, why_not = _post(by, envelope)
    notice = Notice(
        patient=envelope.patient,
        letter=envelope.letter,
        area=envelope.area or LETTERS[envelope.letter].area,
        source=envelope.source,
        occasion=envelope.occasion,
        alert=envelope.alert,
        level=envelope.level,
        recipient=envelope.to.user,
        state=Notice.State.SKIPPED if why_not else Notice.State.QUEUED,
        reason=why_not,
        message_id=message_id,
    )
    insert_rows(notice)
    detail = {"letter": envelope.letter, "state": why_not or "queued"}
    record("alerts.tell", by=by, patient_id=envelope.patient.pk, target=notice, detail=detail)
    return notice


def _post(by: Any, envelope: Envelope) -> tuple[UUID | None, str]:
    """The message's id, or why there is none."""
    if envelope.to.why_not:
        return None, envelope.to.why_not
    rule = LETTERS[envelope.letter]
    try:
        message_id = queue_message(
            by=by,
            channel="email",
            address=envelope.to.address,
            template=rule.template,
            parameters=envelope.parameters,
            dedupe_key=f"alerts:{envelope.occasion}",
            urgent=envelope.urgent or rule.urgent,
            expires_at=envelope.expires_at,
            not_before=_after_quiet_hours(envelope),
            attachments=envelope.attachments,
        )
    except AddressRefused:
        return None, "bad_address"
    return message_id, ""


def _after_quiet_hours(envelope: Envelope) -> datetime | None:
    """When a letter to a patient may leave; at once where it would come too late, and what is urgent."""
    rule = LETTERS[envelope.letter]
    if rule.to == STAFF or rule.urgent or envelope.urgent:
        return None
    ends = quiet_until(envelope.patient, timezone.now())
    return None if ends and envelope.expires_at and ends >= envelope.expires_at else ends
