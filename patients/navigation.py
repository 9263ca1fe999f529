"""Where this app's pages stand in the navigation of the clinic and of the portal."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from healthcare.ui.navigation import Entry

SEARCH = Entry(_("Find a patient"), "patients:search", "search", Permission.SEARCH_PATIENTS)
CLINIC = [
    Entry(_("Patients"), "patients:list", "users", Permission.OPEN_CHART, order=40, key="c"),
    Entry(_("Register a person"), "patients:register", "user-plus", Permission.REGISTER_PATIENT, order=50, key="r"),
]
PORTAL = [
    Entry(_("Home"), "portal:home", "house", Permission.OWN_RECORD, order=10),
    Entry(_("My record"), "portal:record", "file-text", Permission.OWN_RECORD, order=30),
]
