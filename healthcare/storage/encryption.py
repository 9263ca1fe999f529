"""Objects at rest: AES-256-GCM (NIST SP 800-38D) with the field keys.

`HCO1`, the length of the key id, the key id, a 96-bit random nonce, then ciphertext and tag. The object's id and its
digest are authenticated with it, so that one object's ciphertext in another's place does not decrypt.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

MAGIC = b"HCO1"
NONCE_BYTES = 12


class DamagedObject(Exception):
    """The object does not decrypt: altered, cut, in another's place, or its key is lost."""


def encrypt(content: bytes, binding: str) -> tuple[str, bytes]:
    """The id of the key, and the ciphertext with its header."""
    key_id: str = settings.FIELD_KEYS["current"]
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(settings.FIELD_KEYS["keys"][key_id]).encrypt(nonce, content, binding.encode())
    return key_id, MAGIC + bytes([len(key_id)]) + key_id.encode() + nonce + sealed


def decrypt(stored: bytes, binding: str) -> bytes:
    """Raises DamagedObject."""
    start = len(MAGIC) + 1
    if not stored.startswith(MAGIC) or len(stored) < start:
        raise DamagedObject("It is not an encrypted object.")
    body = start + stored[len(MAGIC)]
    key = settings.FIELD_KEYS["keys"].get(stored[start:body].decode("ascii", "replace"))
    if key is None:
        raise DamagedObject("Its key is not in the key file.")
    nonce, sealed = stored[body : body + NONCE_BYTES], stored[body + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, binding.encode())
    except (InvalidTag, ValueError) as problem:
        raise DamagedObject("It was altered, or is not the object of this row.") from problem
