"""What holds a message back before its carrier is called: a stop, too many to one address, a carrier that is down.

What is urgent is held back by a stop alone. The rows of `Circuit` also say when each channel last had a success.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from healthcare.messaging import opting
from healthcare.messaging.models import Circuit, Message
from healthcare.messaging.rules import BREAKS_AT, MOST_AN_HOUR, blames_carrier, open_for

HOUR = timedelta(hours=1)
SEEN = timedelta(seconds=10)  # a success is noted so often at most: the row is one for all workers
Status = Message.Status


@dataclass(frozen=True)
class Hold:
    """Why, and until when; without an end it is for good."""

    error: str
    until: datetime | None = None


def held_back(message: Message, now: datetime) -> Hold | None:
    if opting.has_stopped(message.channel, message.address_key):
        return Hold("opted-out")
    if message.queue == "urgent":
        return None
    if sent := _sent_to(message, now):
        return Hold("capped", sent + HOUR)
    if until := _broken_until(message.channel, now):
        return Hold("circuit-open", until)
    return None


def _sent_to(message: Message, now: datetime) -> datetime | None:
    """Of as many as one address is sent in an hour, when the first went out; None while they are fewer."""
    most = MOST_AN_HOUR[message.channel]
    there = Message.objects.filter(address_key=message.address_key, channel=message.channel, sent_at__gt=now - HOUR)
    times = list(there.exclude(queue="urgent").order_by("-sent_at").values_list("sent_at", flat=True)[:most])
    return times[-1] if len(times) == most else None


def _broken_until(channel: str, now: datetime) -> datetime | None:
    """Until when nobody calls this carrier. When that has passed, one message goes ahead and the others wait."""
    circuit = Circuit.objects.filter(channel=channel)
    ends = circuit.values_list("open_until", flat=True)
    until = ends.first()
    if until is None or until > now:
        return until
    ahead = circuit.filter(open_until__lte=now).update(open_until=now + open_for(BREAKS_AT))
    return None if ahead else ends.first()


def learn(channel: str, status: str, error: str, now: datetime) -> None:
    """From what became of one message: is its carrier well?"""
    row = Circuit.objects.filter(channel=channel)
    if status != Status.SENT and blames_carrier(channel, error):
        if not row.update(failures=F("failures") + 1, failed_at=now):
            Circuit.objects.bulk_create([Circuit(channel=channel, failures=1, failed_at=now)], ignore_conflicts=True)
        failures = row.values_list("failures", flat=True).get()
        if failures >= BREAKS_AT:
            row.update(open_until=now + open_for(failures))
    elif status == Status.SENT:
        if not row.exists():
            Circuit.objects.bulk_create([Circuit(channel=channel)], ignore_conflicts=True)
        stale = Q(failures__gt=0) | Q(sent_at=None) | Q(sent_at__lt=now - SEEN)
        row.filter(stale).update(failures=0, open_until=None, sent_at=now)
