"""Where this app's pages stand in the navigation of the clinic, with how many alerts wait."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from alerts import queries
from healthcare.accounts.permissions import Permission
from healthcare.ui.navigation import Badge, Entry


def waiting(user: Any) -> Badge:
    """Asked on every page of the staff: one query, along the index of what waits."""
    return Badge(queries.pressing_count(user), _("waiting"), "bad")


def unusual(user: Any) -> Badge:
    """Of whoever reviews access."""
    return Badge(queries.count_waiting(user), _("to review"), "bad")


CLINIC = [
    Entry(_("Alerts"), "alerts:list", "bell", Permission.RECEIVE_ALERTS, order=15, badge=waiting, key="a"),
    Entry(_("All that waits"), "alerts:inbox", "list-checks", Permission.RECEIVE_ALERTS, order=16),
    Entry(_("Post"), "alerts:post", "mail", Permission.MANAGE_ACCOUNTS, order=65),
    Entry(_("Unusual access"), "alerts:unusual", "eye", Permission.REVIEW_ACCESS, order=80, badge=unusual, key="u"),
]
