"""Sessions as rows of our own, so that the server alone decides when they end and people can see and end theirs."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone

from healthcare.accounts.models import Session

WRITTEN_EVERY = timedelta(minutes=1)
COLUMNS = (
    "digest",
    "data",
    "user_id",
    "acting_role",
    "time_zone",
    "started_at",
    "last_action_at",
    "verified_at",
    "stepped_up_at",
    "address",
    "agent",
)


class SessionStore(SessionBase):
    """Django's session, kept in `accounts.Session`; `row` holds what is not the business of `request.session[...]`.

    Rotation keeps the row and changes its key: the old key is dead at once, and the list of sessions keeps its line.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._row: Session | None = None

    @property
    def row(self) -> Session | None:
        """The row of the running session, or None while there is none."""
        self._content()
        return self._row

    def _content(self, no_load: bool = False) -> dict[str, Any]:
        content: dict[str, Any] = self._get_session(no_load=no_load)  # type: ignore[attr-defined]
        return content

    def change(self, **columns: Any) -> None:
        """Set columns of the row; they are saved with the session when the request ends."""
        if self.row is None:
            self.create()
        for name, value in columns.items():
            setattr(self._row, name, value)
        self.modified = True

    def load(self) -> dict[str, Any]:
        """What was kept; nothing when the session is over or was ended elsewhere."""
        self._row = Session.objects.get_of_key(self.session_key or "", timezone.now())
        if self._row is None:
            self._session_key = None
            return {}
        return self.decode(self._row.data)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(digest=Session.digest_of(session_key)).exists()

    def create(self) -> None:
        now = timezone.now()
        while True:
            self._session_key = secrets.token_urlsafe(32)
            self._row = Session(started_at=now, last_action_at=now)
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError when the session was ended meanwhile: it does not come to life again."""
        if self.session_key is None or self._row is None:
            self.create()
            return
        data = self._content(must_create)
        row = self._row
        row.digest, row.data = Session.digest_of(self.session_key), self.encode(data)
        row.user_id = data.get("_auth_user_id")
        if must_create:
            try:
                with transaction.atomic():
                    row.save(force_insert=True)
            except IntegrityError as problem:
                raise CreateError from problem
        elif not Session.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in COLUMNS}):
            raise UpdateError

    def cycle_key(self) -> None:
        """A new key for the same row, against fixation: whoever knew the old one holds nothing."""
        self._content()
        if self._row is None:
            self.create()
            return
        self._session_key = secrets.token_urlsafe(32)
        self.save()

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(digest=Session.digest_of(key)).delete()

    def flush(self) -> None:
        super().flush()
        self._row = None

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.over(timezone.now()).delete()


# == How long it lasts ==
def note_action(row: Session, now: datetime, *, at_once: bool = False) -> None:
    """Somebody did something. Written at most once a minute, and never for what a page does by itself."""
    if at_once or now - row.last_action_at >= WRITTEN_EVERY:
        Session.objects.filter(pk=row.pk, last_action_at__lt=now).update(last_action_at=now)
        row.last_action_at = now


def seconds_left(row: Session, now: datetime) -> tuple[int, int]:
    """Until the session ends if nobody acts, and until it ends in any case."""
    idle = row.last_action_at + timedelta(seconds=settings.IDLE_SECONDS) - now
    absolute = row.started_at + timedelta(seconds=settings.ABSOLUTE_SECONDS) - now
    return max(0, int(idle.total_seconds())), max(0, int(absolute.total_seconds()))
