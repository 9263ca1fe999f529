"""Choosing a password, knowing the old one or by a link in a mail."""

from datetime import timedelta

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from healthcare.accounts.actions.auditing import note
from healthcare.accounts.actions.letters import send_letter, send_link, send_nothing
from healthcare.accounts.actions.links import LinkRefused, may_send, take_link
from healthcare.accounts.actions.signing_in import check_password
from healthcare.accounts.events import CredentialsChanged
from healthcare.accounts.models import OneTimeLink, Session, User
from healthcare.accounts.models.people import has_address
from healthcare.events import publish

RESET_LIFETIME = timedelta(hours=1)


def change_password(*, by: User, request: HttpRequest, current: str, new: str) -> None:
    """Choose another password; every other session and every token ends, and this one goes on under a new key.

    Raises WrongAnswer and TooManyAttempts. The form has checked that the new one is good enough.
    """
    check_password(by, current)
    with transaction.atomic():
        by.set_password(new)
        by.save(update_fields=["password", "updated_at"])
        update_session_auth_hash(request, by)
        row = request.session.row  # type: ignore[attr-defined]
        Session.objects.filter(user=by).exclude(pk=row.pk).delete()
        note("accounts.change_password", by=by, about=by)
        publish(CredentialsChanged(user_id=by.pk))
        send_letter(by=by, user=by, letter="password_changed", about=row)


@transaction.atomic
def request_password_reset(*, by: None = None, email: str, network: str) -> None:
    """Send a link if there is such an account; the caller answers the same in any case.

    Raises TooManyAttempts when too many were asked for from one network address.
    """
    now = timezone.now()
    allowed = may_send("reset_letter", email, network, now)
    user = User.objects.filter(has_address(email), is_active=True).first()
    note("accounts.request_password_reset", by=None, about=user)
    purpose = OneTimeLink.Purpose.RESET_PASSWORD
    if user is not None and user.has_usable_password() and allowed:
        send_link(by=None, purpose=purpose, address=user.email, user=user, now=now, lifetime=RESET_LIFETIME)
    else:
        send_nothing(purpose, now)


@transaction.atomic
def reset_password(*, by: None = None, token: str, new: str) -> User:
    """Choose a password by the link in the mail. Sessions and tokens end; the second factor is asked for as always.

    Raises LinkRefused.
    """
    now = timezone.now()
    link = take_link(token, OneTimeLink.Purpose.RESET_PASSWORD)
    user = link.user
    if user is None or user.email != link.address:
        raise LinkRefused
    user.set_password(new)
    user.email_verified_at = user.email_verified_at or now
    user.save(update_fields=["password", "email_verified_at", "updated_at"])
    Session.objects.filter(user=user).delete()
    note("accounts.reset_password", by=None, about=user)
    publish(CredentialsChanged(user_id=user.pk))
    send_letter(by=None, user=user, letter="password_changed", about=link)
    return user
