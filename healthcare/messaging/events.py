"""Facts about messages. Ids and categories only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class MessageFailed:
    """The message will not arrive, or nobody knows: `status` is failed, dead or unknown. Try another way."""

    message_id: UUID
    channel: str
    status: str
    error: str


@dataclass(frozen=True)
class CarrierReported:
    """A carrier said what became of a message; reports come repeated and out of order."""

    message_id: UUID
    carrier_id: str
    state: str
    error: str


@dataclass(frozen=True)
class ReplyReceived:
    """Somebody wrote back by SMS."""

    reply_id: UUID


@dataclass(frozen=True)
class ReplyAnswers:
    """A yes or a no, from a number that did not stop us: to what, whoever asked something there has to find."""

    reply_id: UUID
    yes: bool


@dataclass(frozen=True)
class ResendAsked:
    """A person wants a message sent again that failed, was given up or is unknown."""

    message_id: UUID
