"""Visits and notes on pages of the apps to the left: what waits to be signed, and the visit of the moment."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.models import Patient
from patients.parts import ChartTab
from records.actions.notes import list_notes_to_sign
from records.queries import encounters as queries

SHOWN = 6
visits_tab = ChartTab(_("Notes"), "records:encounters", Permission.READ_CLINICAL, order=20)


def notes_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the doctor's notes to sign, the oldest first."""
    if not can(user, Permission.WRITE_NOTE):
        return None
    waiting = list_notes_to_sign(by=user, now=now)
    return Card("records/home_notes.html", {"waiting": waiting[:SHOWN], "number": len(waiting)}, order=30)


def visits_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.ChartCard`: begin the visit or go on with it, and the last visits."""
    if not can(user, Permission.READ_CLINICAL):
        return None
    writes = can(user, Permission.WRITE_NOTE)
    context = {
        "patient": patient,
        "encounters": queries.encounters_of(user, patient, at_most=4),
        "running": queries.open_encounter_of(user, patient) if writes else None,
        "to_begin": queries.appointment_to_begin(user, patient, now) if writes else None,
    }
    return Card("records/chart_visits.html", context, order=15)


def summary_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.PortalCard`: the last visit's summary."""
    found = queries.summaries_of(user, patient, at_most=1)
    return Card("records/portal_last_visit.html", {"encounter": found[0]}, order=30) if found else None
