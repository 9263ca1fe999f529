"""Where this app's pages stand in the navigation of the clinic and of the portal."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission, Scope
from healthcare.ui.navigation import Entry

CLINIC = [
    Entry(_("Schedule"), "scheduling:day", "calendar", Permission.VIEW_SCHEDULE, order=20, key="s"),
    Entry(_("Flow board"), "scheduling:flow", "columns-3", Permission.VIEW_SCHEDULE, order=30, key="f"),
    Entry(_("Providers"), "scheduling:providers", "users", Permission.MANAGE_ACCOUNTS, order=55),
]
PORTAL = [
    Entry(_("Visits"), "scheduling_portal:visits", "calendar", Permission.OWN_RECORD, order=20, scope=Scope.SCHEDULE),
]
