"""Orders: a tab of the chart, and a card on the page of a visit."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.parts import ChartTab
from records.models import Encounter
from records.queries import orders as queries

orders_tab = ChartTab(_("Orders"), "records:orders", Permission.READ_CLINICAL, order=32)


def visit_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.EncounterCard`: what was ordered in this visit."""
    if not can(user, Permission.READ_CLINICAL) or encounter.source:
        return None
    context = {
        "patient": encounter.patient,
        "orders": queries.orders_in(user, encounter),
        "may_order": can(user, Permission.ENTER_RESULT),
        "today": timezone.localdate(),
    }
    return Card("records/encounter_orders.html", context, order=20)
