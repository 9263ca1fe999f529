from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.db.models import BaseModel
from healthcare.db.privileges import NONE, Access
from healthcare.events.queues import QUEUES


class DueWorkQuerySet(models.QuerySet[Any]):
    def due(self, now: datetime) -> Self:
        """What is due and not in somebody's hands already."""
        return self.filter(next_at__lte=now).exclude(handed_until__gt=now)


class DueWork(BaseModel):
    """A row that waits for its moment. The relay hands out what is due; `next_at` is null when nothing is left to do.

    `handed_until` is when the relay will hand it out again; it is no lock: what does the work claims the row itself.
    """

    queue = models.CharField(max_length=12, choices=[(name, name) for name in QUEUES], default="default")
    next_at = models.DateTimeField(null=True)
    handed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # The kind of failure alone: the text of an exception may hold a name.
    error = models.CharField(max_length=80, blank=True)

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["queue", "next_at"], condition=Q(next_at__isnull=False), name="%(class)s_waiting")
        ]


class OutboxEvent(BaseModel):
    """A fact, written in the transaction it tells of. Pages may add one and read none."""

    database_access = Access(web="INSERT")

    name = models.CharField(max_length=100)
    payload = models.JSONField()
    exploded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("announced fact")
        verbose_name_plural = _("announced facts")
        indexes = [models.Index(fields=["id"], condition=Q(exploded_at__isnull=True), name="outboxevent_new")]


class Delivery(DueWork):
    """One fact for one subscriber: delivered once in effect."""

    database_access = Access(web=NONE)

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        DEAD = "dead", _("Given up")

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=200)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    done_at = models.DateTimeField(null=True)

    objects = DueWorkQuerySet.as_manager()

    class Meta(DueWork.Meta):
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(status="pending", next_at__isnull=False) | ~Q(status="pending") & Q(next_at__isnull=True),
                name="delivery_waits_while_pending",
            ),
            models.CheckConstraint(
                condition=Q(status="done", done_at__isnull=False) | ~Q(status="done") & Q(done_at__isnull=True),
                name="delivery_done_has_a_time",
            ),
        ]


class JobTick(BaseModel):
    """One run of a periodic job: whoever adds the row of this tick runs it, so two schedulers run it once."""

    database_access = Access(web=NONE)

    job = models.CharField(max_length=200)
    tick = models.BigIntegerField()
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("run of a job")
        verbose_name_plural = _("runs of jobs")
        constraints = [models.UniqueConstraint(fields=["job", "tick"], name="jobtick_once")]
