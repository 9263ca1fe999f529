"""A text field that is ciphertext in the database."""

import base64
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

VERSION = "v1"


class UnreadableValue(Exception):
    """The stored text does not decrypt: a wrong or lost key, or a value moved from another row or column."""


class EncryptedTextField(models.TextField):
    """AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: `v1.key id.nonce.ciphertext`, in URL-safe base64.

    The table, the column and the row's key are authenticated with it, so that a value copied elsewhere does not
    decrypt. It is decrypted at the first look, not at load. The row's key must be known before it is saved (UUID keys
    are). Cannot be searched or sorted, and text that itself has the form of ciphertext is refused.
    """

    description = "Encrypted text"

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, _Decrypted(self))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        return None if value is None else encrypt(value, self.binding(model_instance))

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """`update()` and `bulk_update()` know no row to bind to, and would store clear text: they raise TypeError."""
        if isinstance(value, str) and not is_encrypted(value):
            raise TypeError(f"{self.name} is encrypted with its row's key: save the row, update() cannot.")
        return super().get_db_prep_save(value, connection)

    def get_lookup(self, lookup_name: str) -> Any:
        """Each value has a nonce of its own, so no comparison would ever find one."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def binding(self, instance: models.Model) -> str:
        return f"{instance._meta.db_table}.{self.column}.{instance.pk}"


class _Decrypted:
    """Keeps what the database gave as it is, and decrypts at the first look."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        value = instance.__dict__[self.field.attname]
        return decrypt(value, self.field.binding(instance)) if is_encrypted(value) else value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


def is_encrypted(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(f"{VERSION}.") and value.count(".") == 3


def encrypt(text: str, binding: str) -> str:
    key_id = settings.FIELD_KEYS["current"]
    nonce = os.urandom(12)
    sealed = AESGCM(settings.FIELD_KEYS["keys"][key_id]).encrypt(nonce, text.encode(), binding.encode())
    return f"{VERSION}.{key_id}.{_encode(nonce)}.{_encode(sealed)}"


def decrypt(stored: str, binding: str) -> str:
    """Raises UnreadableValue; never returns ciphertext as if it were the text."""
    _, key_id, nonce, sealed = stored.split(".")
    key = settings.FIELD_KEYS["keys"].get(key_id)
    if key is None:
        raise UnreadableValue(f"The field key {key_id} is not in the key file.")
    try:
        return AESGCM(key).decrypt(_decode(nonce), _decode(sealed), binding.encode()).decode()
    except InvalidTag as problem:
        raise UnreadableValue("The value does not belong to this row and column, or was altered.") from problem


def key_id_of(stored: str) -> str:
    """Which key a stored value was encrypted with; `rotate_keys` looks for those that are not current."""
    return stored.split(".")[1]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
