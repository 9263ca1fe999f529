"""One letter to one person, and the row that says so; a part of the verbs that tell somebody something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from alerts.actions.gathering import digest_leaves, plan_digest
from alerts.actions.visits import spoken
from alerts.models import Alert, Notice
from alerts.queries import Addressee, addressee_of
from alerts.rules import EMAIL, LETTERS, STAFF
from alerts.rules.digests import is_kept
from healthcare.audit import in_one_insert, record
from healthcare.db.inserting import insert_rows
from healthcare.db.prepared import Bound, prepared
from healthcare.messaging.actions import queue_message
from healthcare.messaging.addresses import AddressRefused
from healthcare.messaging.live import NEWS, URGENT, nudge
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
    now = timezone.now()
    if leaves := _gathered_until(envelope, now):
        plan_digest(envelope.patient, leaves)
        to, outcome = envelope.to, {"state": Notice.State.GATHERED, "reason": Notice.Reason.ONCE_A_DAY}
    else:
        to, outcome = post_letter(by, envelope, now)
    notice = Notice(
        patient=envelope.patient,
        letter=envelope.letter,
        area=envelope.area or LETTERS[envelope.letter].area,
        source=envelope.source,
        occasion=envelope.occasion,
        alert=envelope.alert,
        level=envelope.level,
        turn=envelope.alert.turn if envelope.alert else 0,
        recipient=to.user,
        channel=to.channel,
        **outcome,
    )
    insert_rows(notice)
    if to.user is not None:
        nudge([to.user.pk], URGENT if envelope.urgent else NEWS)
    detail = {"letter": envelope.letter, "channel": to.channel, "state": notice.reason or "queued"}
    record("alerts.tell", by=by, patient_id=envelope.patient.pk, target=notice, detail=detail)
    return notice


def _gathered_until(envelope: Envelope, now: datetime) -> datetime | None:
    """When the mail of the day leaves that it waits for: as the patient wishes, and where it would not come too late
    then; else None.
    """
    if not envelope.to.once_a_day or envelope.urgent:
        return None
    leaves = digest_leaves(envelope.patient, now)
    return leaves if is_kept(leaves, envelope.expires_at) else None


def post_letter(by: Any, envelope: Envelope, now: datetime) -> tuple[Addressee, dict[str, Any]]:
    """To whom it goes by itself, and what its notice says of that: in the post, or why not."""
    to, leaves = _when_awake(envelope, now)
    message_id, why_not = _post(by, envelope, to, leaves)
    state = Notice.State.SKIPPED if why_not else Notice.State.QUEUED
    return to, {"state": state, "reason": why_not, "message_id": message_id}


def _post(by: Any, envelope: Envelope, to: Addressee, leaves: datetime | None) -> tuple[UUID | None, str]:
    """The message's id, or why there is none."""
    if to.why_not:
        return None, to.why_not
    rule = LETTERS[envelope.letter]
    try:
        message_id = queue_message(
            by=by,
            channel=to.channel,
            address=to.address,
            template=rule.template,
            parameters=envelope.parameters,
            dedupe_key=f"alerts:{envelope.occasion}",
            urgent=envelope.urgent or rule.urgent,
            expires_at=envelope.expires_at,
            not_before=leaves,
            language="" if rule.to == STAFF else spoken(envelope.patient),
            attachments=envelope.attachments if to.channel == EMAIL else (),
        )
    except AddressRefused:
        return None, "bad_address"
    return message_id, ""


def _when_awake(envelope: Envelope, now: datetime) -> tuple[Addressee, datetime | None]:
    """To whom it goes, and when it may leave: None is at once. What is urgent, and what colleagues get, does not wait.

    What would come too late after the quiet hours leaves at once by mail, which wakes nobody, and by SMS not at all.
    """
    rule, to = LETTERS[envelope.letter], envelope.to
    if rule.to == STAFF or rule.urgent or envelope.urgent or to.why_not:
        return to, None
    ends = quiet_until(envelope.patient, now, to.channel)
    if ends is None or envelope.expires_at is None or ends < envelope.expires_at:
        return to, ends
    if to.channel == EMAIL:
        return to, None
    by_mail = addressee_of(envelope.patient, rule, past={to.channel})
    return by_mail if not by_mail.why_not else replace(to, why_not="quiet_hours"), None
