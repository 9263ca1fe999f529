"""A patient asks for more of a medicine; who prescribed it, or stands in, says yes or says why not."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient
from prescriptions.access import check_can_answer_refill, check_can_ask_refill, check_can_prescribe
from prescriptions.actions.outcomes import repeat_prescription
from prescriptions.actions.settling import SETTLED, State, answer
from prescriptions.actions.standing import why_no_repeat
from prescriptions.actions.steps import NotPossible, check_lives, locked
from prescriptions.actions.writing import prescribe_again
from prescriptions.events import RefillRequested, RefillWithdrawn
from prescriptions.models import Prescription, RefillRequest
from prescriptions.queries.lists import current_encounter
from prescriptions.queries.refills import refills_to_answer, why_no_refill


@transaction.atomic
def ask_refill(*, by: User, prescription: Prescription, note: str = "", now: datetime) -> RefillRequest:
    """Ask for more of what was prescribed: the patient, or who acts for them in what concerns medicines.

    Raises NotAllowed, and NotPossible where one waits already, or with a sentence that says when one can ask.
    """
    check_can_ask_refill(by, prescription)
    found = locked(by, prescription)
    check_lives(found)
    if why := why_no_refill(found, now):
        raise NotPossible(why)
    request = RefillRequest(
        prescription=found,
        patient_id=found.patient_id,
        note=" ".join(note.split()),
        asked_by=by,
        asked_at=now,
    )
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError as problem:
        raise NotPossible(_("You have asked already. The answer will stand here.")) from problem
    record("prescriptions.ask_refill", by=by, patient_id=request.patient_id, target=request)
    publish(RefillRequested(request_id=request.pk, patient_id=request.patient_id))
    return request


@transaction.atomic
def withdraw_refill(*, by: User, request: RefillRequest, now: datetime) -> None:
    """Take it back while it waits: whoever may ask. Raises NotAllowed and NotPossible."""
    check_can_ask_refill(by, request.prescription)
    row = _waiting(by, request)
    row.state, row.answered_at, row.answered_by = State.WITHDRAWN, now, by
    row.save(update_fields=SETTLED)
    record("prescriptions.withdraw_refill", by=by, patient_id=row.patient_id, target=row)
    publish(RefillWithdrawn(request_id=row.pk, patient_id=row.patient_id))


@transaction.atomic
def repeat_refill(*, by: User, request: RefillRequest, now: datetime) -> None:
    """Approve it with the next of the repeats that were prescribed. Raises NotAllowed and NotPossible."""
    check_can_answer_refill(by, request)
    row = _waiting(by, request)
    repeat_prescription(by=by, prescription=row.prescription, now=now)


@transaction.atomic
def prescribe_refill(*, by: User, request: RefillRequest, now: datetime) -> Prescription:
    """Write the same once more, as a draft: what is signed of it approves the request, and nothing else does.

    What was begun already and waits to be signed by the actor is what they get. Raises NotAllowed, NotPossible while
    there are repeats left, and NotPrescribable.
    """
    check_can_answer_refill(by, request)
    row = _waiting(by, request)
    check_lives(row.prescription)
    if not why_no_repeat(row.prescription, now):
        raise NotPossible(_("There are repeats left: have the next supply prepared."))
    begun = row.made_in
    if begun and begun.status == Prescription.Status.DRAFT and begun.prescriber.user_id == by.pk:
        return begun
    patient = Patient.objects.visible_to(by).get(pk=row.patient_id)
    (draft,) = prescribe_again(
        by=by,
        patient=patient,
        prescriptions=[row.prescription_id],
        encounter=current_encounter(by, patient, now),
        now=now,
    )
    row.made_in = draft
    row.save(update_fields=["made_in", "updated_at"])
    return draft


@transaction.atomic
def deny_refill(*, by: User, request: RefillRequest, reason: str, words: str = "", now: datetime) -> None:
    """Say why not, in one of the sentences that the patient reads, and in one's own words.

    Raises NotAllowed, NotPossible, and ValueError for a reason that is none.
    """
    check_can_answer_refill(by, request)
    row = _waiting(by, request)
    row.reason, row.answer = RefillRequest.Reason(reason).value, " ".join(words.split())
    if row.reason == RefillRequest.Reason.OTHER and not row.answer:
        raise NotPossible(_("Say why in your words. The patient reads them."))
    answer(by, row, State.DENIED, now)


def list_refills(*, by: User, everybody: bool = False) -> list[RefillRequest]:
    """What waits for the actor's answer, and for those they stand in for; or for whoever prescribes. The first first.

    Raises NotAllowed and AuditUnavailable.
    """
    check_can_prescribe(by)
    record_now("prescriptions.list_refills", by=by, detail={"everybody": everybody})
    return refills_to_answer(by, everybody=everybody)


def _waiting(by: User, request: RefillRequest) -> RefillRequest:
    """The row, and its prescription before it, held. Raises NotPossible where it was answered or taken back."""
    prescription = locked(by, request.prescription)
    rows = RefillRequest.objects.visible_to(by).select_for_update(of=("self",))
    row = rows.select_related("made_in__prescriber").get(pk=request.pk)
    row.prescription = prescription
    if row.state != State.WAITING:
        raise NotPossible(_("It was answered or taken back meanwhile: %(state)s.") % {"state": row.get_state_display()})
    return row
