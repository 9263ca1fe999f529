"""Proving that an e-mail address is one's own: opening an account, and moving it to another address."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.actions.auditing import note
from healthcare.accounts.actions.letters import send_letter, send_link, send_nothing
from healthcare.accounts.actions.links import LinkRefused, may_send, take_link
from healthcare.accounts.models import OneTimeLink, User
from healthcare.accounts.models.people import has_address

OPEN_LIFETIME = timedelta(days=1)
MOVE_LIFETIME = timedelta(hours=24)
Purpose = OneTimeLink.Purpose


class AddressTaken(Exception):
    """Another account has this address."""


@transaction.atomic
def request_account(*, by: None = None, email: str, network: str) -> None:
    """Send a link that opens a portal account, or, where there is one already, a mail that says so.

    The caller answers the same in any case. Raises TooManyAttempts for one network address.
    """
    now = timezone.now()
    allowed = may_send("open_letter", email, network, now)
    user = User.objects.filter(has_address(email)).first()
    note("accounts.request_account", by=None, about=user)
    if not allowed:
        send_nothing(Purpose.OPEN_ACCOUNT, now)
    elif user is None:
        send_link(
            by=None, purpose=Purpose.OPEN_ACCOUNT, address=email.strip(), user=None, now=now, lifetime=OPEN_LIFETIME
        )
    else:
        row = OneTimeLink(purpose=Purpose.OPEN_ACCOUNT, user=user, address=user.email, expires_at=now, used_at=now)
        row.save(force_insert=True)
        send_letter(by=None, user=user, letter="account_exists", about=row)


@transaction.atomic
def open_account(*, by: None = None, token: str, full_name: str, password: str) -> User:
    """Make the account whose address the link has proven. It opens no record yet: a code from the clinic does.

    Raises LinkRefused, also when the address got an account meanwhile.
    """
    link = take_link(token, Purpose.OPEN_ACCOUNT)
    user = User(email=link.address, full_name=full_name, email_verified_at=timezone.now())
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as problem:
        raise LinkRefused from problem
    note("accounts.open_account", by=None, about=user)
    return user


@transaction.atomic
def request_address_change(*, by: User, email: str) -> None:
    """Ask the old address first: whoever took over a session cannot move the account away unseen.

    Says nothing about whether the new address has an account; that shows when its owner confirms.
    """
    now = timezone.now()
    OneTimeLink.objects.filter(user=by, purpose=Purpose.CONFIRM_ADDRESS).usable(now).update(used_at=now, updated_at=now)
    purpose, new = Purpose.LEAVE_ADDRESS, email.strip()
    send_link(by=by, purpose=purpose, address=new, user=by, now=now, lifetime=MOVE_LIFETIME, to=by.email)
    note("accounts.request_address_change", by=by, about=by)


@transaction.atomic
def agree_to_leave(*, by: None = None, token: str) -> None:
    """The old address agrees; now the new one is asked. Raises LinkRefused."""
    link = take_link(token, Purpose.LEAVE_ADDRESS)
    note("accounts.agree_to_leave_address", by=None, about=link.user)
    send_link(
        by=None,
        purpose=Purpose.CONFIRM_ADDRESS,
        address=link.address,
        user=link.user,
        now=timezone.now(),
        lifetime=MOVE_LIFETIME,
    )


@transaction.atomic
def verify_email(*, by: None = None, token: str) -> User:
    """The new address is its owner's: from now on it signs in, and the old one is told.

    Raises LinkRefused and AddressTaken.
    """
    now = timezone.now()
    link = take_link(token, Purpose.CONFIRM_ADDRESS)
    user = link.user
    if user is None:
        raise LinkRefused
    old, user.email, user.email_verified_at = user.email, link.address, now
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "email_verified_at", "updated_at"])
    except IntegrityError as problem:
        raise AddressTaken(_("Another account has this address.")) from problem
    OneTimeLink.objects.filter(user=user).usable(now).update(used_at=now, updated_at=now)
    note("accounts.verify_email", by=None, about=user)
    send_letter(by=None, user=user, letter="address_changed", about=link, address=old)
    return user
