from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from healthcare.db.privileges import ALL, Access


class StoredObject(BaseModel):
    """One object: what it is, how long, its digest, and where its ciphertext lies. It belongs to nobody by itself.

    Pages may add rows and open one by its key through `app.stored_object`, and cannot list them.
    """

    database_access = Access(web="INSERT", worker=ALL)

    class Scan(models.TextChoices):
        UNSCANNED = "unscanned", _("Not scanned")
        CLEAN = "clean", _("Clean")
        INFECTED = "infected", _("Infected")

    place = models.CharField(max_length=100, unique=True)
    name = EncryptedTextField(_("file name"))  # people put names of people into names of files
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text=_("Bytes of the content itself."))
    sha256 = models.CharField(max_length=64)
    key_id = models.CharField(_("encryption key"), max_length=40, db_index=True)
    scan = models.CharField(max_length=10, choices=Scan, default=Scan.UNSCANNED)
    scanned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("stored object")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scan="unscanned", scanned_at=None)
                | (~models.Q(scan="unscanned") & models.Q(scanned_at__isnull=False)),
                name="object_scan_says_when",
            ),
        ]
