"""Visits and notes on pages of the apps to the left: what waits to be signed, and the visit of the moment."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.models import Patient
from patients.parts import ChartTab
from records.access.encounters import holds
from records.actions.notes import list_notes_to_sign
from records.models import Encounter
from records.queries import encounters as queries
from scheduling.models import Appointment
from scheduling.parts import Step

SHOWN = 6
visits_tab = ChartTab(_("Notes"), "records:encounters", Permission.READ_CLINICAL, order=20)


def notes_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: the doctor's notes to sign, the oldest first, and how many are to co-sign."""
    if not can(user, Permission.WRITE_NOTE):
        return None
    found = list_notes_to_sign(by=user, now=now)
    waiting = [item for item in found if not item.to_cosign]
    context = {
        "waiting": waiting[:SHOWN],
        "number": len(waiting),
        "overdue": sum(item.late for item in waiting),
        "to_cosign": len(found) - len(waiting),
    }
    return Card("records/home_notes.html", context, order=30)


def visits_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.ChartCard`: begin the visit or go on with it, and the last visits."""
    if not can(user, Permission.READ_CLINICAL):
        return None
    writes = can(user, Permission.WRITE_NOTE)
    encounters, running = queries.latest_encounters(user, patient, at_most=4)
    context = {
        "patient": patient,
        "encounters": encounters,
        "running": running if writes else None,
        "to_begin": queries.appointment_to_begin(user, patient, now) if writes else None,
    }
    return Card("records/chart_visits.html", context, order=15)


def visit_step(visit: Appointment, user: User, now: datetime) -> Step | None:
    """For `scheduling.VisitStep`: the doctor begins this very visit, or goes on with it."""
    if not can(user, Permission.WRITE_NOTE):
        return None
    found = queries.encounter_of(user, visit)
    if found is not None:
        running = found.status == Encounter.Status.IN_PROGRESS and holds(user, found)
        url = reverse("records:note", args=[visit.patient_id, found.pk])
        return Step(gettext("Go on with the visit"), url, main=True) if running else None
    if not queries.may_begin(user, visit, now):
        return None
    url = reverse("records:start_appointment", args=[visit.patient_id, visit.pk])
    return Step(gettext("Begin the visit"), url, method="post", main=True)


def summary_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.PortalCard`: the last visit's summary."""
    found = queries.summaries_of(user, patient, at_most=1)
    return Card("records/portal_last_visit.html", {"encounter": found[0]}, order=30) if found else None
