"""One's own sessions and preferences."""

from django.db import transaction

from healthcare.accounts.access import check_can_end_session
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.models import Session, User


@transaction.atomic
def end_session(*, by: User, session: Session) -> None:
    """Sign another browser of one's own out. Raises NotAllowed for somebody else's."""
    check_can_end_session(by, session)
    Session.objects.filter(pk=session.pk).delete()
    note("accounts.end_session", by=by, about=session)


@transaction.atomic
def end_other_sessions(*, by: User, keep: Session) -> int:
    """Sign every browser of one's own out but this one. Returns how many there were."""
    count, _models = Session.objects.filter(user=by).exclude(pk=keep.pk).delete()
    note("accounts.end_other_sessions", by=by, about=by, detail={"count": count})
    return count


@transaction.atomic
def choose_preferences(*, by: User, single_keys: bool, theme: str, density: str) -> None:
    """How pages look and whether single keys work; follows the person to every browser."""
    by.single_keys, by.theme, by.density = single_keys, theme, density
    by.save(update_fields=["single_keys", "theme", "density", "updated_at"])
    note("accounts.choose_preferences", by=by, about=by)
