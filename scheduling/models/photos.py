from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access

REPLACED = "SELECT, INSERT, UPDATE (content, added_by_id, updated_at), DELETE"


class ProviderPhoto(BaseModel):
    """What a provider looks like, for patients who choose: a small square that we drew from what was sent.

    Some twenty kilobytes, so it lies in the row. FHIR's Practitioner.photo.
    """

    database_access: ClassVar[Access] = Access(web=REPLACED, worker=REPLACED)

    provider = models.OneToOneField(
        Provider, on_delete=models.PROTECT, related_name="photo", verbose_name=_("provider")
    )
    content = models.BinaryField(help_text=_("A JPEG of 320 by 320 pixels."))
    added_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
