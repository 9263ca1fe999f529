"""May this person, in the role they act in, ever do this? On which patients is asked in `patients.access`."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from healthcare.accounts.models import Membership, RoleEdit, SecondFactorReset, Session, User
from healthcare.accounts.permissions import DESCRIPTIONS, Permission, Scope
from healthcare.accounts.roles import PATIENT, ROLES
from healthcare.accounts.rules import edited
from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of


class NotAllowed(PermissionDenied):
    """The role does not hold the permission. The message is a sentence for the person who asked."""


def check_can(user: Any, permission: Permission) -> None:
    """Raises NotAllowed. Anonymous, inactive and unknown roles hold nothing."""
    if permission not in permissions_of(user):
        what = str(DESCRIPTIONS[permission])
        raise NotAllowed(_("Your role does not include this: %(what)s.") % {"what": what[:1].lower() + what[1:]})


def can(user: Any, permission: Permission) -> bool:
    return permission in permissions_of(user)


def permissions_of(user: Any) -> frozenset[Permission]:
    """What the acting role holds, as delivered and edited; being a superuser adds nothing.

    The edits come with the session; for a user from elsewhere they are asked for once.
    """
    role = getattr(user, "acting_role", None) or ""
    if role not in ROLES or not user.is_active:
        return frozenset()
    if user.role_edits is None:
        user.role_edits = edits_of(role)
    return edited(role, user.role_edits)


def edits_of(role: str) -> dict[str, bool]:
    """What administrators changed in this role: permission → held."""
    return dict(RoleEdit.objects.filter(role=role).values_list("permission", "held"))


def scopes_of(role: str) -> frozenset[Scope]:
    """The most a grant in this role can open on a patient; empty for a role that does not exist."""
    return ROLES[role].scopes if role in ROLES else frozenset()


def passes(check: Callable[..., object], *arguments: object) -> bool:
    """Whether a `check_can_x` lets this pass: the answer of every `can_x`."""
    try:
        check(*arguments)
    except PermissionDenied:
        return False
    return True


def may_sign_in_without_code() -> bool:
    """Whether patients may; who works here never does."""
    return Permission.SIGN_IN_WITHOUT_CODE in edited(PATIENT, edits_of(PATIENT))


# == Which roles are open to a person ==
def roles_of(user: User) -> list[str]:
    """The roles this person can act in now, in the order of `ROLES`.

    Staff roles come from memberships; `patient` from a record of one's own or of somebody one acts for, which an app to
    the right knows. Whoever holds no staff role is a patient, perhaps one without a record yet.
    """
    held = set(Membership.objects.current().filter(user=user).values_list("role", flat=True))
    if not held or has_record(user):
        held.add(PATIENT)
    return [role for role in ROLES if role in held]


def has_record(user: User) -> bool:
    with acting_as(user, PATIENT):
        return any(portal.has_record(user) for portal in parts_of("accounts.PortalAccount"))


def check_can_take(user: User, role: str) -> None:
    """Raises NotAllowed for a role that this person does not hold now."""
    if role not in roles_of(user):
        raise NotAllowed(_("You do not hold this role."))


def can_take(user: User, role: str) -> bool:
    return passes(check_can_take, user, role)


# == Other people's accounts ==
def check_can_manage(by: User, user: User) -> None:
    """Raises NotAllowed. Nobody manages their own account: somebody else has to sign for it."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if by.pk == user.pk:
        raise NotAllowed(_("You cannot do this to your own account. Ask another administrator."))


def can_manage(by: User, user: User) -> bool:
    return passes(check_can_manage, by, user)


def check_can_approve_reset(by: User, reset: SecondFactorReset) -> None:
    """Raises NotAllowed. Two people: who asked cannot agree, and nobody agrees to their own."""
    check_can_manage(by, reset.user)
    if by.pk == reset.requested_by_id:
        raise NotAllowed(_("A second administrator has to agree. You asked for this one."))


def can_approve_reset(by: User, reset: SecondFactorReset) -> bool:
    return passes(check_can_approve_reset, by, reset)


def check_can_end_session(by: User, session: Session) -> None:
    """Raises NotAllowed for somebody else's session; administrators end those by deactivating the account."""
    if session.user_id != by.pk:
        raise NotAllowed(_("This is not a session of yours."))
