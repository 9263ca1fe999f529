"""One letter to one person, and the row that says so; a part of the verbs that tell somebody something."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.models import Alert, Notice
from alerts.queries import Addressee
from alerts.rules import LETTERS
from healthcare.audit import record
from healthcare.messaging.actions import queue_message
from healthcare.messaging.addresses import AddressRefused
from healthcare.messaging.rules import Attachment
from patients.models import Patient


def write_letter(
    *,
    by: Any,
    letter: str,
    patient: Patient,
    to: Addressee,
    source: str,
    occasion: str,
    parameters: Mapping[str, str],
    area: str = "",
    urgent: bool = False,
    alert: Alert | None = None,
    level: int = 0,
    attachments: Sequence[Attachment] = (),
    expires_at: datetime | None = None,
) -> Notice:
    """Put the letter in the post, or note why not; once for each occasion: whoever asks again gets the first notice.

    `parameters` hold when, where and ids for links, never what somebody has, takes or owes.
    """
    earlier = Notice.objects.filter(occasion=occasion).first()
    if earlier is not None:
        return earlier
    message_id: UUID | None = None
    why_not = to.why_not
    if not why_not:
        try:
            message_id = queue_message(
                by=by,
                channel="email",
                address=to.address,
                template=LETTERS[letter].template,
                parameters=parameters,
                dedupe_key=f"alerts:{occasion}",
                urgent=urgent or LETTERS[letter].urgent,
                expires_at=expires_at,
                attachments=attachments,
            )
        except AddressRefused:
            why_not = "bad_address"
    notice = Notice(
        patient=patient,
        letter=letter,
        area=area or LETTERS[letter].area,
        source=source,
        occasion=occasion,
        alert=alert,
        level=level,
        recipient=to.user,
        state=Notice.State.SKIPPED if why_not else Notice.State.QUEUED,
        reason=why_not,
        message_id=message_id,
    )
    notice.save(force_insert=True)
    record(
        "alerts.tell",
        by=by,
        patient_id=patient.pk,
        target=notice,
        detail={"letter": letter, "state": why_not or "queued"},
    )
    return notice
