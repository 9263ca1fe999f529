"""Register models whose field-by-field changes django-auditlog keeps, and forbid the writes it would miss."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import models

from healthcare.db.fields import EncryptedTextField

MASKED = "•••"
_patient_fields: dict[type[models.Model], str | None] = {}
_in_bulk_verb: ContextVar[bool] = ContextVar("in_bulk_verb", default=False)


class SilentWrite(Exception):
    """A write that sends no signal, and so leaves no change behind, outside a bulk verb."""


@contextmanager
def bulk_verb() -> Iterator[None]:
    """Inside, `update()` and `bulk_*` are allowed: the verb writes its own audit events (`record_many`) instead."""
    token = _in_bulk_verb.set(True)
    try:
        yield
    finally:
        _in_bulk_verb.reset(token)


class NoSilentWrites(models.QuerySet[Any]):
    """Base of the QuerySets of registered models. `save()` and `delete()` of rows are what they were."""

    def update(self, **values: Any) -> int:
        _check_bulk("update")
        return super().update(**values)

    def bulk_create(self, *args: Any, **options: Any) -> list[Any]:
        _check_bulk("bulk_create")
        return super().bulk_create(*args, **options)

    def bulk_update(self, *args: Any, **options: Any) -> int:
        _check_bulk("bulk_update")
        return super().bulk_update(*args, **options)


def register_changes(
    model: type[models.Model], *, patient_field: str | None, exclude: Iterable[str] = (), mask: Iterable[str] = ()
) -> None:
    """Keep this model's changes. `patient_field` is the attribute with the patient's id ("id" on Patient), or None.

    Encrypted fields are masked without being asked; clinical text goes into `exclude`. Raises ImproperlyConfigured when
    a manager of the model allows writes that send no signal.
    """
    from auditlog.registry import auditlog

    for manager in model._meta.managers:
        if not isinstance(manager.get_queryset(), NoSilentWrites):
            raise ImproperlyConfigured(f"{model._meta.label} keeps its changes: its QuerySet must be a NoSilentWrites.")
    encrypted = [field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)]
    _patient_fields[model] = patient_field
    auditlog.register(
        model,
        exclude_fields=["created_at", "updated_at", *exclude],
        mask_fields=[*encrypted, *mask],
        # The library's own mask leaves the second half of the text in clear.
        mask_callable="healthcare.audit.changes.mask",
    )


def patient_of(instance: models.Model) -> UUID | None:
    """Whose record this row belongs to, by the model's registration; None where it belongs to nobody's."""
    field = _patient_fields.get(type(instance))
    return getattr(instance, field) if field else None


def mask(value: str) -> str:
    """That it changed is kept; what it was is not."""
    return "" if value in {"", "None"} else MASKED


def _check_bulk(method: str) -> None:
    if not _in_bulk_verb.get():
        raise SilentWrite(
            f"{method}() leaves no change behind: save each row, or write a bulk verb within bulk_verb()."
        )
