"""What patients propose to change in their record, and how the staff answers: field by field."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.access import NotInScope, find_visible
from patients.events import PatientChanged
from patients.models import Patient, ProposedChange
from patients.queries.proposals import patients_with_proposals

State = ProposedChange.State


class AnsweredMeanwhile(Exception):
    """Somebody answered it, took it back, or changed the field. The message says what to do."""


@transaction.atomic
def propose_changes(*, by: User, patient: Patient, values: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    """Keep what the patient, or who acts for them, wants each field to say; returns the fields, perhaps none.

    What waited for the same field is taken back; what is the same as now is no proposal. Nothing of the record changes
    until somebody at the clinic accepts it. Raises NotAllowed, NotInScope, and ValueError for a field that is none.
    """
    check_can(by, Permission.OWN_RECORD)
    known = find_visible(by, patient.pk)
    if known is None or known.deceased:
        raise NotInScope(_("This patient is not in your scope."))
    if unknown := set(values) - set(ProposedChange.FIELDS):
        raise ValueError(f"Not for patients to propose: {sorted(unknown)}")
    rows = ProposedChange.objects.visible_to(by).waiting().filter(patient=patient)
    waiting = {row.field: row for row in rows.select_for_update(of=("self",)).order_by("pk")}
    wanted = {
        field: value
        for field, value in values.items()
        if value != (waiting[field].value if field in waiting else getattr(known, field))
    }
    for field, value in wanted.items():
        if field in waiting:
            _answer(by, waiting[field], State.WITHDRAWN, "", now)
        if value != (was := getattr(known, field)):
            row = ProposedChange(patient=patient, field=field, was=was, value=value, proposed_by=by)
            row.save(force_insert=True)
    if wanted:
        detail = {"fields": list(wanted)}
        record("patients.propose_changes", by=by, patient_id=patient.pk, target=patient, detail=detail)
    return tuple(wanted)


def list_proposals(*, by: User) -> list[Patient]:
    """The patients in reach whose proposals wait. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.CHANGE_PATIENT)
    found = patients_with_proposals(by)
    record_now("patients.list_proposals", by=by, detail={"rows": len(found)})
    return found


@transaction.atomic
def withdraw_proposal(*, by: User, proposal: ProposedChange, now: datetime) -> None:
    """The patient takes it back. Answered already: nothing happens. Raises NotAllowed."""
    check_can(by, Permission.OWN_RECORD)
    row = _held(by, proposal)
    if row.state == State.WAITING:
        _answer(by, row, State.WITHDRAWN, "", now)
        _say_of_patient("patients.withdraw_proposal", by, row)


@transaction.atomic
def accept_proposal(*, by: User, proposal: ProposedChange, seen: str, now: datetime) -> None:
    """Take the proposed value over into the record; the row keeps who proposed it and who accepted.

    `seen` is what the field said before the eyes of whoever accepts. Raises NotAllowed, AnsweredMeanwhile.
    """
    check_can(by, Permission.CHANGE_PATIENT)
    row = _held(by, proposal)
    patient = Patient.objects.visible_to(by).select_for_update(of=("self",)).get(pk=row.patient_id)
    _check_waits(row)
    if getattr(patient, row.field) != seen:
        raise AnsweredMeanwhile(_("Somebody changed this field after you opened the page. Look at it again."))
    setattr(patient, row.field, row.value)
    patient.save(update_fields=[row.field, "updated_at"])
    _answer(by, row, State.ACCEPTED, "", now)
    _say_of_patient("patients.accept_proposal", by, row)
    publish(PatientChanged(patient_id=patient.pk, fields=(row.field,)))


@transaction.atomic
def refuse_proposal(*, by: User, proposal: ProposedChange, reason: str, now: datetime) -> None:
    """Leave the field as it is, with a reason that the patient reads. Raises NotAllowed, AnsweredMeanwhile."""
    check_can(by, Permission.CHANGE_PATIENT)
    reason = " ".join(reason.split())
    if not reason:
        raise NotAllowed(_("Say why: the patient reads it."))
    row = _held(by, proposal)
    _check_waits(row)
    _answer(by, row, State.REFUSED, reason, now)
    _say_of_patient("patients.refuse_proposal", by, row)


# == Steps ==
def _held(by: User, proposal: ProposedChange) -> ProposedChange:
    return ProposedChange.objects.visible_to(by).select_for_update(of=("self",)).get(pk=proposal.pk)


def _check_waits(row: ProposedChange) -> None:
    if row.state != State.WAITING:
        raise AnsweredMeanwhile(_("This was answered already, or the patient took it back."))


def _answer(by: User, row: ProposedChange, state: str, reason: str, now: datetime) -> None:
    row.state, row.answer, row.answered_at, row.answered_by = state, reason, now, by
    row.save(update_fields=["state", "answer", "answered_at", "answered_by", "updated_at"])


def _say_of_patient(action: str, by: User, row: ProposedChange) -> None:
    record(action, by=by, patient_id=row.patient_id, target=row, detail={"fields": [row.field]})
