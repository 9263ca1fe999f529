"""The ways out: one module per channel, each a function that takes a Letter and says what became of it."""

from collections.abc import Callable

from healthcare.messaging.carriers import email, push, sms
from healthcare.messaging.carriers.outcome import Ambiguous, Letter, Refused

CARRIERS: dict[str, Callable[[Letter], str]] = {"email": email.send, "sms": sms.send, "push": push.send}

__all__ = ["CARRIERS", "Ambiguous", "Letter", "Refused"]
