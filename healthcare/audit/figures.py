"""The audit in numbers, for `/metrics`."""

from collections.abc import Mapping
from datetime import UTC, datetime

from healthcare.audit.queries import get_sealing_state


def audit_figures() -> Mapping[str, float]:
    """Alarm on `oldest_waiting_seconds`: a stopped sealer, or a transaction left open, lets it grow."""
    state = get_sealing_state()
    oldest = (datetime.now(UTC) - state.oldest_waiting_at).total_seconds() if state.oldest_waiting_at else 0.0
    return {
        "events_sealed": state.sealed,
        "events_waiting": state.waiting,
        "oldest_waiting_seconds": max(0.0, oldest),
    }
