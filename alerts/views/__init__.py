"""The pages of alerts, and of what is unusual in the audit."""

from alerts.views.alerts import acknowledge, board, list_, open_, show, urgent
from alerts.views.handing import hand_on
from alerts.views.inbox import inbox, put_off, take_back
from alerts.views.posting import post, send_again
from alerts.views.watching import review, unusual, watches

__all__ = [
    "acknowledge",
    "board",
    "hand_on",
    "inbox",
    "list_",
    "open_",
    "post",
    "put_off",
    "review",
    "send_again",
    "show",
    "take_back",
    "unusual",
    "urgent",
    "watches",
]
