"""What this app adds to pages on its left: what is owed and was taken today, and the account on chart and portal."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing import queries
from billing.access import can_see_bills
from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.models import Patient
from patients.parts import ChartTab, Deeds

UNBILLED_SINCE = timedelta(days=90)

BILLS = ChartTab(_("Bills"), "billing:account", Permission.READ_BILLING, order=70)


def open_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: what is owed, what is late, and visits that have no bill."""
    if not can(user, Permission.READ_BILLING):
        return None
    context = {
        "figures": queries.open_figures(user, timezone.localdate(now)),
        "unbilled": queries.unbilled_visits(user, now - UNBILLED_SINCE),
    }
    return Card("billing/home_open.html", context, order=50)


def taken_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the money of today by method, as counted into the drawer."""
    if not can(user, Permission.TAKE_PAYMENT):
        return None
    zone = timezone.get_current_timezone()
    taken = queries.taken_on(user, timezone.localdate(now), zone)
    return Card("billing/home_taken.html", {"taken": taken, "now": now}, order=60)


def account_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.ChartCard`: what this patient owes, for those who take money."""
    if not can_see_bills(user, patient):
        return None
    account = queries.account_of(user, patient, statement=False)
    today = timezone.localdate(now)
    late = [bill for bill in account.open if bill.due_date < today]
    return Card("billing/chart_card.html", {"patient": patient, "account": account, "late": late}, order=70)


def own_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.PortalCard`: what I owe; nothing before there is a bill."""
    account = queries.account_of(user, patient, statement=False)
    if not account.invoices:
        return None
    return Card("billing/portal_card.html", {"account": account, "today": timezone.localdate(now)}, order=60)


# == Who used the record ==
deeds: Deeds = {
    "billing.issue_invoice": _("Made a bill"),
    "billing.print_invoice": _("Put a bill on paper"),
    "billing.open_document": _("Opened a bill"),
    "billing.take_payment": _("Took a payment"),
    "billing.reverse_payment": _("Took a payment back"),
}
