"""Where this app's pages stand in the navigation of the clinic; patients come to their bills from their first page."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from healthcare.ui.navigation import Entry

CLINIC = [Entry(_("Bills"), "billing:list", "receipt-text", Permission.READ_BILLING, order=70, key="b")]
