import hashlib
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models.people import User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from healthcare.db.uuids import uuid7

# Asked by every page, so it is written out: no ORM compiles it, and the database plans it once for each connection.
# Besides the row, whether its acting role is still held at some site, and how administrators have edited it.
OF_KEY = """
SELECT {columns},
    EXISTS (SELECT 1 FROM accounts_membership m
            WHERE m.user_id = s.user_id AND m.role = s.acting_role AND m.validity @> statement_timestamp()),
    (SELECT json_object_agg(e.permission, e.held) FROM accounts_roleedit e WHERE e.role = s.acting_role)
FROM accounts_session s WHERE s.digest = %s AND s.last_action_at > %s AND s.started_at > %s
"""


class SessionQuerySet(models.QuerySet["Session"]):
    def alive(self, now: datetime) -> "SessionQuerySet":
        """Neither idle for too long nor open for too long, whatever the browser says."""
        return self.filter(
            last_action_at__gt=now - timedelta(seconds=settings.IDLE_SECONDS),
            started_at__gt=now - timedelta(seconds=settings.ABSOLUTE_SECONDS),
        )

    def over(self, now: datetime) -> "SessionQuerySet":
        return self.exclude(pk__in=self.model._default_manager.alive(now).values("pk"))

    def get_of_key(self, key: str, now: datetime) -> "Session | None":
        """The living session of this key, with `role_held` and `role_edits`."""
        names = [field.attname for field in self.model._meta.concrete_fields]
        idle, absolute = timedelta(seconds=settings.IDLE_SECONDS), timedelta(seconds=settings.ABSOLUTE_SECONDS)
        with connection.cursor() as cursor:
            columns = ", ".join(f"s.{name}" for name in names)
            cursor.execute(OF_KEY.format(columns=columns), [self.model.digest_of(key), now - idle, now - absolute])
            found = cursor.fetchone()
        if found is None:
            return None
        row = self.model.from_db(self.db, names, found[:-2])
        row.role_held, row.role_edits = found[-2], found[-1] or {}
        return row


class Session(BaseModel):
    """One browser in which somebody is signed in.

    The browser's cookie holds a random key; the row its hash, so that reading this table takes over nobody's session.
    """

    digest = models.CharField(max_length=64, unique=True)
    data = models.TextField(blank=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    acting_role = models.CharField(max_length=20, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text=_("Of the site of the acting role."))
    started_at = models.DateTimeField()
    last_action_at = models.DateTimeField()
    verified_at = models.DateTimeField(_("second factor proven"), null=True)
    stepped_up_at = models.DateTimeField(_("identity last proven"), null=True)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(_("browser"), max_length=200, blank=True)

    #: Set by `get_of_key` alone.
    role_held: bool = False
    role_edits: dict[str, bool] = {}

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["last_action_at"], name="session_by_last_action")]

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()


COUNT = """
INSERT INTO accounts_failurecount (id, created_at, updated_at, kind, digest, window_start, count)
VALUES (%s, now(), now(), %s, %s, %s, 1)
ON CONFLICT (kind, digest, window_start) DO UPDATE SET count = accounts_failurecount.count + 1, updated_at = now()
"""


class FailureCount(BaseModel):
    """How often something was tried within the last window of time, from one address or for one account.

    Only a hash of what is counted is kept, one row a window, so a flood of names fills no table with names. Windows lie
    on the clock and the count slides over them, or whoever tries about a quarter of an hour's end would try twice as
    often: of the window before, the share counts that is not yet a whole window ago, rounded up.
    """

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE, DELETE")

    kind = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    window_start = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "digest", "window_start"], name="failure_count_one_per_window")
        ]
        indexes = [models.Index(fields=["window_start"], name="failure_count_by_window")]

    @classmethod
    def add(cls, kind: str, subject: str, now: datetime, window: timedelta) -> int:
        """Count one more, and return how many there are, as `get_count` does."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [uuid7(), kind, cls._digest(subject), cls._start(now, window)])
        return cls.get_count(kind, subject, now, window)

    @classmethod
    def get_count(cls, kind: str, subject: str, now: datetime, window: timedelta) -> int:
        """How many there were from `now` - `window` on; a few more when the window before had its tries early."""
        start = cls._start(now, window)
        rows = cls.objects.filter(kind=kind, digest=cls._digest(subject), window_start__in=(start, start - window))
        counts = dict(rows.values_list("window_start", "count"))
        return counts.get(start, 0) + ceil(counts.get(start - window, 0) * (1 - (now - start) / window))

    @staticmethod
    def _digest(subject: str) -> str:
        return hashlib.sha256(subject.lower().encode()).hexdigest()

    @staticmethod
    def _start(now: datetime, window: timedelta) -> datetime:
        seconds = window.total_seconds()
        return datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
