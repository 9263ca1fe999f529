"""What patients doubt in the list of who opened their record, records that are watched closely, and who was touched."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.audit.models import AuditEvent
from healthcare.audit.report import AuditFilter
from healthcare.events import publish
from healthcare.messaging.actions import queue_message
from patients import queries
from patients.events import PrivacyCaseAnswered, PrivacyCaseOpened
from patients.models import CloseWatch, Patient, PrivacyCase
from patients.queries.emergencies import reviewers
from patients.queries.merging import ids_of

ANSWERED_WITHIN = timedelta(days=30)  # GDPR article 12(3): within one month
LEAST = 10  # letters of a doubt, a reason, an answer


class NotAccepted(Exception):
    """The message is a sentence for whoever typed it."""


class AlreadyDone(Exception):
    """Somebody was first. The message is a sentence for whoever came second."""


@transaction.atomic
def open_privacy_case(*, by: User, patient: Patient, event_id: UUID, doubt: str, now: datetime) -> PrivacyCase:
    """A patient, or who acts for them, doubts one line of the list. The privacy officers are told.

    Raises NotAllowed, NotAccepted for an event of another record or a doubt of one word, and AlreadyDone.
    """
    check_can(by, Permission.OWN_RECORD)
    if len(doubt.strip()) < LEAST:
        raise NotAccepted(_("Say in a sentence what seems wrong."))
    if not AuditEvent.objects.about_patient(*ids_of(patient.pk)).filter(pk=event_id).exclude(actor_id=by.pk).exists():
        raise NotAccepted(_("This line is not in your list."))
    case = PrivacyCase(
        patient=patient,
        event_id=event_id,
        doubt=doubt.strip(),
        opened_by=by,
        opened_at=now,
        due_at=now + ANSWERED_WITHIN,
    )
    _add(case, _("You have asked about this already. The answer will stand here."))
    record("patients.open_privacy_case", by=by, patient_id=patient.pk, target=case, detail={"event": event_id})
    publish(PrivacyCaseOpened(case_id=case.pk, patient_id=patient.pk))
    return case


@transaction.atomic
def tell_of_privacy_case(*, by: User | None, case_id: UUID) -> None:
    """Write to the privacy officers that somebody doubts an opening, without a word of it. Idempotent."""
    case = PrivacyCase.objects.filter(pk=case_id).first()
    if case is None:
        return
    for person in reviewers(besides=case.opened_by_id):
        queue_message(
            by=by,
            channel="email",
            address=person.email,
            template="patients/privacy_case",
            parameters={"case": str(case.pk)},
            dedupe_key=f"patients:privacy_case:{case.pk}:{person.pk}",
        )
    record("patients.tell_of_privacy_case", by=by, patient_id=case.patient_id, target=case)


@transaction.atomic
def take_privacy_case(*, by: User, case: PrivacyCase, now: datetime) -> None:
    """Make it one's own work. Raises NotAllowed, and AlreadyDone when it was answered."""
    check_can(by, Permission.REVIEW_ACCESS)
    case = _waiting(by, case)
    case.owner, case.taken_at = by, now
    case.save(update_fields=["owner", "taken_at", "updated_at"])
    record("patients.take_privacy_case", by=by, patient_id=case.patient_id, target=case)


@transaction.atomic
def answer_privacy_case(*, by: User, case: PrivacyCase, verdict: str, answer: str, now: datetime) -> None:
    """Tell the patient what came of it; the answer stands in the portal, and a letter says that there is one.

    Raises NotAllowed, NotAccepted without a verdict or an answer, and AlreadyDone.
    """
    check_can(by, Permission.REVIEW_ACCESS)
    if verdict not in PrivacyCase.Verdict.values:
        raise NotAccepted(_("Say what came of it."))
    if len(answer.strip()) < LEAST:
        raise NotAccepted(_("Answer in a sentence that the patient understands."))
    case = _waiting(by, case)
    case.verdict, case.answer, case.answered_at, case.answered_by = verdict, answer.strip(), now, by
    case.save(update_fields=["verdict", "answer", "answered_at", "answered_by", "updated_at"])
    detail = {"verdict": verdict}
    record("patients.answer_privacy_case", by=by, patient_id=case.patient_id, target=case, detail=detail)
    publish(PrivacyCaseAnswered(case_id=case.pk, patient_id=case.patient_id))


@transaction.atomic
def watch_closely(*, by: User, number: str, reason: str, public_eye: bool = False) -> CloseWatch:
    """Have every opening of this record by somebody who does not treat the patient looked at.

    With `public_eye` the banner says so to who opens it, and who does not treat the patient finds the record by name
    no more; without, nobody but the privacy officers knows of it.

    Raises NotAllowed, NotAccepted for a number that is nobody's, AlreadyDone.
    """
    check_can(by, Permission.REVIEW_ACCESS)
    found = queries.patients_of_numbers([number])
    if not found:
        raise NotAccepted(_("No patient has this record number."))
    if not reason.strip():
        raise NotAccepted(_("Say why."))
    watch = CloseWatch(patient_id=found[number], reason=reason.strip(), placed_by=by, public_eye=public_eye)
    _add(watch, _("This record is watched already. End that first."))
    detail = {"public_eye": public_eye}
    record("patients.watch_closely", by=by, patient_id=watch.patient_id, target=watch, detail=detail)
    return watch


@transaction.atomic
def end_close_watch(*, by: User, watch: CloseWatch, now: datetime) -> None:
    """Raises NotAllowed, and AlreadyDone."""
    check_can(by, Permission.REVIEW_ACCESS)
    found = CloseWatch.objects.visible_to(by).current().select_for_update(of=("self",)).filter(pk=watch.pk).first()
    if found is None:
        raise AlreadyDone(_("It was ended meanwhile."))
    found.ended_at, found.ended_by = now, by
    found.save(update_fields=["ended_at", "ended_by", "updated_at"])
    record("patients.end_close_watch", by=by, patient_id=watch.patient_id, target=watch)


def list_privacy_cases(*, by: User) -> None:
    """Say that this person looks at the cases, before any is shown. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.REVIEW_ACCESS)
    record_now("patients.list_privacy_cases", by=by)


def tell_breach_scope(*, by: User | None, wanted: AuditFilter) -> queries.BreachScope:
    """Whose records were touched by an account, in a sign-in, from an address, by a request, in a time; noted before it
    is shown. Raises NotAllowed and AuditUnavailable; by None, an operator asks at the machine, as the system.
    """
    if by is not None:
        check_can(by, Permission.READ_AUDIT)
    used = sorted(name for name, value in vars(wanted).items() if value)
    record_now("patients.breach_scope", by=by, detail={"filters": used})
    return queries.breach_scope(wanted)


def _add(row: PrivacyCase | CloseWatch, sentence: str) -> None:
    """Of two at once, the database lets one be the first; the other gets the sentence."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as problem:
        raise AlreadyDone(sentence) from problem


def _waiting(by: User, case: PrivacyCase) -> PrivacyCase:
    found = PrivacyCase.objects.visible_to(by).waiting().select_for_update(of=("self",)).filter(pk=case.pk).first()
    if found is None:
        raise AlreadyDone(_("This case was answered meanwhile."))
    return found
