from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access


class ReplyQuerySet(models.QuerySet["Reply"]):
    def older_than(self, moment: datetime) -> Self:
        return self.filter(created_at__lt=moment)


class Reply(BaseModel):
    """What was answered to a request with an Idempotency-Key, kept for a day to be given again. Its user's alone."""

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, DELETE")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, help_text=_("SHA-256 of role, operation and key."))
    request = models.CharField(max_length=64, help_text=_("Keyed hash of what was asked, to know it again by."))
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = EncryptedTextField(blank=True)

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("reply")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="reply_once_per_key")]
        indexes = [models.Index(fields=["created_at"], name="reply_by_age")]
