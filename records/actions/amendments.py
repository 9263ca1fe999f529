"""A patient asks that the record be amended; the clinic answers in time; the patient may disagree, the clinic rebut.

45 CFR 164.526, GDPR article 16. Nothing of the record changes by it: what is accepted is made by the verbs that amend,
add and correct, and then named here. The request stays with its entry, whatever came of it.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient
from records.access.amendments import check_can_answer, check_can_ask, check_can_reply
from records.actions.writing import NotCurrent, NotRecorded
from records.events import (
    AmendmentAnswered,
    AmendmentDisputed,
    AmendmentDueSoon,
    AmendmentExtended,
    AmendmentRebutted,
    AmendmentRequested,
    AmendmentWithdrawn,
)
from records.models import AmendmentRequest, Entry
from records.queries.amendments import OpenRequests, amended_in, open_requests, watched_requests
from records.rules.amendments import due_of, is_said, next_word


@transaction.atomic
def ask_amendment(
    *, by: User, patient: Patient, wanted: str, reason: str, now: datetime, entry: Entry | None = None
) -> AmendmentRequest:
    """Ask that an entry say something else, or the record where it says nothing yet. An answer is due in 60 days.

    Raises NotAllowed, NotInScope, and NotRecorded without a sentence or where one about this entry waits already.
    """
    check_can_ask(by, patient, entry)
    _check_said(wanted, _("Say in a sentence what the record should say."))
    _check_said(reason, _("Say in a sentence why."))
    due_at = due_of(now)
    request = AmendmentRequest(
        patient=patient,
        entry=entry,
        written_by=entry.author if entry else None,
        sensitivity=entry.sensitivity if entry else "",
        wanted=wanted.strip(),
        reason=reason.strip(),
        asked_by=by,
        asked_at=now,
        due_at=due_at,
        next_at=next_word(due_at, now),
    )
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError as problem:
        raise NotRecorded(_("A request about this waits already. The answer will stand there.")) from problem
    record("records.ask_amendment", by=by, patient_id=patient.pk, target=request)
    publish(AmendmentRequested(request_id=request.pk, patient_id=patient.pk))
    return request


@transaction.atomic
def withdraw_amendment(*, by: User, request: AmendmentRequest, now: datetime) -> None:
    """Take it back while it waits. Raises NotAllowed, NotInScope, NotCurrent."""
    check_can_reply(by, request)
    row = _waiting(request)
    row.state, row.answered_at, row.answered_by, row.next_at = "withdrawn", now, by, None
    row.save(update_fields=["state", "answered_at", "answered_by", "next_at", "updated_at"])
    record("records.withdraw_amendment", by=by, patient_id=row.patient_id, target=row)
    publish(AmendmentWithdrawn(request_id=row.pk, patient_id=row.patient_id))


@transaction.atomic
def take_amendment(*, by: User, request: AmendmentRequest, now: datetime) -> None:
    """Make it one's own work. Raises NotAllowed, NotInScope, NotCurrent."""
    check_can_answer(by, request)
    row = _waiting(request)
    row.owner, row.taken_at = by, now
    row.save(update_fields=["owner", "taken_at", "updated_at"])
    record("records.take_amendment", by=by, patient_id=row.patient_id, target=row)


@transaction.atomic
def extend_amendment(*, by: User, request: AmendmentRequest, reason: str, now: datetime) -> None:
    """Thirty days more, once, before the first time is over; the patient reads why, and by when.

    Raises NotAllowed, NotInScope, NotCurrent, and NotRecorded.
    """
    check_can_answer(by, request)
    _check_said(reason, _("Say in a sentence why it takes longer. The patient reads it."))
    row = _waiting(request)
    if row.extended_at is not None:
        raise NotRecorded(_("The time was extended once already. There is no second time."))
    if now > row.due_at:
        raise NotRecorded(_("The time is over. It could have been extended before."))
    row.extended_at, row.extended_by, row.extension_reason = now, by, reason.strip()
    row.due_at = due_of(row.asked_at, extended=True)
    row.next_at = next_word(row.due_at, now)
    names = ("extended_at", "extended_by", "extension_reason", "due_at", "next_at", "updated_at")
    row.save(update_fields=names)
    record("records.extend_amendment", by=by, patient_id=row.patient_id, target=row)
    publish(AmendmentExtended(request_id=row.pk, patient_id=row.patient_id))


@transaction.atomic
def accept_amendment(*, by: User, request: AmendmentRequest, answer: str, now: datetime) -> None:
    """Say that the record will be amended. Who writes it does so by the verbs that amend, and names it then.

    Raises NotAllowed, NotInScope, NotCurrent, and NotRecorded.
    """
    row = _answered(by, request, "accepted", "", answer, now)
    record("records.accept_amendment", by=by, patient_id=row.patient_id, target=row)
    publish(AmendmentAnswered(request_id=row.pk, patient_id=row.patient_id))


@transaction.atomic
def deny_amendment(*, by: User, request: AmendmentRequest, ground: str, answer: str, now: datetime) -> None:
    """Say on which of the four grounds it is denied, in plain words. Raises as `accept_amendment`."""
    if ground not in AmendmentRequest.Ground.values:
        raise NotRecorded(_("Choose one of the grounds. The law knows no other."))
    row = _answered(by, request, "denied", ground, answer, now)
    record("records.deny_amendment", by=by, patient_id=row.patient_id, target=row, detail={"ground": ground})
    publish(AmendmentAnswered(request_id=row.pk, patient_id=row.patient_id))


