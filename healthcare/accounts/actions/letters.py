"""Mails of this app. Each goes to an address we keep, never to one as typed, and holds no secret until it is sent."""

from datetime import datetime, timedelta

from django.db import models

from healthcare.accounts.actions.auditing import signer
from healthcare.accounts.models import FailureCount, OneTimeLink, User
from healthcare.messaging.actions import queue_message


def send_link(
    *,
    by: User | None,
    purpose: str,
    address: str,
    user: User | None,
    now: datetime,
    lifetime: timedelta,
    to: str = "",
) -> OneTimeLink:
    """Queue a mail whose link works once; links of the same purpose that this account still had are worth nothing.

    `address` is what the link is about; the mail goes there, or to the address `to`.
    """
    if user is not None:
        OneTimeLink.objects.filter(user=user, purpose=purpose).usable(now).update(used_at=now, updated_at=now)
    link = OneTimeLink(purpose=purpose, user=user, address=address, expires_at=now + lifetime)
    link.save(force_insert=True)
    _queue(
        by,
        to or address,
        purpose,
        link,
        {"name": user.full_name if user else "", "link": str(link.pk)},
        link.expires_at,
    )
    return link


def send_nothing(purpose: str, now: datetime) -> None:
    """As many statements as `send_link`, so that the time of the answer does not say whether there is an account."""
    OneTimeLink.objects.filter(user=None, purpose=purpose, address="-").usable(now).update(used_at=now)
    OneTimeLink(purpose=purpose, address="", expires_at=now, used_at=now).save(force_insert=True)
    FailureCount.add("no_letter", purpose, now, timedelta(hours=1))


def send_letter(*, by: User | None, user: User, letter: str, about: models.Model, address: str = "") -> None:
    """Tell somebody what happened to their account. At most one for each row it is about."""
    _queue(by, address or user.email, letter, about, {"name": user.full_name})


def _queue(
    by: User | None,
    address: str,
    letter: str,
    about: models.Model,
    parameters: dict[str, str],
    expires_at: datetime | None = None,
) -> None:
    queue_message(
        by=signer(by),
        channel="email",
        address=address,
        template=f"accounts/{letter}",
        parameters=parameters,
        dedupe_key=f"accounts.{letter}:{about.pk}",
        urgent=expires_at is not None,  # somebody waits for the link
        expires_at=expires_at,
    )
