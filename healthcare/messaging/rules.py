"""Which state may follow which, and what a carrier's words mean. Plain Python."""

import re
from dataclasses import dataclass
from datetime import timedelta

#: Allowed moves by state. `unknown` ends when the carrier reports after all, or a person sends the message again.
MOVES: dict[str, frozenset[str]] = {
    "queued": frozenset({"sending", "failed"}),
    "sending": frozenset({"queued", "sent", "failed", "unknown", "dead"}),
    "unknown": frozenset({"sent", "delivered", "failed", "queued"}),
    "sent": frozenset({"delivered", "failed"}),
    "delivered": frozenset(),
    "failed": frozenset({"queued"}),
    "dead": frozenset({"queued"}),
}
ENDED_BADLY = frozenset({"failed", "dead", "unknown"})

#: What Twilio's MessageStatus says of ours; its other words (accepted, queued, sending) tell nothing new.
TWILIO_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
}
#: Twilio error codes that no retry cures: not a mobile number, unreachable region, opted out by STOP, blocked.
TWILIO_PERMANENT = frozenset({21211, 21214, 21217, 21408, 21610, 21612, 21614})

CARRIER_SECONDS = 20  # for the whole conversation with a carrier
LEASE = timedelta(seconds=30)  # a sending message older than this has lost its worker


FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}\.[a-z0-9]{2,5}", re.ASCII)
MEDIA_TYPE = re.compile(r"text/[a-z]+(; [a-z]+=[A-Za-z0-9-]+)*", re.ASCII)  # RFC 2045 section 5.1, of texts alone
LARGEST_ATTACHMENT = 50_000  # characters


@dataclass(frozen=True)
class Attachment:
    """A small text beside a mail, such as a calendar entry: `text/calendar; method=PUBLISH` and its words."""

    file_name: str
    media_type: str
    text: str


def may_attach(attachment: Attachment) -> bool:
    """A plain file name and a text type, so that neither can bring a header of its own; and not too long."""
    return bool(
        FILE_NAME.fullmatch(attachment.file_name)
        and MEDIA_TYPE.fullmatch(attachment.media_type)
        and len(attachment.text) <= LARGEST_ATTACHMENT
    )


def may_move(before: str, after: str) -> bool:
    return after in MOVES[before]


def states_before(after: str) -> list[str]:
    """From where a message may come into this state."""
    return [state for state, following in MOVES.items() if after in following]


def is_header_safe(text: str) -> bool:
    """No sign that ends a line: what follows it would be a header of its own (RFC 5322 section 2.2)."""
    return not any(ord(sign) < 32 or sign in "\x7f\x85\u2028\u2029" for sign in text)
