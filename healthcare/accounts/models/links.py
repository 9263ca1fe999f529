import uuid
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models.people import User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access

SIGNER = "healthcare.accounts.link"


class OneTimeLinkQuerySet(models.QuerySet["OneTimeLink"]):
    def usable(self, now: datetime) -> "OneTimeLinkQuerySet":
        return self.filter(used_at=None, expires_at__gt=now)


class OneTimeLink(BaseModel):
    """A link in a mail that works once. The row holds no secret: the link is the row's key, signed.

    So neither the database, nor the queue of messages, nor a backup holds a link that anybody could follow.
    """

    database_access = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE, DELETE")

    class Purpose(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        OPEN_ACCOUNT = "open_account", _("Open a portal account")
        RESET_PASSWORD = "reset_password", _("Choose a new password")
        LEAVE_ADDRESS = "leave_address", _("Agree to a new address")
        CONFIRM_ADDRESS = "confirm_address", _("Confirm the new address")

    purpose = models.CharField(max_length=20, choices=Purpose)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="links")
    address = models.EmailField(max_length=254, help_text=_("The address that is being proven."))
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = OneTimeLinkQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="one_time_link_by_expiry")]

    def token(self) -> str:
        """What stands in the address of the page; see `key_of`."""
        return token_of(self.pk)


def token_of(key: Any) -> str:
    return signing.Signer(salt=SIGNER, sep=".").sign(uuid.UUID(str(key)).hex)


def key_of(token: str) -> uuid.UUID | None:
    """The row's key, or None when the signature is not ours (compared in constant time)."""
    try:
        return uuid.UUID(signing.Signer(salt=SIGNER, sep=".").unsign(token))
    except (signing.BadSignature, ValueError):
        return None
