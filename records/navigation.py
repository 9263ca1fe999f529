"""Where this app's pages stand in the navigation of the clinic and of the portal."""

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission, Scope
from healthcare.ui.navigation import Entry

CLINIC = [
    Entry(
        _("Results to read"), "records:results_to_read", "flask-conical", Permission.RELEASE_RESULT, order=60, key="l"
    ),
    Entry(_("Overdue orders"), "records:overdue_orders", "clock-alert", Permission.ENTER_RESULT, order=65),
    Entry(_("Unmatched results"), "records:unmatched_results", "user-search", Permission.ENTER_RESULT, order=66),
    Entry(_("Notes to sign"), "records:notes_to_sign", "file-pen", Permission.WRITE_NOTE, order=70, key="n"),
    Entry(
        _("Asked to amend"),
        "records:amendments_to_answer",
        "message-circle-question-mark",
        Permission.WRITE_NOTE,
        order=72,
    ),
    Entry(
        _("Asked to amend"),
        "records:watch_amendments",
        "message-circle-question-mark",
        Permission.REVIEW_ACCESS,
        order=83,
    ),
    Entry(_("Recalls"), "records:recalls_to_call", "phone", Permission.BOOK_APPOINTMENT, order=42),
    Entry(_("Messages"), "records:inbox", "inbox", Permission.MESSAGE_PATIENTS, order=45, key="i"),
]
PORTAL = [
    Entry(
        _("Messages"), "records_portal:messages", "message-square", Permission.OWN_RECORD, order=40, scope=Scope.MESSAGE
    ),
]
