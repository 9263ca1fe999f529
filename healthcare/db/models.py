import uuid
from collections.abc import Collection
from functools import cache
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.base import ModelState
from django.utils.encoding import force_str

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

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        # A row that comes whole needs no defaults, no signals and no descriptors: a page reads hundreds.
        if len(values) != len(cls._meta.concrete_fields):
            return super().from_db(db, field_names, values, **options)
        one = cls.__new__(cls)
        one._state = ModelState()
        one._state.adding, one._state.db = False, db
        one.__dict__.update(zip(field_names, values, strict=True))
        return one

    def _get_FIELD_display(self, field: "models.Field[Any, Any]") -> str:
        # Django's own translates and hashes every label of the field each time one is asked for.
        value = getattr(self, field.attname)
        return force_str(labels_of(field).get(value, value), strings_only=True)


@cache
def labels_of(field: "models.Field[Any, Any]") -> dict[Any, Any]:
    return dict(field.flatchoices)


def short_id(key: uuid.UUID) -> str:
    """The last eight hex digits: random ones, enough to tell rows apart in a sentence."""
    return str(key)[-8:]
