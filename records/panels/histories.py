"""What was before on pages of the apps to the left: a tab and a card of the chart."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.models import Patient
from patients.parts import ChartTab
from records.queries.histories import histories_in
from records.queries.overview import overview_of

FEW = 4  # answers that a card shows, after those that worry
histories_tab = ChartTab(_("History"), "records:histories", Permission.READ_CLINICAL, order=37)


def histories_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.ChartCard`: operations, the family, and of how somebody lives what worries first."""
    if not can(user, Permission.READ_CLINICAL):
        return None
    found = histories_in(overview_of(user, patient).histories)
    context = {
        "patient": patient,
        "found": found,
        "living": sorted(found.living, key=lambda one: not one.worries)[:FEW],
        "may_record": can(user, Permission.RECORD_HISTORY),
    }
    return Card("records/chart_history.html", context, order=14)
