"""How the verbs of this app write their audit lines."""

from typing import Any

from healthcare.accounts.models import User
from healthcare.audit import record, record_now
from healthcare.db.context import current_actor


def signer(by: User | None) -> User | None:
    """Between two steps of a sign-in nobody acts yet: the line then is in nobody's name, with the account as target."""
    return by if by is not None and current_actor().user_id == by.pk else None


def note(action: str, *, by: User | None, about: Any, **more: Any) -> None:
    """With the change, in its transaction."""
    record(action, by=signer(by), target=about, **more)


def note_now(action: str, *, by: User | None, about: Any, **more: Any) -> None:
    """At once and for good: what was refused, and who signed in."""
    record_now(action, by=signer(by), target=about, **more)
