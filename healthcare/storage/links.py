"""Short-lived links to one object, for one person."""

import time
from uuid import UUID

from django.core import signing
from django.urls import reverse

from healthcare.db.context import current_actor

SALT = "storage.link"
LONGEST = 3600  # seconds


class BadLink(Exception):
    """Forged, expired, or somebody else's."""


def signed_link(key: UUID, *, seconds: int = 60) -> str:
    """A path that opens the object for that long, for whoever acts now and for nobody else.

    Raises ValueError without a person acting, or for more than an hour.
    """
    user_id = current_actor().user_id
    if user_id is None:
        raise ValueError("A link is made for the person who acts.")
    if not 0 < seconds <= LONGEST:
        raise ValueError("A link lasts between a second and an hour.")
    token = signing.dumps([key.hex, user_id.hex, int(time.time()) + seconds], salt=SALT)
    return reverse("storage:open", args=[token])


def read_link(token: str, user_id: UUID | None) -> UUID:
    """The object's key. Raises BadLink."""
    try:
        key, owner, until = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError) as problem:
        raise BadLink("The link is forged.") from problem
    if time.time() >= until:
        raise BadLink("The link has expired.")
    if user_id is None or UUID(owner) != user_id:
        raise BadLink("The link is another person's.")
    return UUID(key)
