"""The pages of alerts, and of what is unusual in the audit."""

from alerts.views.alerts import acknowledge, board, list_, open_, show, urgent
from alerts.views.watching import review, unusual, watches

__all__ = ["acknowledge", "board", "list_", "open_", "review", "show", "unusual", "urgent", "watches"]
