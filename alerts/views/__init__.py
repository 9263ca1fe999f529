"""The pages of alerts, and of what is unusual in the audit."""

from alerts.views.alerts import acknowledge, board, list_, open_, show, urgent
from alerts.views.inbox import inbox
from alerts.views.posting import post, send_again
from alerts.views.watching import review, unusual, watches

__all__ = [
    "acknowledge",
    "board",
    "inbox",
    "list_",
    "open_",
    "post",
    "review",
    "send_again",
    "show",
    "unusual",
    "urgent",
    "watches",
]
