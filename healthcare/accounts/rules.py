"""Decisions about signing in and roles, without database or clock."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import PATIENT, ROLES

LONGEST_PASSWORD = 128  # characters; longer input is refused before any hashing

# Row security gives these to one role alone, so an edit could only promise what the database refuses.
BOUND = {
    Permission.MANAGE_ACCOUNTS: "administrator",
    Permission.INVITE: "administrator",
    Permission.READ_AUDIT: "privacy_officer",
    Permission.REVIEW_ACCESS: "privacy_officer",
    Permission.OWN_RECORD: PATIENT,
    Permission.SIGN_IN_WITHOUT_CODE: PATIENT,
}
# Without this an administrator could lock every administrator out.
FIXED = ("administrator", Permission.MANAGE_ACCOUNTS)
# What a permission works on, by the app it belongs to; one that is not named here works on patients, too.
WORKS_ON = {
    "accounts": None,
    "audit": None,
    "analytics": None,
    "scheduling": Scope.SCHEDULE,
    "records": Scope.CLINICAL,
    "prescriptions": Scope.MEDICATION,
    "billing": Scope.BILLING,
}


class Step(StrEnum):
    """What a sign-in still waits for."""

    CODE = "code"
    ENROL = "enrol"
    ROLE = "role"
    DONE = "done"


def next_step(
    *, roles: Collection[str], has_device: bool, verified: bool, acting_role: str, without_code: bool = True
) -> Step:
    """Staff prove a second factor always; who switched it on, too; then a role is taken.

    `without_code`: patients may do without, as administrators left or made it.
    """
    if not verified and has_device:
        return Step.CODE
    if not verified and (not without_code or any(role != PATIENT for role in roles)):
        return Step.ENROL
    return Step.DONE if acting_role in roles else Step.ROLE


def edited(role: str, edits: Mapping[str, bool]) -> frozenset[Permission]:
    """The permissions of a role as delivered, administrators' edits laid over them; impossible ones are ignored."""
    delivered = ROLES[role].permissions
    if not edits:
        return delivered
    added = {permission for permission in Permission if edits.get(permission.value) is True}
    taken = {permission for permission in Permission if edits.get(permission.value) is False}
    return frozenset(
        (delivered | {permission for permission in added if may_edit(role, permission, held=True)})
        - {permission for permission in taken if may_edit(role, permission, held=False)}
    )


class Fixed(StrEnum):
    """Why a permission of a role cannot be edited."""

    PATIENT = "patient"
    STAFF = "staff"
    LOCKED_OUT = "locked_out"
    BOUND = "bound"
    NO_CHART = "no_chart"
    OUT_OF_SCOPE = "out_of_scope"


def why_fixed(role: str, permission: Permission, *, held: bool) -> Fixed | None:
    """Patients' rights are the law's, but for how they sign in; what is bound to one role stays there; and nobody is
    given what opens nothing.

    A role without scopes opens no chart, whatever it is permitted; what it was delivered with it may have again.
    """
    if permission is Permission.SIGN_IN_WITHOUT_CODE:
        return None if role == PATIENT else Fixed.STAFF
    if role == PATIENT:
        return Fixed.PATIENT
    if (role, permission) == FIXED:
        return Fixed.LOCKED_OUT
    if not held or permission in ROLES[role].permissions:
        return None
    if BOUND.get(permission, role) != role:
        return Fixed.BOUND
    needed, scopes = needed_scope(permission), ROLES[role].scopes
    if needed is None or needed in scopes:
        return None
    return Fixed.OUT_OF_SCOPE if scopes else Fixed.NO_CHART


def may_edit(role: str, permission: Permission, *, held: bool) -> bool:
    return why_fixed(role, permission, held=held) is None


def needed_scope(permission: Permission) -> Scope | None:
    """The part of a chart without which the permission opens nothing; None where no patient is concerned."""
    if permission is Permission.MESSAGE_PATIENTS:
        return Scope.MESSAGE
    return WORKS_ON.get(permission.partition(".")[0], Scope.IDENTITY)


def masked_address(email: str) -> str:
    """Enough of one's own address to know it by: `m…r@alderstreet.example`."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}…{name[-1:] if len(name) > 2 else ''}@{host}"
