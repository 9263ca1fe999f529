"""Colleagues come, change their role, and leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import check_can, check_can_manage
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.actions.letters import send_letter, send_link
from healthcare.accounts.actions.links import take_link
from healthcare.accounts.events import MembershipEnded, MembershipGranted, UserDeactivated
from healthcare.accounts.models import Membership, OneTimeLink, Provider, Session, Site, User
from healthcare.accounts.models.people import has_address
from healthcare.accounts.permissions import Permission
from healthcare.events import publish
from healthcare.events.parts import parts_of

INVITATION_LIFETIME = timedelta(days=7)
Purpose = OneTimeLink.Purpose


class AlreadyHere(Exception):
    """There is an account with this address, or the person holds this role at this site already."""


class NotInvited(Exception):
    """The person has accepted already, or the account is closed."""


@dataclass(frozen=True)
class ProviderData:
    """What makes a colleague somebody whom patients can book; see `models.Provider`."""

    credentials: str = ""
    specialty: str = ""
    npi: str = ""


@transaction.atomic
def invite(
    *, by: User, email: str, full_name: str, site: Site, roles: Iterable[str], provider: ProviderData | None = None
) -> User:
    """Make the account and its memberships, and mail a link by which the person takes it over within seven days.

    The administrator signs for the memberships now; until the link is followed nobody can sign in to the account.
    Whoever has a portal account keeps it, and is told of the new role. Raises NotAllowed, and AlreadyHere for a
    colleague.
    """
    check_can(by, Permission.INVITE)
    user = User.objects.filter(has_address(email)).first()
    if user is None:
        user = User(email=email.strip(), full_name=full_name)
        user.set_unusable_password()
        user.save(force_insert=True)
    elif not user.is_active or User.objects.staff().filter(pk=user.pk).exists():
        raise AlreadyHere(_("A colleague with this address is here already. Give them a role on their own page."))
    note("accounts.invite", by=by, about=user)
    for role in roles:
        _grant(by, user, site, role)
    if provider is not None:
        _make_provider(user, site, provider)
    if not user.has_usable_password():
        _send_invitation(by, user)
    return user


@transaction.atomic
def invite_again(*, by: User, user: User) -> None:
    """Send a new link; the old one is worth nothing. Raises NotAllowed, and NotInvited once it was accepted."""
    check_can(by, Permission.INVITE)
    if user.has_usable_password() or not user.is_active:
        raise NotInvited(_("There is no open invitation for this person."))
    note("accounts.invite_again", by=by, about=user)
    _send_invitation(by, user)


@transaction.atomic
def accept_invitation(*, by: None = None, token: str, full_name: str, password: str) -> User:
    """The invited person takes the account over. Raises LinkRefused."""
    user = take_link(token, Purpose.INVITATION).user
    assert user is not None  # noqa: S101  invitations are made with their account
    user.full_name, user.email_verified_at = full_name, timezone.now()
    user.set_password(password)
    user.save(update_fields=["full_name", "email_verified_at", "password", "updated_at"])
    note("accounts.accept_invitation", by=None, about=user)
    return user


@transaction.atomic
def grant_membership(*, by: User, user: User, site: Site, role: str) -> Membership:
    """Let a person work at a site in a role from now on. Raises NotAllowed and AlreadyHere."""
    check_can_manage(by, user)
    return _grant(by, user, site, role)


@transaction.atomic
def end_membership(*, by: User, membership: Membership) -> None:
    """End it now. What the role opened is closed with it, to the second; ending it twice changes nothing."""
    check_can_manage(by, membership.user)
    _end(by, Membership.objects.current().filter(pk=membership.pk))


@transaction.atomic
def deactivate_user(*, by: User, user: User) -> int:
    """Close the account: sessions and memberships end now, and what only this person was to do passes on.

    Returns how many things were passed on. Raises NotAllowed. Closing it twice changes nothing.
    """
    check_can_manage(by, user)
    now = timezone.now()
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False, deactivated_at=now, updated_at=now):
        return 0
    user.is_active, user.deactivated_at = False, now
    Session.objects.filter(user=user).delete()
    OneTimeLink.objects.filter(user=user).usable(now).update(used_at=now, updated_at=now)
    passed_on = sum(handover(by=by, user=user, now=now) for handover in parts_of("accounts.Handover"))
    _end(by, Membership.objects.current().filter(user=user))
    note("accounts.deactivate_user", by=by, about=user, detail={"passed_on": passed_on})
    publish(UserDeactivated(user_id=user.pk))
    return passed_on


@transaction.atomic
def reactivate_user(*, by: User, user: User) -> None:
    """Open the account again, without any role: memberships are granted anew. Raises NotAllowed."""
    check_can_manage(by, user)
    now = timezone.now()
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True, deactivated_at=None, updated_at=now):
        user.is_active, user.deactivated_at = True, None
        note("accounts.reactivate_user", by=by, about=user)


@transaction.atomic
def rename_user(*, by: User, user: User, full_name: str) -> None:
    """People write their own name; an administrator may write another's. Raises NotAllowed."""
    if by.pk != user.pk:
        check_can_manage(by, user)
    user.full_name = full_name
    user.save(update_fields=["full_name", "updated_at"])
    note("accounts.rename_user", by=by, about=user)


def _grant(by: User, user: User, site: Site, role: str) -> Membership:
    membership = Membership(user=user, site=site, role=role, validity=TimestamptzRange(timezone.now(), None))
    try:
        with transaction.atomic():
            membership.save(force_insert=True)
    except IntegrityError as problem:
        raise AlreadyHere(_("This person holds this role at this site already.")) from problem
    note("accounts.grant_membership", by=by, about=membership, detail={"user": user.pk, "site": site.pk, "role": role})
    publish(MembershipGranted(membership_id=membership.pk, user_id=user.pk, site_id=site.pk, role=role))
    if user.has_usable_password():
        send_letter(by=by, user=user, letter="role_granted", about=membership)
    return membership


def _end(by: User, memberships: Any) -> None:
    now = timezone.now()
    for membership in memberships.select_for_update():
        membership.validity = TimestamptzRange(membership.validity.lower, now)
        membership.ended_by = by
        membership.save(update_fields=["validity", "ended_by", "updated_at"])
        facts = {"user": membership.user_id, "site": membership.site_id, "role": membership.role}
        note("accounts.end_membership", by=by, about=membership, detail=facts)
        publish(
            MembershipEnded(
                membership_id=membership.pk,
                user_id=membership.user_id,
                site_id=membership.site_id,
                role=membership.role,
            )
        )


def _make_provider(user: User, site: Site, data: ProviderData) -> None:
    provider = Provider(
        user=user, name=user.full_name, credentials=data.credentials, specialty=data.specialty, npi=data.npi
    )
    provider.save(force_insert=True)
    provider.sites.add(site)


def _send_invitation(by: User, user: User) -> None:
    send_link(
        by=by,
        purpose=Purpose.INVITATION,
        address=user.email,
        user=user,
        now=timezone.now(),
        lifetime=INVITATION_LIFETIME,
    )
