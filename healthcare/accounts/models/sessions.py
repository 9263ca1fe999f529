import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import Exists, OuterRef
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models.people import Membership, RoleEdit, User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from healthcare.db.uuids import uuid7


class SessionQuerySet(models.QuerySet["Session"]):
    def alive(self, now: datetime) -> "SessionQuerySet":
        """Neither idle for too long nor open for too long, whatever the browser says."""
        return self.filter(
            last_action_at__gt=now - timedelta(seconds=settings.IDLE_SECONDS),
            started_at__gt=now - timedelta(seconds=settings.ABSOLUTE_SECONDS),
        )

    def over(self, now: datetime) -> "SessionQuerySet":
        return self.exclude(pk__in=self.model._default_manager.alive(now).values("pk"))

    def with_role(self) -> "SessionQuerySet":
        """Whether the acting role is still held at some site, and how administrators have edited it."""
        held = Membership.objects.current().filter(user=OuterRef("user"), role=OuterRef("acting_role"))
        edits = RoleEdit.objects.filter(role=OuterRef("acting_role"))
        pairs = edits.values(pair=JSONObject(permission="permission", held="held"))
        return self.annotate(role_held=Exists(held), role_edits=ArraySubquery(pairs))


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
RETURNING count
"""


class FailureCount(BaseModel):
    """How often something was tried within a window of time, from one address or for one account.

    Only a hash of what is counted is kept, one row a window, so a flood of names fills no table with names.
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
        """Count one more, and return how many there are in this window."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [uuid7(), *cls._key(kind, subject, now, window)])
            return int(cursor.fetchone()[0])

    @classmethod
    def get_count(cls, kind: str, subject: str, now: datetime, window: timedelta) -> int:
        _kind, digest, start = cls._key(kind, subject, now, window)
        found: Any = cls.objects.filter(kind=kind, digest=digest, window_start=start).values_list("count", flat=True)
        return int(next(iter(found), 0))

    @staticmethod
    def _key(kind: str, subject: str, now: datetime, window: timedelta) -> tuple[str, str, datetime]:
        start = datetime.fromtimestamp(
            now.timestamp() // window.total_seconds() * window.total_seconds(), tz=now.tzinfo
        )
        return kind, hashlib.sha256(subject.lower().encode()).hexdigest(), start
