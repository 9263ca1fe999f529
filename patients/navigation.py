"""Where this app's pages stand in the navigation of the clinic and of the portal."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from healthcare.ui.navigation import Badge, Entry
from patients import queries

SEARCH = Entry(_("Find a patient"), "patients:search", "search", Permission.SEARCH_PATIENTS)


def doubted(user: Any) -> Badge:
    """Of whoever answers patients who doubt an opening."""
    return Badge(queries.count_privacy_cases(user), _("waiting"))


CLINIC = [
    Entry(_("Patients"), "patients:list", "users", Permission.OPEN_CHART, order=40, key="c"),
    Entry(_("Emergency access"), "patients:emergencies", "shield-alert", Permission.REVIEW_ACCESS, order=20, key="e"),
    Entry(_("Why access"), "patients:explain", "circle-question-mark", Permission.EXPLAIN_ACCESS, order=30, key="w"),
    Entry(_("Who stands in"), "patients:covers", "users", Permission.MANAGE_ACCOUNTS, order=60),
    Entry(_("Register a person"), "patients:register", "user-plus", Permission.REGISTER_PATIENT, order=50, key="r"),
    Entry(_("Registered twice"), "patients:merges", "users", Permission.MERGE_PATIENTS, order=55),
    Entry(
        _("Doubted openings"),
        "patients:privacy_cases",
        "message-circle-question-mark",
        Permission.REVIEW_ACCESS,
        order=82,
        badge=doubted,
    ),
    Entry(_("Breach scope"), "patients:breach_scope", "scan-search", Permission.REVIEW_ACCESS, order=84),
]
PORTAL = [
    Entry(_("Home"), "portal:home", "house", Permission.OWN_RECORD, order=10),
    Entry(_("My record"), "portal:record", "file-text", Permission.OWN_RECORD, order=30),
]
