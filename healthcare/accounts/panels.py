"""The cards of this app on the roles' home pages."""

from datetime import datetime

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from healthcare.accounts.queries import get_audit_counts, get_people_counts


def people_card(user: User, now: datetime) -> Card | None:
    """Administrators: who waits for an invitation, and whose second factor waits for another administrator."""
    if not can(user, Permission.MANAGE_ACCOUNTS):
        return None
    return Card("accounts/home_people.html", {"counts": get_people_counts(now)}, order=20, wide=True)


def audit_card(user: User, now: datetime) -> Card | None:
    """Privacy officers: what was refused, what failed, who was let in, and whether the audit is sealed."""
    if not can(user, Permission.READ_AUDIT):
        return None
    return Card("accounts/home_audit.html", {"counts": get_audit_counts(now)}, order=20, wide=True)
