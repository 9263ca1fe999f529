"""One message to its carrier: claim, commit, call outside any transaction, note what became of it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from healthcare.audit import record
from healthcare.db.context import acting_as_system
from healthcare.events import carries_out, publish
from healthcare.events.queues import wait_after
from healthcare.messaging import brakes, opting
from healthcare.messaging.carriers import CARRIERS, Ambiguous, Letter, Refused
from healthcare.messaging.events import MessageFailed
from healthcare.messaging.models import Message, OptOut
from healthcare.messaging.rules import ENDED_BADLY, LEASE, REPORTED_LATER, TWILIO_STOPPED, states_before
from healthcare.messaging.templating import render

log = logging.getLogger("healthcare.messaging")
USEFUL = timedelta(days=1)  # where the message names no end
_random = SystemRandom()
Status = Message.Status


@dataclass(frozen=True)
class Verdict:
    """`tried` is false where no carrier was called, and so nothing was learnt of it."""

    status: str
    error: str = ""
    carrier_id: str = ""
    next_at: datetime | None = None
    tried: bool = True


@carries_out("messaging.Message")
def send_message(key: UUID) -> None:
    """Send it if it is due and nobody else does. A worker killed from here on leaves it `sending`; when the lease has
    passed the sweeper makes that `unknown`, because nobody can say whether the carrier has it."""
    message = claim(key, timezone.now())
    if message is not None:
        settle(message, keep_back(message) or attempt(message))


def claim(key: UUID, now: datetime) -> Message | None:
    """Move the message from queued to sending, for us alone. The commit is what makes it safe to call the carrier."""
    token = uuid4()
    with acting_as_system("send_message"):
        queued = Message.objects.filter(pk=key, status=Status.QUEUED, next_at__lte=now)
        claimed = queued.update(
            status=Status.SENDING,
            lease_token=token,
            lease_until=now + LEASE,
            next_at=None,
            handed_until=None,
            updated_at=now,
        )
        return Message.objects.get(pk=key, lease_token=token) if claimed else None


def keep_back(message: Message) -> Verdict | None:
    """What becomes of it where its carrier is not to be called: a stop, too many to one address, a carrier down."""
    now = timezone.now()
    with acting_as_system("send_message"):
        hold = brakes.held_back(message, now)
    if hold is None:
        return None
    if hold.until is None or (message.expires_at is not None and hold.until >= message.expires_at):
        return Verdict(Status.FAILED, hold.error, tried=False)
    # Apart, so that those that waited together do not come together.
    next_at = max(hold.until, now) + timedelta(seconds=30 * _random.random())
    return Verdict(Status.QUEUED, hold.error, next_at=next_at, tried=False)


def attempt(message: Message) -> Verdict:
    """The call itself. What nobody foresaw may have happened after the hand-over, so it counts as unknown."""
    now = timezone.now()
    if message.expires_at is not None and message.expires_at <= now:
        return Verdict(Status.FAILED, "expired", tried=False)
    try:
        letter = write(message, now)
    except Exception as problem:  # a broken template or an unreadable value: no carrier was called
        return Verdict(Status.FAILED, type(problem).__name__, tried=False)
    try:
        return Verdict(Status.SENT, carrier_id=CARRIERS[message.channel](letter))
    except Refused as refusal:
        return _after_refusal(message, refusal, now)
    except Ambiguous as doubt:
        return Verdict(Status.UNKNOWN, doubt.code)
    except Exception as problem:
        return Verdict(Status.UNKNOWN, type(problem).__name__)


def write(message: Message, now: datetime) -> Letter:
    """Raises what rendering raises, and UnreadableValue."""
    words = render(message.template, message.channel, message.words, message.language)
    left = (message.expires_at or now + USEFUL) - now
    return Letter(message.pk, message.mail_id, message.address, words, int(left.total_seconds()), message.attached)


def settle(message: Message, verdict: Verdict) -> None:
    """Note the outcome, once: only who holds the lease can, also when the sweeper called it unknown meanwhile."""
    now = timezone.now()
    changes = {
        "status": verdict.status,
        "error": verdict.error[:80],
        "attempts": message.attempts + verdict.tried,
        "next_at": verdict.next_at,
        "lease_until": None,
        "updated_at": now,
    }
    if verdict.status == Status.SENT:
        changes |= {"sent_at": now, "carrier_id": verdict.carrier_id[:200], "attachments": None}
        if message.channel not in REPORTED_LATER:
            # Accepted words are not needed here any longer; a link in them may still open a door.
            changes["parameters"] = None
    with acting_as_system("send_message"):
        ours = Message.objects.filter(pk=message.pk, lease_token=message.lease_token)
        if not ours.filter(status__in=["sending", "unknown"]).update(**changes):
            return
        note(message, verdict.status, verdict.error)
        if verdict.tried:
            brakes.learn(message.channel, verdict.status, verdict.error, now)
        if verdict.error == TWILIO_STOPPED:
            opting.stop(message.channel, message.address_key, OptOut.Source.CARRIER)


def note(message: Message, status: str, error: str) -> None:
    """Audit and announce, in the transaction of the change."""
    outcome = "failed" if status in ENDED_BADLY else "ok"
    detail = {"channel": message.channel, "status": status, "error": error[:64]}
    record("messaging.send", by=None, target=("messaging.message", message.pk), outcome=outcome, detail=detail)
    if status in ENDED_BADLY:
        publish(MessageFailed(message_id=message.pk, channel=message.channel, status=status, error=error))
        log.error("a message did not go out", extra={"message_id": str(message.pk), **detail})


def _after_refusal(message: Message, refusal: Refused, now: datetime) -> Verdict:
    if refusal.permanent:
        return Verdict(Status.FAILED, refusal.code)
    wait = wait_after(message.attempts + 1, message.queue, _random.random())
    if wait is None:
        return Verdict(Status.DEAD, refusal.code)
    next_at = now + max(wait, timedelta(seconds=min(refusal.retry_after, 3600)))
    if message.expires_at is not None and next_at >= message.expires_at:
        return Verdict(Status.FAILED, refusal.code)
    return Verdict(Status.QUEUED, refusal.code, next_at=next_at)


def apply_report(message_id: UUID, carrier_id: str, state: str, error: str) -> bool:
    """Let a carrier's report raise the state, never lower it; whether it did. Repeated and late ones change nothing."""
    now = timezone.now()
    changes: dict[str, Any] = {"status": state, "error": error and f"twilio-{error}", "updated_at": now}
    if carrier_id:
        changes["carrier_id"] = carrier_id
    message = Message.objects.filter(pk=message_id, status__in=states_before(state)).exclude(status="queued").first()
    if message is None or (state == Status.SENT and message.status == Status.SENDING):
        return False
    same = Message.objects.filter(pk=message_id, status=message.status)
    if state != Status.FAILED:
        changes["sent_at"] = message.sent_at or now
    if state == Status.DELIVERED:
        changes["parameters"] = None
    if not same.update(**changes):
        return False
    note(message, state, str(changes["error"]))
    if changes["error"] == TWILIO_STOPPED:
        opting.stop(message.channel, message.address_key, OptOut.Source.CARRIER)
    return True
