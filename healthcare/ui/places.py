"""The places of the ground floor in the navigation; it may not name them itself, standing left of navigation."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from healthcare.ui.navigation import Entry

GROUND = [
    Entry(_("Home"), "home", "house", order=0, key="h"),
    Entry(_("People"), "accounts:staff", "users", Permission.MANAGE_ACCOUNTS, order=10, key="p"),
    Entry(_("Roles"), "accounts:roles", "key-round", Permission.MANAGE_ACCOUNTS, order=15),
    Entry(_("Clinic settings"), "admin:index", "building-2", Permission.MANAGE_ACCOUNTS, order=20),
    Entry(_("Who did what"), "accounts:audit", "eye", Permission.READ_AUDIT, order=10, key="a"),
]
