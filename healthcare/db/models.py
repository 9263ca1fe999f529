import uuid
from typing import ClassVar

from django.db import models

from healthcare.db.privileges import Access
from healthcare.db.uuids import uuid7


class BaseModel(models.Model):
    """A row with a UUIDv7 key made in Python.

    No field of a protected table may have `db_default`: it makes Django ask for RETURNING, which row security
    refuses to whoever may add a row but not read it.
    """

    database_access: ClassVar[Access] = Access()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        # Django's admin log and error reports keep this text: a kind and a short id, never a name.
        return f"{self._meta.verbose_name} {short_id(self.pk)}"


def short_id(key: uuid.UUID) -> str:
    """The last eight hex digits: random ones, enough to tell rows apart in a sentence."""
    return str(key)[-8:]
