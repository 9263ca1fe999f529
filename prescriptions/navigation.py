"""Where this app's pages stand in the navigation of the clinic and of the portal."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission, Scope
from healthcare.ui.navigation import Entry

CLINIC = [
    Entry(_("Refills"), "prescriptions:refills", "refresh-cw", Permission.PRESCRIBE, order=61),
    Entry(_("Dispensary"), "prescriptions:dispensary", "package-check", Permission.DISPENSE, order=15, key="d"),
    Entry(_("Safety rules"), "prescriptions:overrides", "shield", Permission.REVIEW_SAFETY, order=62),
    Entry(_("Prescriptions"), "prescriptions:written", "pill", Permission.PRESCRIBE, order=60, key="p"),
]
PORTAL = [
    Entry(
        _("Medicine"), "prescriptions_portal:medicines", "pill", Permission.OWN_RECORD, order=50, scope=Scope.MEDICATION
    )
]
