"""The verbs: queue a message or take it back, note what a carrier reports, send one again."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from healthcare.audit import record
from healthcare.db.context import current_actor
from healthcare.db.inserting import insert_rows
from healthcare.events import publish
from healthcare.messaging.addresses import AddressRefused, address_key, check_address
from healthcare.messaging.events import CarrierReported, ReplyReceived, ResendAsked
from healthcare.messaging.models import Message, Reply
from healthcare.messaging.rules import TWILIO_STATES, Attachment, may_attach
from healthcare.messaging.templating import check_template


class NotSendable(Exception):
    """The message's state does not allow sending it again."""


@transaction.atomic
def queue_message(
    *,
    by: Any,
    channel: str,
    address: str,
    template: str,
    parameters: Mapping[str, str],
    dedupe_key: str,
    urgent: bool = False,
    expires_at: datetime | None = None,
    not_before: datetime | None = None,
    language: str = "",
    attachments: Sequence[Attachment] = (),
) -> UUID:
    """Put a message in the post, in the transaction of the verb it belongs to; a worker sends it after the commit.

    `parameters` are plain texts for the template's placeholders; the subject line cannot hold any of them. Two messages
    with one `dedupe_key` are one: the second is not written, and its id is the first one's. It is sent neither before
    `not_before` nor after `expires_at`. `attachments` go with mails alone, and are forgotten with the words once a
    carrier has them.
    Raises AddressRefused, TemplateDoesNotExist, and ValueError for what is no text, or no small one with a plain name.
    """
    check_address(channel, address)
    check_template(template, channel)
    for name, value in parameters.items():
        if not isinstance(value, str):
            raise ValueError(f"The parameter {name} of {template} is not a text.")
    if attachments and (channel != "email" or not all(may_attach(each) for each in attachments)):
        raise ValueError("Small texts with a plain name can be attached, to mails alone.")
    message = Message(
        id=uuid5(NAMESPACE_URL, f"message:{dedupe_key}"),
        channel=channel,
        address=address,
        address_key=address_key(channel, address),
        template=template,
        parameters=json.dumps(dict(parameters)),
        attachments=json.dumps([asdict(each) for each in attachments]) if attachments else None,
        language=language or get_language() or "",
        dedupe_key=dedupe_key,
        queue="urgent" if urgent else "default",
        next_at=not_before or timezone.now(),
        expires_at=expires_at,
        created_by_id=by.pk if by is not None else current_actor().user_id,
    )
    # ON CONFLICT without a column: the web login may not look at the row that stands in the way.
    insert_rows(message, ignore_conflicts=True)
    record(
        "messaging.queue", by=by, target=message, detail={"channel": channel, "template": template.replace("/", ".")}
    )
    return message.pk


@transaction.atomic
def report_state(*, by: Any, message_id: UUID, carrier_id: str, state: str, error: str) -> bool:
    """Pass on what a carrier's signed callback says; whether it said anything new. A worker applies it.

    `state` and `error` are Twilio's words (MessageStatus, ErrorCode).
    """
    if state not in TWILIO_STATES:
        return False
    record("messaging.report", by=by, target=("messaging.message", message_id), detail={"state": state, "error": error})
    publish(
        CarrierReported(
            message_id=message_id, carrier_id=carrier_id[:200], state=TWILIO_STATES[state], error=error[:20]
        )
    )
    return True


@transaction.atomic
def receive_reply(*, by: Any, carrier_id: str, address: str, word: str) -> None:
    """Keep that a word came in by SMS, once however often the carrier tells it; a worker does what it says.

    What else was written is kept nowhere; numbers that are none are nobody's.
    """
    try:
        check_address("sms", address)
    except AddressRefused:
        return
    reply = Reply(
        id=uuid5(NAMESPACE_URL, f"reply:{carrier_id}"),
        address=address,
        address_key=address_key("sms", address),
        word=word,
    )
    insert_rows(reply, ignore_conflicts=True)
    record("messaging.receive", by=by, target=reply, detail={"word": word})
    publish(ReplyReceived(reply_id=reply.pk))


@transaction.atomic
def withdraw_messages(*, by: Any, message_ids: Collection[UUID], now: datetime) -> int:
    """Take back those that no carrier has been called for: what they say is not true any more. Returns how many.

    In a worker process alone: the web login cannot change a message. Nobody is told that they failed.
    """
    waiting = Message.objects.filter(pk__in=message_ids, status=Message.Status.QUEUED).order_by("pk")
    messages = list(waiting.select_for_update(of=("self",)))
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(
        status=Message.Status.FAILED, error="withdrawn", next_at=None, handed_until=None, parameters=None,
        attachments=None, updated_at=now,
    )  # fmt: skip
    for message in messages:
        record("messaging.withdraw", by=by, target=message)
    return len(messages)


@transaction.atomic
def send_again(*, by: Any, message_id: UUID, now: datetime) -> None:
    """Queue a message that failed, was given up or is unknown; a person has decided that twice is better than never.

    Operators alone, in a worker process: the web login cannot change a message. Raises NotSendable.
    """
    again = Message.objects.filter(pk=message_id, status__in=["failed", "dead", "unknown"]).exclude(error="withdrawn")
    if not again.update(status="queued", next_at=now, attempts=0, error="", expires_at=None, updated_at=now):
        raise NotSendable("There is no message with this id that failed, was given up or is unknown.")
    record("messaging.send_again", by=by, target=("messaging.message", message_id))


@transaction.atomic
def ask_to_send_again(*, by: Any, message_id: UUID) -> None:
    """As `send_again`, from a page: the web login cannot change a message, so a worker does it."""
    record("messaging.ask_again", by=by, target=("messaging.message", message_id))
    publish(ResendAsked(message_id=message_id))
