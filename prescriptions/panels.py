"""This app's own parts on pages to its left: homes, the chart, a visit, and the patient's first page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy as _some

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card, Pile, Waiting
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import PATIENT
from patients.access import find_visible
from patients.models import Patient
from patients.parts import ChartTab, Deeds, Merge, MergeNote, Shown, in_scope
from prescriptions import actions, queries
from prescriptions.access import can_prescribe
from prescriptions.models import MedicationStatement, Prescription, RefillRequest
from prescriptions.queries.downtime import taken_by
from prescriptions.queries.handover import held_by
from prescriptions.queries.refills import MOST
from records.models import Encounter
from records.parts import Section, Subject, Subjects
from scheduling.models import Appointment
from scheduling.parts import CheckInItem, DowntimeLine

FEW = 5
Status = Prescription.Status
medicines_tab = ChartTab(_("Medicines"), "prescriptions:medicines", Permission.READ_MEDICATIONS, order=50)


def refills(user: User, now: datetime) -> Pile | None:
    """For `accounts.Inbox`: requests for this prescriber to answer, or for whom they stand in for."""
    if not can_prescribe(user):
        return None
    rows = [_refill(request) for request in actions.list_refills(by=user)]
    return Pile("refills", gettext("Refills"), reverse("prescriptions:refills"), rows, cut=len(rows) == MOST)


def _refill(request: RefillRequest) -> Waiting:
    return Waiting(
        source=f"prescriptions.refillrequest:{request.pk}",
        patient=request.patient,
        title=gettext("Refill"),
        value=request.prescription.medicine,
        since=request.asked_at,
        url=reverse("prescriptions:refill", args=[request.patient_id, request.pk]),
    )


HELD = {
    "draft": _("Prescriptions begun and not signed, which nobody else can sign"),
    "not_collected": _("Medicines that were not collected"),
}


def held(user: User, now: datetime) -> Mapping[Promise, int]:
    """For `accounts.Handover`."""
    return {HELD[kind]: count for kind, count in held_by(user).items()}


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
    return _queue_card(user, Status.SIGNED, "prescriptions/home_to_prepare.html", now, order=10)


def ready_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: ready, those whose days end first."""
    return _queue_card(user, Status.READY, "prescriptions/home_ready.html", now, order=20)


def _queue_card(user: User, status: str, template: str, now: datetime, *, order: int) -> Card | None:
    """What is on hold stands in the dispensary alone, where it says why."""
    if not can(user, Permission.DISPENSE):
        return None
    waiting = [row for row in actions.list_queue(by=user, status=status) if not row.is_on_hold(now)]
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
    context = {
        "patient": patient,
        "active": queries.taken_of(user, patient, now),
        "told": queries.told_of(user, patient.pk, now),
        "may_prescribe": can(user, Permission.PRESCRIBE),
    }
    return Card("prescriptions/chart_card.html", context, order=40, wide=True)


