"""Decisions about signing in and roles, without database or clock."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import PATIENT, ROLES

LONGEST_PASSWORD = 128  # characters; longer input is refused before any hashing

# Row security gives these to one role alone, so an edit could only promise what the database refuses.
BOUND = {
    Permission.MANAGE_ACCOUNTS: "administrator",
    Permission.INVITE: "administrator",
    Permission.READ_AUDIT: "privacy_officer",
    Permission.OWN_RECORD: PATIENT,
}
# Without this an administrator could lock every administrator out.
FIXED = ("administrator", Permission.MANAGE_ACCOUNTS)


class Step(StrEnum):
    """What a sign-in still waits for."""

    CODE = "code"
    ENROL = "enrol"
    ROLE = "role"
    DONE = "done"


def next_step(*, roles: Collection[str], has_device: bool, verified: bool, acting_role: str) -> Step:
    """Staff prove a second factor always; who switched it on, too; then a role is taken."""
    if not verified and has_device:
        return Step.CODE
    if not verified and any(role != PATIENT for role in roles):
        return Step.ENROL
    return Step.DONE if acting_role in roles else Step.ROLE


def edited(role: str, edits: Mapping[str, bool]) -> frozenset[Permission]:
    """The permissions of a role as delivered, administrators' edits laid over them; impossible ones are ignored."""
    delivered = ROLES[role].permissions
    added = {permission for permission in Permission if edits.get(permission.value) is True}
    taken = {permission for permission in Permission if edits.get(permission.value) is False}
    return frozenset(
        (delivered | {permission for permission in added if may_edit(role, permission, held=True)})
        - {permission for permission in taken if may_edit(role, permission, held=False)}
    )


def may_edit(role: str, permission: Permission, *, held: bool) -> bool:
    """Patients' rights are the law's, not the administrator's; what is bound to one role stays there."""
    if role == PATIENT or (role, permission) == FIXED:
        return False
    return not held or BOUND.get(permission, role) == role


def masked_address(email: str) -> str:
    """Enough of one's own address to know it by: `m…r@alderstreet.example`."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}…{name[-1:] if len(name) > 2 else ''}@{host}"
