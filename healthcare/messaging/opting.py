"""Who wants no messages at an address any more: STOP and START, by a reply or by what the carrier says."""

from datetime import datetime
from uuid import UUID

from healthcare.audit import record
from healthcare.events import publish
from healthcare.messaging.actions import queue_message
from healthcare.messaging.events import ReplyAnswers
from healthcare.messaging.models import OptOut, Reply
from healthcare.messaging.rules import NO, OTHER, START, STOP, YES


def has_stopped(channel: str, address_key: str) -> bool:
    return OptOut.objects.current().filter(channel=channel, address_key=address_key).exists()


def stop(channel: str, address_key: str, source: str) -> None:
    """From now on nothing goes there; stopped already: nothing."""
    row = OptOut(channel=channel, address_key=address_key, source=source)
    if not has_stopped(channel, address_key):
        OptOut.objects.bulk_create([row], ignore_conflicts=True)
        record("messaging.stop", by=None, target=row, detail={"channel": channel, "source": source})


def start(channel: str, address_key: str, now: datetime) -> None:
    """Messages may go there again; not stopped: nothing."""
    stopped = OptOut.objects.current().filter(channel=channel, address_key=address_key)
    for row in stopped.select_for_update(of=("self",)).order_by("pk"):
        row.ended_at = now
        row.save(update_fields=["ended_at", "updated_at"])
        record("messaging.start", by=None, target=row, detail={"channel": channel})


def handle_reply(reply_id: UUID, now: datetime) -> None:
    """Do what the word says, once. A yes of who had stopped is the carriers' other word for START, and no answer."""
    waiting = Reply.objects.filter(pk=reply_id, handled_at=None)
    if not waiting.update(handled_at=now, updated_at=now):
        return
    reply = Reply.objects.get(pk=reply_id)
    if reply.word == STOP:
        stop("sms", reply.address_key, OptOut.Source.REPLY)
    elif reply.word == START or (reply.word == YES and has_stopped("sms", reply.address_key)):
        start("sms", reply.address_key, now)
    elif reply.word in (YES, NO):
        publish(ReplyAnswers(reply_id=reply.pk, yes=reply.word == YES))
    elif reply.word == OTHER:
        # Once a day at most, so that two machines do not talk to each other.
        queue_message(
            by=None,
            channel="sms",
            address=reply.address,
            template="replies/unread",
            parameters={},
            dedupe_key=f"replies/unread:{reply.address_key}:{now.date()}",
        )
