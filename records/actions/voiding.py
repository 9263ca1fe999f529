"""A visit that was entered in error: said once, with everything that stands in it, and nothing of it is lost."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from records.access.encounters import check_can_void
from records.actions.entries import void_entry
from records.actions.papers import void_paper
from records.actions.writing import locked_encounter
from records.events import EncounterVoided
from records.models import Encounter, Paper
from records.models.encounters import ENCOUNTER_MOVES
from records.models.entries import SHOWN_TO_PATIENT
from records.queries.voiding import goes_with, signed_by_others
from scheduling.actions import undo_start
from scheduling.models import Appointment

WRONG = Encounter.Status.ENTERED_IN_ERROR


class NotVoided(Exception):
    """The visit stands as it stood; the message is a sentence for whoever asked."""


@transaction.atomic
def void_encounter(*, by: User, encounter: Encounter, reason: str, now: datetime) -> Encounter:
    """Say that this visit was entered in error (FHIR R4 Encounter.status), with all that was written and measured in
    it and its sick notes, each by its own verb. What answers an order stands, and so do orders, prescriptions and
    bills: each is somebody's to decide. Ask for a step-up at the door.

    Raises NotVoided without a reason, where the record is closed, where somebody else signed in it or something stands
    that the actor does not see; NotAllowed, also for a visit elsewhere, which nobody here holds; NotInScope.
    """
    check_can_void(by, encounter)
    reason = reason.strip()
    if not reason:
        raise NotVoided(_("Say why this visit is wrong."))
    encounter = locked_encounter(encounter)
    _check_may_end_so(encounter)
    if names := signed_by_others(by, encounter):
        told = {"names": ", ".join(names)}
        raise NotVoided(_("Signed here besides you: %(names)s. Each marks their own part as wrong first.") % told)
    rows = goes_with(by, encounter)
    read = rows.filter(SHOWN_TO_PATIENT, kind="note", sensitivity="").exists()
    encounter.status, encounter.void_told = WRONG, read
    encounter.voided_at, encounter.voided_by, encounter.void_reason = now, by, reason
    changed = ["status", "void_told", "voided_at", "voided_by", "void_reason", "updated_at"]
    encounter.save(update_fields=changed)
    whole_first = rows.select_related("encounter", "patient").order_by(F("parent").asc(nulls_first=True), "id")
    while (entry := whole_first.first()) is not None:  # what stands under one goes with it
        void_entry(by=by, entry=entry, reason=reason, now=now)
    for paper in Paper.objects.visible_to(by).filter(encounter=encounter, kind="sick_note", voided_at=None):
        void_paper(by=by, paper=paper, reason=reason, now=now)
    _check_nothing_stands()
    record("records.void_encounter", by=by, patient_id=encounter.patient_id, target=encounter)
    publish(
        EncounterVoided(
            encounter_id=encounter.pk, patient_id=encounter.patient_id, appointment_id=encounter.appointment_id
        )
    )
    return encounter


@transaction.atomic
def give_back_appointment(*, by: User | None, encounter_id: UUID, patient_id: UUID) -> bool:
    """The appointment of a visit that was entered in error waits again as it did before it began, unless another visit
    was begun for it meanwhile. Returns whether it changed.
    """
    wrong = Encounter.objects.filter(pk=encounter_id, patient_id=patient_id, status=WRONG)
    key = wrong.values_list("appointment_id", flat=True).first()
    if key is None:
        return False
    appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=key)  # who begins it anew waits
    if Encounter.objects.standing().filter(patient_id=patient_id, appointment=appointment).exists():
        return False
    return undo_start(by=by, appointment=appointment).status != appointment.status


def _check_may_end_so(encounter: Encounter) -> None:
    if WRONG not in ENCOUNTER_MOVES[encounter.status]:
        raise NotVoided(_("This visit was marked as entered in error already."))
    if encounter.closed_at is not None:
        raise NotVoided(_("The record of this visit is closed. Open it again before you mark the visit as wrong."))


def _check_nothing_stands() -> None:
    """What the actor does not see binds them all the same: the database asks, which it else does at the commit."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS guard_wrong_visit IMMEDIATE")
            cursor.execute("SET CONSTRAINTS guard_wrong_visit DEFERRED")
    except IntegrityError:
        sentence = _(
            "Something in this visit is marked, so that you do not see it. Who wrote it marks it as wrong first."
        )
        raise NotVoided(sentence) from None
