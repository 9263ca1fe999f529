"""Where this app's page stands in the navigation of the clinic."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from healthcare.ui.navigation import Entry

CLINIC = [Entry(_("Reports"), "analytics:dashboard", "chart-line", Permission.READ_DASHBOARD, order=90)]
