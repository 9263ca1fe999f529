"""What the patient agrees to, refuses and takes back; and who must not see the record."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import User
from healthcare.audit import record
from patients.access import check_can_consent, check_can_restrict
from patients.models import Consent, Patient, Restriction
from patients.texts import IN_WRITING, LASTS, WRITTEN_METHODS, current_text

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('consent:' || %s::text, 0))"


class NotGiven(Exception):
    """The answer cannot be taken as it is. The message is a sentence."""


class NotRestricted(Exception):
    """The message is a sentence."""


@transaction.atomic
def give_consent(
    *,
    by: User,
    patient: Patient,
    purpose: Consent.Purpose,
    decision: Consent.Decision,
    shown: str,
    method: Consent.Method,
    now: datetime,
    until: datetime | None = None,
) -> Consent:
    """Keep the patient's yes or no to today's words; `shown` is the SHA-256 of those that stood before their eyes.

    It replaces the answer before it, and counts from the next statement on. A yes ends at `until` or after the time
    that its text says, whichever comes first. Raises NotGiven for words that have changed meanwhile, for an end that
    has come, and for a yes that needs writing and has none (42 CFR 2.31); NotAllowed.
    """
    check_can_consent(by, patient)
    text = current_text(purpose.value)
    if shown != text.digest:
        raise NotGiven(_("The text has changed meanwhile. Read the new one first."))
    if (by.acting_role == "patient") != (method == Consent.Method.PORTAL):
        raise NotGiven(_("Say how the patient told it."))
    permits = decision == Consent.Decision.PERMIT
    if permits and purpose.value in IN_WRITING and method.value not in WRITTEN_METHODS:
        raise NotGiven(_("This yes has to be in writing: on paper, or by the patient in the portal."))
    if until is not None and until <= now:
        raise NotGiven(_("This end has come already."))
    _end_answers(by, patient, purpose, now)
    last = now + LASTS[purpose.value] if permits and purpose.value in LASTS else None
    ends = min((end for end in (until, last) if end is not None), default=None) if permits else None
    consent = Consent(
        patient=patient,
        purpose=purpose.value,
        decision=decision.value,
        text_version=text.version,
        text_hash=text.digest,
        method=method.value,
        given_at=now,
        recorded_by=by,
        validity=TimestamptzRange(now, ends),
    )
    consent.save(force_insert=True)
    detail = {"purpose": purpose.value, "decision": decision.value, "version": text.version, "method": method.value}
    record("patients.give_consent", by=by, patient_id=patient.pk, target=consent, detail=detail)
    return consent


@transaction.atomic
def withdraw_consent(*, by: User, patient: Patient, purpose: Consent.Purpose, now: datetime) -> int:
    """Take back what was said to this purpose: as easy as it was given, by the same people (GDPR 7(3)).

    Whoever saw something by it sees it no more from the next statement on. Returns how many answers ended; with none,
    nothing happens. Raises NotAllowed.
    """
    check_can_consent(by, patient)
    ended = _end_answers(by, patient, purpose, now)
    for consent in ended:
        record(
            "patients.withdraw_consent",
            by=by,
            patient_id=patient.pk,
            target=consent,
            detail={"purpose": purpose.value},
        )
    return len(ended)


def _end_answers(by: User, patient: Patient, purpose: Consent.Purpose, now: datetime) -> list[Consent]:
    """End what stands; of two who answer at once, the second ends what the first said."""
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [f"{patient.pk}:{purpose.value}"])
    rows = Consent.objects.visible_to(by).filter(patient=patient, purpose=purpose.value, withdrawn_at=None)
    ended = list(rows.order_by("id"))
    for consent in ended:
        consent.withdrawn_at, consent.withdrawn_by = now, by
        consent.validity = _cut(consent.validity, now)
        consent.save(update_fields=["withdrawn_at", "withdrawn_by", "validity", "updated_at"])
    return ended


def _cut(validity: TimestamptzRange, now: datetime) -> TimestamptzRange:
    """What was over stays as it was; what goes on ends now; what has not begun never does."""
    first, last = validity.lower, validity.upper
    if validity.isempty or (last is not None and last <= now):
        return validity
    return TimestamptzRange(empty=True) if first is not None and first >= now else TimestamptzRange(first, now)


# == Restrictions ==
@transaction.atomic
def restrict(*, by: User, patient: Patient, user: User, reason: str, now: datetime) -> Restriction:
    """Keep this person from seeing this patient, in every staff role and whatever else opens the chart.

    A wish of the patient that the clinic agreed to (45 CFR 164.522(a)); it counts from the next statement on, also in
    an emergency. Raises NotRestricted without a reason, for oneself, and where it stands already; NotAllowed.
    """
    check_can_restrict(by, patient)
    reason = " ".join(reason.split())
    if not reason:
        raise NotRestricted(_("Say what was agreed with the patient."))
    if user.pk == by.pk:
        raise NotRestricted(_("Nobody shuts themselves out. Ask a colleague to agree to it with the patient."))
    if Restriction.objects.visible_to(by).current().filter(patient=patient, user=user).exists():
        raise NotRestricted(_("This person is kept out already."))
    restriction = Restriction(
        patient=patient, user=user, reason=reason, validity=TimestamptzRange(now, None), agreed_by=by
    )
    restriction.save(force_insert=True)
    record("patients.restrict", by=by, patient_id=patient.pk, target=restriction, detail={"user": str(user.pk)})
    return restriction


@transaction.atomic
def end_restriction(*, by: User, restriction: Restriction, now: datetime) -> None:
    """The patient lets this person in again: what else opens the chart to them counts once more.

    Ended already: nothing happens. Raises NotAllowed, and NotInScope for whoever is kept out.
    """
    check_can_restrict(by, restriction.patient)
    rows = Restriction.objects.visible_to(by).select_for_update(of=("self",))
    found = rows.get(pk=restriction.pk)
    if found.ended_at is not None:
        return
    found.ended_at, found.ended_by, found.validity = now, by, _cut(found.validity, now)
    found.save(update_fields=["ended_at", "ended_by", "validity", "updated_at"])
    detail = {"user": str(found.user_id)}
    record("patients.end_restriction", by=by, patient_id=found.patient_id, target=found, detail=detail)
