"""This app's own parts on pages to its left: homes, the chart, a visit, and the patient's first page."""

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.models import Patient
from patients.parts import ChartTab, Deeds
from prescriptions import actions, queries
from prescriptions.models import Prescription
from records.models import Encounter

FEW = 5
Status = Prescription.Status
medicines_tab = ChartTab(_("Medicines"), "prescriptions:medicines", Permission.READ_MEDICATIONS, order=50)


# == Homes ==
def not_collected_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: what the doctor's patients did not come for."""
    try:
        waiting = actions.list_not_collected(by=user)
    except NotAllowed:
        return None
    return Card("prescriptions/home_not_collected.html", {"waiting": waiting[:FEW], "number": len(waiting)}, order=25)


def to_prepare_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: signed, the longest wait first."""
    return _queue_card(user, Status.SIGNED, "prescriptions/home_to_prepare.html", order=10)


def ready_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: ready, those whose days end first."""
    return _queue_card(user, Status.READY, "prescriptions/home_ready.html", order=20)


def _queue_card(user: User, status: str, template: str, *, order: int) -> Card | None:
    if not can(user, Permission.DISPENSE):
        return None
    waiting = actions.list_queue(by=user, status=status)
    return Card(template, {"waiting": waiting[:FEW], "number": len(waiting)}, order=order)


# == Chart and visit ==
def note_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.NoteCard`: what the patient takes; what is prescribed from here belongs to the visit."""
    card = chart_card(encounter.patient, user, now)
    return card and replace(card, context={**card.context, "encounter": encounter})


def chart_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.ChartCard`: what the patient takes."""
    if not can(user, Permission.READ_MEDICATIONS):
        return None
    rows = Prescription.objects.visible_to(user).filter(patient=patient).active(now)
    context = {
        "patient": patient,
        "active": list(rows.order_by("-signed_at", "-id")),
        "may_prescribe": can(user, Permission.PRESCRIBE),
    }
    return Card("prescriptions/chart_card.html", context, order=40)


def encounter_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.EncounterCard`: what was prescribed in the visit, and the way to prescribe more."""
    if not can(user, Permission.READ_MEDICATIONS):
        return None
    context = {
        "encounter": encounter,
        "written": queries.written_in(user, encounter.patient_id, encounter.pk),
        "may_prescribe": can(user, Permission.PRESCRIBE) and encounter.status == Encounter.Status.IN_PROGRESS,
    }
    return Card("prescriptions/encounter_card.html", context, order=40)


# == Portal ==
def portal_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.PortalCard`: what is ready to collect; nothing where no medicine was ever prescribed."""
    mine = queries.own_medicines(user, patient, now)
    if not (mine.ready or mine.preparing or mine.late or mine.taking):
        return None
    return Card("prescriptions/portal_card.html", {"mine": mine}, order=20)


def summary_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.SummaryCard`: the medicines prescribed in the visit, for the patient."""
    written = [row for row in queries.written_in(user, encounter.patient_id, encounter.pk) if row.signed_at]
    return Card("prescriptions/summary_card.html", {"written": written}, order=40) if written else None


# == Who used the record ==
deeds: Deeds = {
    "prescriptions.draft": _("Began to write a prescription"),
    "prescriptions.sign": _("Signed a prescription"),
    "prescriptions.cancel": _("Cancelled a prescription"),
    "prescriptions.ready": _("Made a medicine ready to collect"),
    "prescriptions.pick_up": _("Handed a medicine out"),
    "prescriptions.keep_ready": _("Kept a medicine ready for longer"),
    "prescriptions.not_collected": _("Noted that a medicine was not collected"),
}
