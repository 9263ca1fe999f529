"""Papers: a tab of the chart, and a card on the page of a visit."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.parts import ChartTab
from records.models import Encounter

papers_tab = ChartTab(_("Papers"), "records:papers", Permission.READ_CLINICAL, order=900)


def visit_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.EncounterCard`: what can be printed of this visit. Asks nothing of the database."""
    if not can(user, Permission.READ_CLINICAL) or encounter.source:
        return None
    context = {
        "encounter": encounter,
        "has_summary": encounter.note_signed_at is not None and not encounter.is_wrong,
        "may_sign": can(user, Permission.WRITE_NOTE)
        and encounter.is_held_by(user)
        and encounter.started_at
        and not encounter.is_wrong,
    }
    return Card("records/encounter_papers.html", context, order=60)
