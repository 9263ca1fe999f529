"""Ask whoever pays whether a card counts on a day, and keep the answer as it was given."""

import logging
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from billing import queries
from billing.access import check_can_record_coverage
from billing.eligibility import answerer
from billing.events import EligibilityAnswered, EligibilityAsked
from billing.models import Coverage, EligibilityCheck
from billing.rules.coverage import Answer, Question
from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from scheduling.models import Appointment

logger = logging.getLogger(__name__)


@transaction.atomic
def ask_eligibility(
    *, by: User | None, coverage: Coverage, service_date: date, now: datetime, appointment: Appointment | None = None
) -> EligibilityCheck:
    """Ask whether this card counts on that day; the question that has no answer yet, where there is one.

    A worker asks and keeps the answer. Raises NotAllowed and NotInScope.
    """
    if by is not None:
        check_can_record_coverage(by, coverage.patient_id)
    rows = EligibilityCheck.objects if by is None else EligibilityCheck.objects.visible_to(by)
    same = {"coverage": coverage, "service_date": service_date, "appointment": appointment}
    waiting = rows.filter(status=EligibilityCheck.Status.ASKED, **same).first()
    if waiting is not None:
        return waiting
    check = EligibilityCheck(patient_id=coverage.patient_id, asked_at=now, asked_by=by, **same)
    check.save(force_insert=True)
    record("billing.ask_eligibility", by=by, patient_id=check.patient_id, target=check)
    publish(EligibilityAsked(check_id=check.pk, patient_id=check.patient_id))
    return check


@transaction.atomic
def answer_eligibility(*, by: User | None, check_id: UUID, now: datetime) -> EligibilityCheck | None:
    """Ask what the settings name and keep what it says; also that no answer could be had. For the system, in a worker.

    Answered already: nothing happens. None for a check that is unknown.
    """
    rows = EligibilityCheck.objects.filter(pk=check_id).select_for_update(of=("self",))
    check = rows.select_related("coverage__plan__payer").first()
    if check is None or check.status != EligibilityCheck.Status.ASKED:
        return check
    name, answer = _asked(queries.question_about(check))
    check.answered_at, check.answered_by = now, name[:80]
    if answer is None:
        check.status = EligibilityCheck.Status.FAILED
    else:
        check.status = EligibilityCheck.Status.ANSWERED
        check.outcome, check.reason = answer.outcome.value, answer.reason.value
        check.copay, check.deductible, check.received = answer.copay, answer.deductible, answer.received
    changed = ["status", "answered_at", "answered_by", "outcome", "reason", "copay", "deductible", "received"]
    check.save(update_fields=[*changed, "updated_at"])
    record("billing.answer_eligibility", by=by, patient_id=check.patient_id, target=check)
    publish(EligibilityAnswered(check_id=check.pk, patient_id=check.patient_id))
    return check


def _asked(question: Question) -> tuple[str, Answer | None]:
    """The name of what answered, and its answer; None where it failed, whatever way. The log has no values."""
    name = ""
    try:
        with transaction.atomic():
            name, answers = answerer()
            return name, answers(question)
    except Exception as problem:
        logger.warning("no answer about eligibility", extra={"problem": type(problem).__name__})
        return name, None
