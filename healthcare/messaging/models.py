import json
from collections.abc import Mapping
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from healthcare.db.privileges import NONE, Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from healthcare.messaging.rules import WORDS, Attachment

# What an administrator may see of a message: that it exists and what became of it; not to whom, and not what.
SHOWN = (
    "id",
    "created_at",
    "updated_at",
    "channel",
    "template",
    "queue",
    "status",
    "attempts",
    "next_at",
    "error",
    "sent_at",
    "expires_at",
)


class MessageQuerySet(DueWorkQuerySet):
    def shown(self) -> Self:
        """Without address and words: all that the web login may read, and row security shows it to administrators."""
        return self.only(*SHOWN)

    def undelivered(self) -> Self:
        """Given up, refused, or nobody knows: for a person to look at."""
        return self.filter(status__in=["failed", "dead", "unknown"])

    def counts_by_status(self) -> "models.QuerySet[Message, dict[str, object]]":
        return self.order_by().values("channel", "status").annotate(count=Count("id")).order_by("channel", "status")


class Message(DueWork):
    """One message to one address. Pages may add one; a worker sends it."""

    database_access: ClassVar[Access] = Access(web=f"INSERT, SELECT ({', '.join(SHOWN)})")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("SMS")
        PUSH = "push", _("Push")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unknown")
        DEAD = "dead", _("Given up")

    channel = models.CharField(max_length=8, choices=Channel)
    address = EncryptedTextField()
    address_key = models.CharField(max_length=64, blank=True, help_text=_("What is the same for the same address."))
    template = models.CharField(max_length=100)
    parameters = EncryptedTextField(null=True)
    attachments = EncryptedTextField(null=True)
    language = models.CharField(max_length=12, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    dedupe_key = models.CharField(max_length=200, unique=True)
    expires_at = models.DateTimeField(null=True)
    created_by_id = models.UUIDField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    carrier_id = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta(DueWork.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            *DueWork.Meta.indexes,
            models.Index(fields=["status", "created_at"], name="message_status"),
            models.Index(fields=["lease_until"], condition=Q(status="sending"), name="message_leased"),
            models.Index(fields=["address_key", "-created_at"], name="message_by_address"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="queued", next_at__isnull=False) | ~Q(status="queued") & Q(next_at__isnull=True),
                name="message_waits_while_queued",
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="message_sending_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "delivered"]) | Q(sent_at__isnull=False),
                name="message_sent_has_a_time",
            ),
        ]

    @property
    def words(self) -> Mapping[str, str]:
        """The parameters of the template; empty once the message was accepted."""
        return dict(json.loads(self.parameters or "{}"))

    @property
    def attached(self) -> tuple[Attachment, ...]:
        """What goes beside a mail; nothing once the message was accepted."""
        return tuple(Attachment(**each) for each in json.loads(self.attachments or "[]"))

    @property
    def mail_id(self) -> str:
        """The Message-ID of the mail (RFC 5322 section 3.6.4): the same at every attempt."""
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
        return f"<{self.pk}@{domain}>"


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def current(self) -> Self:
        return self.filter(ended_at=None)


class OptOut(BaseModel):
    """Whoever has this number wrote STOP: nothing goes there until they write START. Carriers keep to it as well."""

    database_access: ClassVar[Access] = Access(web=NONE, worker="SELECT, INSERT, UPDATE (ended_at, updated_at)")

    class Source(models.TextChoices):
        REPLY = "reply", _("They wrote STOP")
        CARRIER = "carrier", _("The carrier refused for their STOP")

    channel = models.CharField(max_length=8, choices=Message.Channel)
    address_key = models.CharField(max_length=64)
    source = models.CharField(max_length=8, choices=Source)
    ended_at = models.DateTimeField(null=True)

    objects = OptOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("stop")
        verbose_name_plural = _("stops")
        constraints = [
            models.UniqueConstraint(fields=["channel", "address_key"], condition=Q(ended_at=None), name="optout_once")
        ]


class Reply(BaseModel):
    """A text message that came in: from which number, and which word we know it was. What else it said is not kept.

    Its key is made of the carrier's id, so that what the carrier tells twice is one row.
    """

    database_access: ClassVar[Access] = Access(web="INSERT", worker="SELECT, UPDATE (handled_at, updated_at), DELETE")

    address = EncryptedTextField()
    address_key = models.CharField(max_length=64)
    word = models.CharField(max_length=5, choices=[(word, word) for word in WORDS])
    handled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")


class Circuit(BaseModel):
    """How a carrier does: failures in a row, until when nobody calls it for what is not urgent, its last success."""

    database_access: ClassVar[Access] = Access(web=NONE, worker="SELECT, INSERT, UPDATE")

    channel = models.CharField(max_length=8, choices=Message.Channel, unique=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
