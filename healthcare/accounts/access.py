"""May this person, in the role they act in, ever do this? On which patients is asked in `patients.access`."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from healthcare.accounts.permissions import DESCRIPTIONS, Permission, Scope
from healthcare.accounts.roles import ROLES


class NotAllowed(PermissionDenied):
    """The role does not hold the permission. The message is a sentence for the person who asked."""


def check_can(user: Any, permission: Permission) -> None:
    """Raises NotAllowed. Anonymous, inactive and unknown roles hold nothing."""
    if permission not in permissions_of(user):
        raise NotAllowed(
            _("Your role does not include this: %(what)s.") % {"what": str(DESCRIPTIONS[permission]).lower()}
        )


def can(user: Any, permission: Permission) -> bool:
    return permission in permissions_of(user)


def permissions_of(user: Any) -> frozenset[Permission]:
    """What the acting role holds; being a superuser adds nothing."""
    role = ROLES.get(getattr(user, "acting_role", None) or "")
    if role is None or not getattr(user, "is_active", False):
        return frozenset()
    return role.permissions


def scopes_of(role: str) -> frozenset[Scope]:
    """The most a grant in this role can open on a patient; empty for a role that does not exist."""
    return ROLES[role].scopes if role in ROLES else frozenset()
