"""The verbs of a visit: begin it, with or without an appointment, and finish it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.audit import record
from healthcare.events import publish
from patients.models import Patient
from records.access.encounters import check_can_close, check_can_finish, check_can_start
from records.actions.writing import locked_encounter
from records.events import EncounterClosed, EncounterFinished, EncounterReopened, EncounterStarted
from records.models import Encounter, Entry
from records.models.encounters import ENCOUNTER_MOVES
from scheduling.actions import finish_visit, start_visit
from scheduling.models import Appointment

Status = Encounter.Status


class NotStarted(Exception):
    """The message is a sentence for whoever asked."""


class NotFinished(Exception):
    """The message is a sentence for whoever asked."""


class NotClosed(Exception):
    """Neither closed nor opened again; the message is a sentence for whoever asked."""


@transaction.atomic
def start_encounter(
    *,
    by: User,
    patient: Patient,
    provider: Provider,
    site: Site,
    appointment: Appointment | None = None,
    reason: str = "",
    now: datetime,
) -> Encounter:
    """Begin the visit at `now`; an appointment moves to "with the provider" in the same transaction.

    An appointment that the desk has ended already gets its visit belatedly, from when it began; one that has its visit
    gives that back, and nothing happens. Raises NotAllowed, NotInScope, NotStarted, and NotBookable where the
    appointment cannot begin.
    """
    check_can_start(by, patient, provider)
    if not by.memberships.current().filter(site=site, role=by.acting_role).exists():
        raise NotStarted(_("You do not work at this site."))
    if appointment is not None:
        if appointment.patient_id != patient.pk:
            raise NotStarted(_("This appointment is another patient's."))
        rows = Appointment.objects.visible_to(by).select_for_update(of=("self",))  # one visit an appointment
        appointment = rows.get(pk=appointment.pk)
        if appointment.status != Appointment.Status.CHECKED_OUT:
            appointment = start_visit(by=by, appointment=appointment, now=now)
        known = Encounter.objects.visible_to(by).standing().filter(appointment=appointment).first()
        if known is not None:
            return known
    encounter = Encounter(
        patient=patient,
        provider=provider,
        site=site,
        appointment=appointment,
        status=Status.IN_PROGRESS,
        reason=reason or (appointment.reason if appointment else ""),
        started_at=appointment.started_at if appointment else now,
    )
    encounter.save(force_insert=True)
    record("records.start_encounter", by=by, patient_id=patient.pk, target=encounter)
    publish(EncounterStarted(encounter_id=encounter.pk, patient_id=patient.pk))
    return encounter


@transaction.atomic
def finish_encounter(*, by: User, encounter: Encounter, now: datetime) -> Encounter:
    """End the visit at `now`, and its appointment with it; the note may be signed later. Ended already: nothing.

    Raises NotAllowed, NotInScope, and NotFinished for a visit that never began or was entered in error.
    """
    check_can_finish(by, encounter)
    encounter = locked_encounter(encounter)
    if encounter.status == Status.FINISHED:
        return encounter
    if Status.FINISHED not in ENCOUNTER_MOVES[encounter.status]:
        raise NotFinished(
            _("This visit is “%(now)s”, so it cannot be finished.") % {"now": encounter.get_status_display()}
        )
    if encounter.appointment is not None:
        finish_visit(by=by, appointment=encounter.appointment, now=now)
    encounter.status, encounter.finished_at, encounter.finished_by = Status.FINISHED, now, by
    encounter.save(update_fields=["status", "finished_at", "finished_by", "updated_at"])
    record("records.finish_encounter", by=by, patient_id=encounter.patient_id, target=encounter)
    publish(
        EncounterFinished(
            encounter_id=encounter.pk, patient_id=encounter.patient_id, appointment_id=encounter.appointment_id
        )
    )
    return encounter


# == Its record ==
@transaction.atomic
def close_encounter(*, by: User, encounter: Encounter, now: datetime) -> Encounter:
    """Close the record of a finished visit whose notes are signed and co-signed: its children obey `rules.states`.

    Signing closes nothing: others may still write what they did. Closed already: nothing. Raises NotClosed, NotAllowed
    and NotInScope.
    """
    check_can_close(by, encounter)
    encounter = locked_encounter(encounter)
    if encounter.closed_at is not None:
        return encounter
    if encounter.source or encounter.status != Status.FINISHED:
        raise NotClosed(_("Finish the visit before you close its record."))
    if encounter.note_signed_at is None:
        raise NotClosed(_("The note is not signed yet. Sign it before you close the record."))
    waiting = Entry.objects.current().filter(patient_id=encounter.patient_id, encounter=encounter)
    if waiting.filter(record_status="preliminary", signed_at__isnull=False).exists():
        raise NotClosed(_("A co-signature is awaited. The record is closed after it."))
    encounter.closed_at, encounter.closed_by = now, by
    encounter.save(update_fields=["closed_at", "closed_by", "updated_at"])
    record("records.close_encounter", by=by, patient_id=encounter.patient_id, target=encounter)
    publish(EncounterClosed(encounter_id=encounter.pk, patient_id=encounter.patient_id))
    return encounter


@transaction.atomic
def reopen_encounter(*, by: User, encounter: Encounter, reason: str, now: datetime) -> Encounter:
    """Open a closed record again; what was signed stays signed. Ask for a step-up at the door.

    The row keeps the last reason, the audit each opening. Raises NotClosed without a reason or where it is open,
    NotAllowed and NotInScope.
    """
    check_can_close(by, encounter)
    reason = reason.strip()
    if not reason:
        raise NotClosed(_("Say why the record is opened again."))
    encounter = locked_encounter(encounter)
    if encounter.closed_at is None:
        raise NotClosed(_("The record of this visit is open."))
    encounter.closed_at, encounter.closed_by = None, None
    encounter.reopened_at, encounter.reopened_by, encounter.reopen_reason = now, by, reason
    encounter.save(
        update_fields=["closed_at", "closed_by", "reopened_at", "reopened_by", "reopen_reason", "updated_at"]
    )
    record("records.reopen_encounter", by=by, patient_id=encounter.patient_id, target=encounter)
    publish(EncounterReopened(encounter_id=encounter.pk, patient_id=encounter.patient_id))
    return encounter
