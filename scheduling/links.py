"""The links in a mail that confirm a visit or call it off: the visit and the count of its times, signed.

No row and no secret is kept for it. A visit that was moved has another count, so the link of its old time leads to
nothing that can be pressed. It is signed when the mail is drawn, and stands nowhere before.
"""

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT = "scheduling.visit"


def visit_token(visit_id: UUID, sequence: int) -> str:
    return _signer().sign(f"{visit_id.hex}-{sequence}")


def read_visit_token(token: str) -> tuple[UUID, int] | None:
    """The visit's key and the count, or None where the signature is not ours (compared in constant time)."""
    try:
        key, _dash, count = _signer().unsign(token).partition("-")
        return UUID(key), int(count)
    except (signing.BadSignature, ValueError):
        return None


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT, sep=".")


def cancel_address(visit_id: UUID, sequence: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse('scheduling:cancel_by_link', args=[visit_token(visit_id, sequence)])}"


def confirm_address(visit_id: UUID, sequence: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse('scheduling:confirm_by_link', args=[visit_token(visit_id, sequence)])}"
