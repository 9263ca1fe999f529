"""Rows that each say which part of the chart they belong to, and the first wall for them."""

from collections.abc import Iterable

from django.db.models import Q

from alerts.rules import KINDS, LETTERS
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLES
from patients.models import within_scope_of_each

ALERT_AREAS = frozenset(Scope(kind.area) for kind in KINDS.values())
NOTICE_AREAS = frozenset(Scope(letter.area) for letter in LETTERS.values()) | ALERT_AREAS


def within_areas(user: User, areas: Iterable[Scope]) -> Q:
    """The first wall for rows that each say which part of the chart they belong to, as far as the role ever reaches."""
    held = ROLES[user.acting_role].scopes if user.acting_role in ROLES else frozenset()
    return within_scope_of_each(user, set(areas) & held, "area")
