"""The figures that no other package owns."""

from collections.abc import Mapping

from django.utils import timezone

from healthcare.accounts.models import Session


def session_figures() -> Mapping[str, float]:
    """Sessions that are neither idle for too long nor open for too long."""
    return {"sessions_alive": Session.objects.alive(timezone.now()).count()}
