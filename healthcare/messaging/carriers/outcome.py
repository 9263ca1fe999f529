from dataclasses import dataclass
from uuid import UUID

from healthcare.messaging.rules import Attachment
from healthcare.messaging.templating import Words


@dataclass(frozen=True)
class Letter:
    """What a carrier needs. A carrier returns its own id for what it accepted, or raises Refused or Ambiguous."""

    message_id: UUID
    mail_id: str
    address: str
    words: Words
    seconds_left: int  # how long the words stay useful
    attachments: tuple[Attachment, ...] = ()  # for mails alone


class Refused(Exception):
    """Certainly not accepted. `retry_after` is in seconds, where the carrier named one."""

    def __init__(self, code: str, *, permanent: bool = False, retry_after: int = 0) -> None:
        super().__init__(code)
        self.code, self.permanent, self.retry_after = code, permanent, retry_after


class Ambiguous(Exception):
    """It may have been accepted: the carrier fell silent after it had everything."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
