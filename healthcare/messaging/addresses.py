"""Is this an address that the channel can reach, and nothing more than an address?"""

import hmac
import json
import re
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from healthcare.messaging.rules import is_header_safe

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # ITU-T E.164: at most 15 digits


class AddressRefused(ValueError):
    """The message is a sentence for whoever typed the address."""


def check_address(channel: str, address: str) -> None:
    """Raises AddressRefused, and KeyError for an unknown channel."""
    CHECKS[channel](address)


def address_key(channel: str, address: str) -> str:
    """The same for the same address, and telling nobody which: addresses are ciphertext, and cannot be compared.

    With another SECRET_KEY of ours it is another; stops are then learnt again from the carrier, which keeps its own.
    """
    key = hmac.new(settings.SECRET_KEY.encode(), b"address of a message", sha256).digest()
    return hmac.new(key, f"{channel}:{address.strip().casefold()}".encode(), sha256).hexdigest()


def _check_email(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError as problem:
        raise AddressRefused(_("This is not an e-mail address.")) from problem
    if not is_header_safe(address) or not address.isascii():
        raise AddressRefused(_("This is not an e-mail address that every mail server takes."))


def _check_number(address: str) -> None:
    if not E164.fullmatch(address):
        raise AddressRefused(_("A mobile number starts with + and the country code, and has only digits after it."))


def _check_subscription(address: str) -> None:
    """A browser's push subscription as JSON: an endpoint and its two keys (RFC 8291)."""
    try:
        subscription = json.loads(address)
        keys = {subscription["keys"]["p256dh"], subscription["keys"]["auth"]}
        good = urlsplit(subscription["endpoint"]).scheme in {"https", "http"} and all(isinstance(k, str) for k in keys)
    except (ValueError, KeyError, TypeError) as problem:
        raise AddressRefused(_("This is not a push subscription.")) from problem
    if not good:
        raise AddressRefused(_("This is not a push subscription."))


CHECKS: dict[str, Callable[[str], None]] = {
    "email": _check_email,
    "sms": _check_number,
    "push": _check_subscription,
}
