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

#: Channels whose carrier says only later whether a message arrived: its words are kept until then, for another way.
REPORTED_LATER = frozenset({"sms"})
#: The number was taken off by whoever has it (STOP), by what the carrier says of it.
TWILIO_STOPPED = "twilio-21610"

# == What people write back ==
STOP, START, HELP, YES, NO, OTHER = "stop", "start", "help", "yes", "no", "other"
#: The first three are the words that Twilio itself takes for these, so that it and we always think the same.
WORDS: dict[str, frozenset[str]] = {
    STOP: frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}),
    START: frozenset({"start", "unstop"}),
    HELP: frozenset({"help", "info"}),
    YES: frozenset({"yes", "y", "si", "sí"}),
    NO: frozenset({"no", "n"}),
    OTHER: frozenset(),
}


def word_of(text: str) -> str:
    """Which of `WORDS` it is, whatever stands around its letters; a sentence that begins with one is another thing."""
    plain = re.sub(r"\W", "", text.casefold())
    return next((word for word, spellings in WORDS.items() if plain in spellings), OTHER)


CARRIER_SECONDS = 20  # for the whole conversation with a carrier
LEASE = timedelta(seconds=30)  # a sending message older than this has lost its worker

# == When a carrier is down, and when one address has had enough ==
BREAKS_AT = 5  # failures in a row
LONGEST_BREAK = timedelta(minutes=5)
MOST_AN_HOUR = {"email": 30, "sms": 6, "push": 20}  # to one address, of what is not urgent


def blames_carrier(channel: str, error: str) -> bool:
    """Whether this failure is about the carrier and not about one message, its address or our settings.

    Each push subscription has a carrier of its own, and a mail server may put off one recipient (RFC 5321, 450).
    """
    if channel == "push" or error in {"unconfigured", "plaintext", ""}:
        return False
    code = error.rpartition("-")[2]
    if error.startswith("smtp-"):
        return code in {"421", "454"}
    if error.startswith("twilio-"):
        return code in {"401", "403", "429", "20003", "20429"} or code.startswith("5")
    return error in UNREACHED


#: The kinds of failure on the way to a carrier (classes of Python's socket, ssl, http.client and smtplib).
UNREACHED = frozenset(
    {"ConnectionRefusedError", "ConnectionResetError", "TimeoutError", "gaierror", "OSError", "BrokenPipeError"}
    | {"SSLError", "SSLCertVerificationError", "SSLEOFError", "RemoteDisconnected", "NoAnswer", "BadStatusLine"}
    | {"SMTPServerDisconnected", "SMTPConnectError", "SMTPNotSupportedError", "IncompleteRead"}
)


def open_for(failures: int) -> timedelta:
    """How long nobody calls after so many failures in a row: half a minute, then twice as long, up to five."""
    return min(timedelta(seconds=30) * 2 ** min(max(failures - BREAKS_AT, 0), 10), LONGEST_BREAK)


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