@transaction.atomic
def make_amendment(*, by: User, request: AmendmentRequest, entry: Entry, now: datetime) -> None:
    """Name the entry in which the record now says so: a later version, an addendum, or what was marked as wrong.

    Raises NotAllowed, NotInScope, NotCurrent, and NotRecorded for an entry that has nothing to do with it.
    """
    check_can_answer(by, request)
    row = _locked(request)
    if row.state != "accepted" or row.made_at is not None:
        raise NotCurrent(_("Somebody has done this meanwhile, or it was not accepted."))
    if entry.pk not in {found.pk for found in amended_in(by, row)}:
        raise NotRecorded(_("This was not written after the request, or is about something else."))
    row.made_in, row.made_at, row.made_by = entry, now, by
    row.save(update_fields=["made_in", "made_at", "made_by", "updated_at"])
    record("records.make_amendment", by=by, patient_id=row.patient_id, target=row, detail={"entry": entry.pk})


@transaction.atomic
def disagree_with_denial(*, by: User, request: AmendmentRequest, statement: str, now: datetime) -> None:
    """A statement of disagreement, once; it goes with the entry wherever that goes (45 CFR 164.526(d)).

    Raises NotAllowed, NotInScope, NotCurrent, and NotRecorded.
    """
    check_can_reply(by, request)
    _check_said(statement, _("Say in a sentence what you disagree with."))
    row = _locked(request)
    if row.state != "denied" or row.disagreed_at is not None:
        raise NotCurrent(_("A statement stands here already, or the request was not denied."))
    row.disagreement, row.disagreed_at, row.disagreed_by = statement.strip(), now, by
    row.save(update_fields=["disagreement", "disagreed_at", "disagreed_by", "updated_at"])
    record("records.disagree_with_denial", by=by, patient_id=row.patient_id, target=row)
    publish(AmendmentDisputed(request_id=row.pk, patient_id=row.patient_id))


@transaction.atomic
def rebut_disagreement(*, by: User, request: AmendmentRequest, rebuttal: str, now: datetime) -> None:
    """The clinic's written answer to the statement, once; the patient reads it.

    Raises NotAllowed, NotInScope, NotCurrent, and NotRecorded.
    """
    check_can_answer(by, request)
    _check_said(rebuttal, _("Say in a sentence what the clinic answers."))
    row = _locked(request)
    if row.disagreed_at is None or row.rebutted_at is not None:
        raise NotCurrent(_("There is nothing to rebut, or a colleague did so meanwhile."))
    row.rebuttal, row.rebutted_at, row.rebutted_by = rebuttal.strip(), now, by
    row.save(update_fields=["rebuttal", "rebutted_at", "rebutted_by", "updated_at"])
    record("records.rebut_disagreement", by=by, patient_id=row.patient_id, target=row)
    publish(AmendmentRebutted(request_id=row.pk, patient_id=row.patient_id))


@transaction.atomic
def remind_of_amendment(*, by: User | None, request_id: UUID, now: datetime) -> None:
    """Announce that an answer is due soon, or overdue, if it still is; else nothing. The row is locked."""
    rows = AmendmentRequest.objects.select_for_update(of=("self",))
    row = rows.filter(pk=request_id, state="waiting", next_at__lte=now).first()
    if row is None:
        return
    row.next_at, row.handed_until = next_word(row.due_at, now), None
    row.save(update_fields=["next_at", "handed_until", "updated_at"])
    record("records.remind_of_amendment", by=by, patient_id=row.patient_id, target=row)
    overdue = now >= row.due_at
    publish(AmendmentDueSoon(request_id=row.pk, patient_id=row.patient_id, overdue=overdue))


def list_amendments(*, by: User) -> OpenRequests:
    """What waits for an answer or to be made, of the patients in reach, the most urgent first; audited as a list.

    Raises NotAllowed and AuditUnavailable.
    """
    check_can(by, Permission.WRITE_NOTE)
    record_now("records.list_amendments", by=by)
    return open_requests(by)


def watch_amendments(*, by: User) -> OpenRequests:
    """The same of all patients, for who watches over the clock; audited. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.REVIEW_ACCESS)
    record_now("records.watch_amendments", by=by)
    return watched_requests(by)


def _answered(
    by: User, request: AmendmentRequest, state: str, ground: str, answer: str, now: datetime
) -> AmendmentRequest:
    check_can_answer(by, request)
    _check_said(answer, _("Answer in a sentence that the patient understands."))
    row = _waiting(request)
    row.state, row.ground, row.answer = state, ground, answer.strip()
    row.answered_at, row.answered_by, row.next_at = now, by, None
    row.save(update_fields=["state", "ground", "answer", "answered_at", "answered_by", "next_at", "updated_at"])
    return row


def _check_said(text: str, sentence: str) -> None:
    if not is_said(text):
        raise NotRecorded(sentence)


def _locked(request: AmendmentRequest) -> AmendmentRequest:
    """The request as it is now, kept still until the transaction ends."""
    rows = AmendmentRequest.objects.select_for_update(of=("self",))
    row: AmendmentRequest = rows.get(pk=request.pk, patient_id=request.patient_id)
    return row


def _waiting(request: AmendmentRequest) -> AmendmentRequest:
    row = _locked(request)
    if row.state != "waiting":
        told = {"state": row.get_state_display()}
        raise NotCurrent(_("Meanwhile this request stands at: %(state)s. Look at it again.") % told)
    return row