def encounter_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.EncounterCard`: what was prescribed in the visit, and the way to prescribe more. Not elsewhere."""
    if encounter.source or not can(user, Permission.READ_MEDICATIONS):
        return None
    context = {
        "encounter": encounter,
        "written": queries.written_in(user, encounter.patient_id, encounter.pk),
        "may_prescribe": can(user, Permission.PRESCRIBE) and encounter.status == Encounter.Status.IN_PROGRESS,
    }
    return Card("prescriptions/encounter_card.html", context, order=40)


def past_card(patient: Patient, user: User, moment: datetime) -> Card | None:
    """For `records.PastCard`: what the patient took then by prescription of ours."""
    if not can(user, Permission.READ_MEDICATIONS):
        return None
    taken = queries.taken_then(user, patient, moment)
    return Card("prescriptions/past_card.html", {"taken": taken}, order=40)


# == Portal ==
@in_scope(Scope.MEDICATION)
def portal_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """For `patients.PortalCard`: what is ready to collect; nothing where no medicine was ever prescribed."""
    mine = queries.own_running(user, patient, now)
    if not (mine.ready or mine.preparing or mine.late or mine.taking or mine.paused):
        return None
    return Card("prescriptions/portal_card.html", {"mine": mine}, order=20)


def summary_card(encounter: Encounter, user: User, now: datetime) -> Card | None:
    """For `records.SummaryCard`: the medicines prescribed in the visit, for the patient."""
    written = [row for row in queries.written_in(user, encounter.patient_id, encounter.pk) if row.signed_at]
    return Card("prescriptions/summary_card.html", {"written": written}, order=40) if written else None


# == On paper ==
def paper_section(patient: Patient, user: User, now: datetime, encounter: Encounter | None) -> Section | None:
    """For `records.PaperSection`: what was prescribed in the visit; of a chart all of it, and what is told from
    elsewhere.
    """
    if user.acting_role != PATIENT and not can(user, Permission.READ_MEDICATIONS):
        return None
    rows, told = queries.on_paper(user, patient, encounter)
    if not rows and not told:
        return None
    holds = {"prescriptions.prescription": [row.pk for row in rows]}
    holds["prescriptions.medicationstatement"] = [row.pk for row in told]
    return Section("prescriptions/paper_section.html", {"rows": rows, "told": told}, holds, order=20)


# == Who used the record ==
deeds: Deeds = {
    "prescriptions.draft": _("Began to write a prescription"),
    "prescriptions.prescribe_order_set": _("Began to write several prescriptions"),
    "prescriptions.sign": _("Signed a prescription"),
    "prescriptions.cancel": _("Cancelled a prescription"),
    "prescriptions.mark": _("Changed who may see something in the record"),
    "prescriptions.recheck": _("Checked a medicine again after something was added"),
    "prescriptions.check_hidden": _("Checked a medicine against what they may not see"),
    "prescriptions.ready": _("Made a medicine ready to collect"),
    "prescriptions.pick_up": _("Handed a medicine out"),
    "prescriptions.not_dispense": _("Noted why a medicine is not dispensed"),
    "prescriptions.take_up_again": _("Had a medicine prepared after all"),
    "prescriptions.repeat": _("Had the next supply of a medicine prepared"),
    "prescriptions.ask_refill": _("Asked for more of a medicine"),
    "prescriptions.withdraw_refill": _("Took back a request for more of a medicine"),
    "prescriptions.answer_refill": _("Answered a request for more of a medicine"),
    "prescriptions.reach_out": _("Asked why a medicine was not collected, or tried to"),
    "prescriptions.keep_ready": _("Kept a medicine ready for longer"),
    "prescriptions.not_collected": _("Noted that a medicine was not collected"),
    "prescriptions.take_statements": _("Brought medicines along from another system"),
    "prescriptions.end_statement": _("Noted that a medicine from elsewhere is no longer taken"),
    "prescriptions.hold": _("Put a medicine on hold"),
    "prescriptions.resume": _("Had a medicine taken up again"),
    "prescriptions.stop": _("Stopped a medicine"),
    "prescriptions.print": _("Asked for a prescription on paper"),
    "prescriptions.make_sheet": _("Made a prescription on paper"),
    "prescriptions.open_sheet": _("Opened a prescription on paper"),
    "prescriptions.check_code": _("Somebody checked the code of a prescription on paper"),
    "prescriptions.plan_doses": _("Said at which times a medicine is taken"),
    "prescriptions.end_doses": _("Took a medicine off the doses of the day"),
    "prescriptions.mark_dose": _("Noted whether a medicine was taken"),
    "prescriptions.review_list": _("Went through the list of medicines"),
}


def seen_among(user: User, patient_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """For `patients.Shown`."""
    rows = Prescription.objects.visible_to(user).filter(patient_id=patient_id, pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def statements_seen_among(user: User, patient_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """The same of what is told from elsewhere."""
    rows = MedicationStatement.objects.visible_to(user).filter(patient_id=patient_id, pk__in=ids)
    return set(rows.values_list("pk", flat=True))


shown: Shown = {
    "prescriptions.prescription": seen_among,
    "prescriptions.medicationstatement": statements_seen_among,
}


# == Two records of one person ==
def taken_by_both(kept: Patient, gone: Patient, *, user: User, now: datetime) -> Sequence[MergeNote]:
    """For `patients.Merge`: medicines that come to the list, and those that would stand on it twice."""
    active = Prescription.objects.visible_to(user).active(now)
    theirs = sorted(set(active.filter(patient=gone).values_list("medicine", flat=True)))
    ours = set(active.filter(patient=kept).values_list("medicine", flat=True))
    twice = [name for name in theirs if name in ours]
    notes = []
    if theirs:
        notes.append(gettext("Medicines that come to the list: %(names)s.") % {"names": ", ".join(theirs)})
    if twice:
        said = gettext("On both lists, so twice on the one: %(names)s. Tell who prescribes.")
        notes.append(said % {"names": ", ".join(twice)})
    return [MergeNote(text) for text in notes]


merge = Merge(
    goes={
        "prescriptions_prescription": _some("%d prescription", "%d prescriptions"),
        "prescriptions_medicationstatement": _some("%d medicine from elsewhere", "%d medicines from elsewhere"),
        "prescriptions_dispense": None,
        "prescriptions_outreach": None,
        "prescriptions_refillrequest": _some("%d request for a refill", "%d requests for a refill"),
        "prescriptions_halt": None,
        "prescriptions_doseplan": None,
        "prescriptions_dosemark": None,
        "prescriptions_medicationreview": None,
        "prescriptions_prescriptionsheet": None,
        "prescriptions_safetycheck": None,
        "prescriptions_collectiondeadline": None,
    },
    notes=taken_by_both,
)


# == Before a visit ==
def check_in(visit: Appointment, user: User, now: datetime) -> CheckInItem | None:
    """For `scheduling.CheckIn`: what the clinic thinks they take."""
    if find_visible(user, visit.patient_id, Scope.MEDICATION) is None:
        return None
    rows: list[Any] = [*queries.taken_of(user, visit.patient, now), *queries.told_of(user, visit.patient_id, now)]
    lines = [line_of(row, now) for row in rows]
    url, tell = reverse("records_portal:start_thread"), gettext("Tell us")
    return CheckInItem("medicines", gettext("Medicines"), lines, gettext("We know of none that you take."), url, tell)


def line_of(row: Prescription | MedicationStatement, now: datetime) -> str:
    """What is taken and how, in a line; where it is on hold, that first."""
    medicine = gettext("%(medicine)s (on hold)") % {"medicine": row.medicine} if row.is_on_hold(now) else row.medicine
    return ": ".join(filter(None, (medicine, row.sig_text)))


# == Without computers ==
def downtime(ids: Collection[UUID], now: datetime) -> Mapping[UUID, Sequence[DowntimeLine]]:
    """For `scheduling.Downtime`: what they take; that nothing is recorded is said."""
    taken = taken_by(ids, now)
    return {
        patient_id: [
            DowntimeLine(
                gettext("Medicines"),
                "; ".join(line_of(row, now) for row in taken.get(patient_id, ()))
                or gettext("none that may stand here"),
            )
        ]
        for patient_id in ids
    }


# == What a conversation can be about ==
def _prescription(patient: Patient, user: User, key: UUID) -> Subject | None:
    own = user.acting_role == PATIENT
    if not own and not can(user, Permission.READ_MEDICATIONS):
        return None
    found = Prescription.objects.visible_to(user).filter(patient=patient, pk=key).first()
    if found is None:
        return None
    url = "prescriptions_portal:medicines" if own else "prescriptions:prescription"
    return Subject(found.medicine, reverse(url, args=[] if own else [patient.pk, found.pk]))


prescribed = Subjects("prescriptions.prescription", "medicine", _prescription)
