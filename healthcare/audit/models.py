from typing import Any, ClassVar
from uuid import UUID

from auditlog.models import AbstractLogEntry, LogEntryManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.audit.changes import patient_of
from healthcare.audit.recording import COLUMNS
from healthcare.audit.request import request_facts
from healthcare.db.context import current_actor
from healthcare.db.models import short_id
from healthcare.db.prepared import AnyOf
from healthcare.db.privileges import Access
from healthcare.db.uuids import uuid7


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def about_patient(self, patient_id: UUID, *also: UUID) -> "AuditEventQuerySet":
        """Who did what with this record, and with those that went into it; newest first, along one index."""
        whose = Q(patient_id=AnyOf((patient_id, *also))) if also else Q(patient_id=patient_id)
        return self.filter(whose).order_by("-id")

    def by_actor(self, user_id: UUID) -> "AuditEventQuerySet":
        """What this person did; newest first, along one index."""
        return self.filter(actor_id=user_id).order_by("-id")


class AuditEvent(models.Model):
    """One semantic act: opened, searched, printed, exported, changed, denied, signed in. Ids and categories, no values.

    Rows are written by `record` and its siblings alone. The table is partitioned by month on the key itself, which the
    database makes at the moment of the act; `xid` and `epoch`, the order of sealing, are columns of SQL alone.
    """

    database_access = Access(web=f"SELECT, INSERT ({COLUMNS})", worker=f"SELECT, INSERT ({COLUMNS})")

    class Outcome(models.TextChoices):
        OK = "ok", _("Done")
        DENIED = "denied", _("Denied")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField()
    action = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_role = models.TextField(blank=True)
    purpose = models.TextField(blank=True)
    patient_id = models.UUIDField(null=True)
    target_type = models.TextField(blank=True)
    target_id = models.UUIDField(null=True)
    outcome = models.TextField(choices=Outcome)
    detail = models.JSONField(default=dict)
    request_id = models.TextField(blank=True)
    address = models.GenericIPAddressField(null=True)
    session_id = models.UUIDField(null=True)  # the browser's sign-in, or the program's token

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        indexes = [
            models.Index(
                fields=["patient_id", "-id"], name="auditevent_by_patient", condition=Q(patient_id__isnull=False)
            ),
            models.Index(fields=["actor_id", "-id"], name="auditevent_by_actor", condition=Q(actor_id__isnull=False)),
            models.Index(fields=["-id"], name="auditevent_by_nobody", condition=Q(actor_id__isnull=True)),
            models.Index(fields=["action", "-id"], name="auditevent_by_action"),
            models.Index(fields=["actor_role", "-id"], name="auditevent_by_role"),
            models.Index(fields=["address", "-id"], name="auditevent_by_address"),
            models.Index(fields=["outcome", "-id"], name="auditevent_by_outcome", condition=~Q(outcome="ok")),
        ]

    def __str__(self) -> str:
        return f"{self.action} {short_id(self.pk)}"


class AuditSeal(models.Model):
    """A batch of committed events, chained to the batch before it. Written by the sealer alone.

    The batch is every event whose `(epoch, xid, id)` lies above the horizon of the seal before and not above its own.
    """

    database_access = Access(web="", worker="SELECT, INSERT")

    number = models.BigIntegerField(primary_key=True)
    version = models.SmallIntegerField()  # which canonical form of an event was hashed
    epoch = models.IntegerField()
    horizon_xid = models.BigIntegerField()
    horizon_id = models.UUIDField()
    ceiling_xid = models.BigIntegerField()  # the first transaction id not yet given out when it was sealed
    count = models.IntegerField()
    total = models.BigIntegerField()  # events sealed up to and with this seal
    event_ids = ArrayField(models.UUIDField())
    row_hashes = models.BinaryField()  # SHA-256 of each event, 32 bytes each, in order
    suspects = ArrayField(models.UUIDField())  # events whose key claims a time well before their transaction began
    previous = models.BinaryField()
    head = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("audit seal")
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1, count__gte=1), name="seal_is_numbered_and_full")
        ]

    def __str__(self) -> str:
        return f"seal {self.number}"


class ChangeManager(LogEntryManager):
    def create(self, **values: Any) -> "Change":
        """The actor is whom the signed context names, in jobs as in requests."""
        actor, facts = current_actor(), request_facts.get()
        values |= {"actor_id": actor.user_id, "actor_role": actor.role, "purpose": actor.purpose}
        values |= {"cid": facts.request_id or None}
        change: Change = super().create(**values)
        return change

    def log_create(self, instance: models.Model, force_log: bool = False, **values: Any) -> "Change | None":
        values["patient_id"] = patient_of(instance)
        change: Change | None = super().log_create(instance, force_log, **values)
        return change

    def log_m2m_changes(
        self, changed_queryset: Any, instance: models.Model, operation: str, field_name: str, **values: Any
    ) -> "Change | None":
        values["patient_id"] = patient_of(instance)
        change: Change | None = super().log_m2m_changes(changed_queryset, instance, operation, field_name, **values)
        return change


class Change(AbstractLogEntry):
    """The field-by-field difference of one save, kept by django-auditlog for models that register.

    It holds values, so it has a policy of its own: the system and the privacy officer read it, and whom an app to the
    right adds by `AuditReaders`.
    """

    database_access = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient_id = models.UUIDField(null=True)
    actor = None  # a foreign key to the user would point to the right; the id is enough
    actor_id = models.UUIDField(null=True)
    actor_role = models.TextField(blank=True)
    purpose = models.TextField(blank=True)

    objects: ClassVar[ChangeManager] = ChangeManager()

    class Meta:
        verbose_name = _("change")
        indexes = [models.Index(fields=["patient_id", "-id"], name="change_by_patient")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {short_id(self.pk)}"
