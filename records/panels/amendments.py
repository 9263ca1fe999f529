"""Requests for an amendment beside the note they are about, and on the way to them."""

from datetime import datetime

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from records.models import Encounter
from records.queries import amendments as queries


def visit_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.EncounterCard`: what the patient asked to have amended in this visit's record."""
    if not can(user, Permission.READ_CLINICAL):
        return None
    asked = queries.requests_in(user, encounter)
    return Card("records/asked_in_visit.html", {"asked": asked, "now": now}, order=5) if asked else None


def summary_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.SummaryCard`: the same for the patient, where it goes along with the summary."""
    asked = queries.requests_in(user, encounter)
    return Card("records/asked_in_summary.html", {"asked": asked}, order=50) if asked else None
