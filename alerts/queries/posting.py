"""What those who keep the post running see of it: counts and times by channel, and letters by their outside alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.messaging.figures import ChannelFigures, channel_figures
from healthcare.messaging.models import Message

MOST = 50
LATE, URGENT_LATE = timedelta(minutes=5), timedelta(seconds=30)  # from then on somebody has to look
WHY: dict[str, str | Promise] = {
    "opted-out": _("Whoever has this number wrote STOP"),
    "twilio-21610": _("Whoever has this number wrote STOP"),
    "capped": _("Too many to one address in an hour"),
    "circuit-open": _("The carrier is down"),
    "expired": _("It would have come too late"),
    "lost-worker": _("The worker died while sending; nobody knows whether it arrived"),
    "unconfigured": _("No carrier is set up for this channel"),
    "gone": _("This browser takes no messages any more"),
}


@dataclass(frozen=True)
class ChannelLine:
    """`role` is the status role of how the channel does, and `says` the words beside it."""

    figures: ChannelFigures
    name: str | Promise
    role: str
    says: str | Promise


@dataclass(frozen=True)
class LetterLine:
    letter: Message
    why: str | Promise


def channel_lines(now: datetime) -> list[ChannelLine]:
    return [
        ChannelLine(figures, Message.Channel(figures.channel).label, *_judged(figures, now))
        for figures in channel_figures()
    ]


def _judged(figures: ChannelFigures, now: datetime) -> tuple[str, str | Promise]:
    """The worst of what is to be said of it."""
    if figures.oldest_urgent is not None and now - figures.oldest_urgent > URGENT_LATE:
        return "bad", _("Something urgent waits")
    if figures.broken_until is not None:
        return "bad", _("The carrier is down")
    if figures.oldest_due is not None and now - figures.oldest_due > LATE:
        return "warn", _("Letters are late")
    if figures.failures:
        return "warn", _("The last attempts failed")
    return ("ok", _("Well")) if figures.last_sent else ("off", _("Nothing was sent yet"))


def undelivered() -> list[LetterLine]:
    """The newest that failed, were given up or may have arrived; what was taken back on purpose is none."""
    rows = Message.objects.shown().undelivered().exclude(error="withdrawn").order_by("-created_at")[:MOST]
    return [LetterLine(row, WHY.get(row.error, row.error)) for row in rows]


def undelivered_letter(key: UUID) -> Message | None:
    """One that may be sent again."""
    return Message.objects.shown().undelivered().filter(pk=key).first()
