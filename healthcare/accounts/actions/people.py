"""Colleagues come, change their role, and leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed, check_can, check_can_manage
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.actions.letters import send_letter, send_link
from healthcare.accounts.actions.links import take_link
from healthcare.accounts.events import MembershipEnded, MembershipGranted, UserDeactivated
from healthcare.accounts.leaving import get_held, roles_held
from healthcare.accounts.models import Cover, Membership, OneTimeLink, Provider, Session, Site, User
from healthcare.accounts.models.people import has_address
from healthcare.accounts.permissions import Permission
from healthcare.events import publish

INVITATION_LIFETIME = timedelta(days=7)
HANDED_OVER = timedelta(days=90)  # then what is left waits for the team
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
def invite_to_portal(*, by: User, email: str, full_name: str) -> User:
    """The account at this address; where there is none, make one without a role, and mail a link to take it over.

    Raises NotAllowed, and AlreadyHere for an account that is closed.
    """
    check_can(by, Permission.INVITE_TO_PORTAL)
    user = User.objects.filter(has_address(email)).first()
    if user is None:
        user = User(email=email.strip(), full_name=full_name)
        user.set_unusable_password()
        user.save(force_insert=True)
        note("accounts.invite", by=by, about=user)
    elif not user.is_active:
        raise AlreadyHere(_("The account at this address is closed. An administrator can open it again."))
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
def grant_membership(*, by: User, user: User, site: Site, role: str, last_day: date | None = None) -> Membership:
    """Let a person work at a site in a role from now on, to the end of its last day where one is named.

    It ends by itself then, as what it opened does. Raises NotAllowed and AlreadyHere.
    """
    check_can_manage(by, user)
    return _grant(by, user, site, role, last_day)


@transaction.atomic
def end_membership(*, by: User, membership: Membership) -> None:
    """End it now. What the role opened is closed with it, to the second; ending it twice changes nothing."""
    check_can_manage(by, membership.user)
    _check_administrators_stay(Membership.objects.filter(pk=membership.pk))
    _end(by, Membership.objects.current().filter(pk=membership.pk))


@transaction.atomic
def deactivate_user(*, by: User, user: User, to: User | None = None) -> int:
    """Close the account: sessions, links, tokens and memberships end now, and nobody books them any more.

    `to` stands in for them from now on, in each role that both hold: so it reaches whom they reached, and the apps'
    lists show it what they were to do. Without it, that waits for the team. Returns how many things they leave.
    Raises NotAllowed, also for somebody who shares no role. Closing it twice changes nothing.
    """
    check_can_manage(by, user)
    _check_administrators_stay(Membership.objects.filter(user=user))
    now = timezone.now()
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False, deactivated_at=now, updated_at=now):
        return 0
    user.is_active, user.deactivated_at = False, now
    Session.objects.filter(user=user).delete()
    OneTimeLink.objects.filter(user=user).usable(now).update(used_at=now, updated_at=now)
    Provider.objects.filter(user=user, ended_at=None).update(ended_at=now, updated_at=now)
    left = sum(count for _words, count in get_held(user, now))
    if to is not None:
        _hand_over(by, user, to, now)
    _end(by, Membership.objects.current().filter(user=user))
    detail = {"left": left, "to": to.pk if to else None}
    note("accounts.deactivate_user", by=by, about=user, detail=detail)
    publish(UserDeactivated(user_id=user.pk))
    return left


@transaction.atomic
def reactivate_user(*, by: User, user: User) -> None:
    """Open the account again, without any role: memberships are granted anew. Who stood in stands in no more.

    Raises NotAllowed.
    """
    check_can_manage(by, user)
    now = timezone.now()
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True, deactivated_at=None, updated_at=now):
        closed_at, user.is_active, user.deactivated_at = user.deactivated_at, True, None
        Provider.objects.filter(user=user, ended_at=closed_at).update(ended_at=None, updated_at=now)
        for cover in Cover.objects.current().filter(absent=user).select_for_update(of=("self",)).order_by("pk"):
            cover.validity, cover.ended_at, cover.ended_by = TimestamptzRange(cover.validity.lower, now), now, by
            cover.save(update_fields=["validity", "ended_at", "ended_by", "updated_at"])
        note("accounts.reactivate_user", by=by, about=user)


@transaction.atomic
def rename_user(*, by: User, user: User, full_name: str) -> None:
    """People write their own name; an administrator may write another's. Raises NotAllowed."""
    if by.pk != user.pk:
        check_can_manage(by, user)
    user.full_name = full_name
    user.save(update_fields=["full_name", "updated_at"])
    note("accounts.rename_user", by=by, about=user)


def _grant(by: User, user: User, site: Site, role: str, last_day: date | None = None) -> Membership:
    zone = ZoneInfo(site.time_zone)
    over = datetime.combine(last_day + timedelta(days=1), time(), zone) if last_day else None
    membership = Membership(user=user, site=site, role=role, validity=TimestamptzRange(timezone.now(), over))
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


def _check_administrators_stay(ending: Any) -> None:
    """Two administrators who end each other at once take turns here, and the second is refused.

    Raises NotAllowed when nobody would be left to undo anything.
    """
    held = Membership.objects.current().filter(role="administrator").select_for_update(of=("self",)).order_by("pk")
    leaving = set(ending.values_list("pk", flat=True))
    staying = [row.user_id for row in held if row.pk not in leaving and row.validity.upper is None]
    if not User.objects.filter(pk__in=staying, is_active=True).exists():
        raise NotAllowed(_("Nobody would be left to run accounts. Make somebody else an administrator first."))


def _hand_over(by: User, user: User, to: User, now: datetime) -> None:
    shared = sorted(roles_held(user) & roles_held(to)) if to.is_active and to.pk != user.pk else []
    if not shared:
        raise NotAllowed(_("Only somebody who works in the same role can stand in."))
    for role in shared:
        cover = Cover(absent=user, cover=to, role=role, granted_by=by, reason=_("The account was closed"))
        cover.validity = TimestamptzRange(now, now + HANDED_OVER)
        cover.save(force_insert=True)
        note("accounts.hand_over", by=by, about=user, detail={"to": to.pk, "role": role})
    if to.has_usable_password():
        send_letter(by=by, user=to, letter="handed_over", about=cover)


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
