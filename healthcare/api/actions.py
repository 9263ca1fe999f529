"""What people do about programs and their tokens; what programs do themselves is in `oauth.server`."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can_take, check_can, has_record, roles_of
from healthcare.accounts.models import Membership, User
from healthcare.accounts.models.people import has_address
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import PATIENT
from healthcare.api.models import Application, revoke_tokens_of
from healthcare.api.tokens import SCOPES, TokenClaims, mint
from healthcare.audit import record

LONGEST = timedelta(hours=24)  # of a token that an operator makes
APPLICATION_FIELDS = ("name", "authorization_grant_type", "client_type", "redirect_uris", "scopes", "user", "role")


class NotIssued(Exception):
    """No token for this person, role, scope or time. The message is a sentence for the operator."""


# == Programs ==
@transaction.atomic
def register_application(*, by: User | None, values: Mapping[str, Any]) -> tuple[Application, str]:
    """Let a program ask for tokens. Returns it and, for a confidential one, its secret: only a hash of it is kept.

    `by` is None for the system alone. Raises NotAllowed, also when the service user does not hold the role.
    """
    application = Application(**values)
    _check(by, application)
    secret = application.client_secret = secrets.token_urlsafe(48)
    application.save(force_insert=True)
    record("api.register_application", by=by, target=application, detail={"scopes": application.scopes})
    return application, secret if application.client_type == Application.CLIENT_CONFIDENTIAL else ""


@transaction.atomic
def change_application(*, by: User, application: Application, values: Mapping[str, Any]) -> None:
    """Give it another name, other addresses, scopes or another service user; what it holds follows at its renewal."""
    for name, value in values.items():
        setattr(application, name, value)
    _check(by, application)
    application.save(update_fields=[*values, "updated_at"])
    record("api.change_application", by=by, target=application, detail={"changed": sorted(values)})


@transaction.atomic
def renew_secret(*, by: User, application: Application) -> str:
    """A new secret; the old one is worth nothing from now on. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    secret = application.client_secret = secrets.token_urlsafe(48)
    application.save(update_fields=["client_secret", "updated_at"])
    record("api.renew_secret", by=by, target=application)
    return secret


@transaction.atomic
def close_application(*, by: User, application: Application) -> None:
    """End it: every token it was given opens nothing from the next request on. Closing it twice changes nothing."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    now = timezone.now()
    if Application.objects.filter(pk=application.pk, closed_at=None).update(closed_at=now, updated_at=now):
        record("api.close_application", by=by, target=application)


def _check(by: User | None, application: Application) -> None:
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    if application.user is not None and not can_take(application.user, application.role):
        raise NotAllowed(_("The service user does not hold this role. Give it to them first."))


# == Tokens ==
@transaction.atomic
def issue_token(
    *, by: None = None, email: str, scopes: str, role: str = "", lifetime: timedelta, signed_in: bool = False
) -> tuple[str, TokenClaims]:
    """A token for a person's account, made by an operator as the system. `signed_in`: as if they had just signed in.

    Raises NotIssued.
    """
    user = User.objects.filter(has_address(email), is_active=True).first()
    if user is None:
        raise NotIssued(_("There is no active account with this address."))
    wanted, now = frozenset(scopes.split()), timezone.now()
    if not wanted or not wanted <= set(SCOPES):
        raise NotIssued(_("The scopes are some of these: %(all)s.") % {"all": " ".join(SCOPES)})
    if not timedelta() < lifetime <= LONGEST:
        raise NotIssued(_("A token lasts from 1 minute to 24 hours."))
    token, claims = mint(
        user=user,
        role=_role_for(user, role),
        scopes=wanted,
        lifetime=lifetime,
        now=now,
        signed_in_at=now if signed_in else None,
    )
    detail = {"token": claims.token_id, "role": claims.role, "scopes": sorted(wanted), "signed_in": signed_in}
    record("api.issue_token", by=None, target=user, detail=detail)
    return token, claims


def _role_for(user: User, role: str) -> str:
    held = roles_of(user)
    if held == [PATIENT] and not has_record(user):
        raise NotIssued(_("This person holds no role here, and has no record."))
    if role and role not in held:
        raise NotIssued(_("This person does not hold the role %(role)s.") % {"role": role})
    if not role and len(held) > 1:
        raise NotIssued(_("Say as what with --role: this person holds %(roles)s.") % {"roles": ", ".join(held)})
    return role or held[0]


@transaction.atomic
def revoke_tokens(*, by: User | None, user_id: UUID, role: str = "") -> int:
    """End what a person let act for them, all of it or one role's, unless that role is held elsewhere still."""
    user = User.objects.get(pk=user_id)
    if role and Membership.objects.current().filter(user=user, role=role).exists():
        return 0
    count = revoke_tokens_of(user, now=timezone.now(), **({"role": role} if role else {}))
    if count:
        record("api.revoke_tokens", by=by, target=user, detail={"count": count, "role": role})
    return count


@transaction.atomic
def end_program(*, by: User, application: Application) -> int:
    """What oneself let this program do ends now, in every role. Returns how many tokens and renewals there were."""
    count = revoke_tokens_of(by, now=timezone.now(), application=application)
    record("api.end_program", by=by, target=application, detail={"count": count})
    return count
