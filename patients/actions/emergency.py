"""Break the glass on one chart, end it, tell of it, and review it afterwards.

45 CFR 164.312(a)(2)(ii), emergency access procedure; 45 CFR 170.315(d)(6).
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed, check_can, scopes_of
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from healthcare.messaging.actions import queue_message
from patients.access import check_can_break_glass, check_can_review, find_visible
from patients.events import AccessEnded, AccessGranted, EmergencyReviewed, GlassBroken
from patients.models import CareRelationship, EmergencyAccess
from patients.models.emergency import LONGEST_EMERGENCY, OPEN_VERDICTS, SHORTEST_REASON
from patients.models.reach import reach_of
from patients.queries.emergencies import (
    EmergencyPage,
    ReviewPage,
    page_of,
    page_to_review,
    reviewers,
    running_emergency,
)


class GlassNotBroken(Exception):
    """The chart stays closed. The message is a sentence for whoever asked, and never says whether there is one."""


class AlreadyReviewed(Exception):
    """Somebody else gave the last word first."""


@transaction.atomic
def break_glass(
    *, by: User, patient_id: UUID, purpose: str, reason: str, lasts: timedelta, now: datetime
) -> EmergencyAccess:
    """Open this one chart to oneself, in the role one acts in, from `now` for as long as `lasts`: four hours at most.

    The right is given in advance; the door has asked once more who it is. Who has it open already keeps what they have.
    Raises NotAllowed without the right, and GlassNotBroken; either leaves a denial in the audit.
    """
    try:
        check_can_break_glass(by)
        running = running_emergency(by, patient_id)
        emergency = running or _open(by, patient_id, purpose, reason.strip(), lasts, now)
    except (NotAllowed, GlassNotBroken):
        record_now("patients.break_glass", by=by, patient_id=patient_id, outcome="denied")
        raise
    if running is None:
        detail = {"purpose": purpose, "minutes": int(lasts.total_seconds() // 60)}
        record("patients.break_glass", by=by, patient_id=patient_id, target=emergency, detail=detail)
        publish(AccessGranted(patient_id=patient_id, relationship_id=emergency.relationship_id))
        publish(GlassBroken(patient_id=patient_id, emergency_id=emergency.pk))
    return emergency


@transaction.atomic
def end_emergency(*, by: User, patient_id: UUID, now: datetime) -> bool:
    """End one's own emergency access to this chart before its time; whether there was any. It is reviewed all the same.

    No permission is asked: whoever holds it may always give it back.
    """
    running = running_emergency(by, patient_id)
    if running is None:
        return False
    relationship = CareRelationship.objects.select_for_update(of=("self",)).get(pk=running.relationship_id)
    relationship.validity = TimestamptzRange(relationship.validity.lower, now)
    relationship.ended_at, relationship.ended_by = now, by
    relationship.save(update_fields=["validity", "ended_at", "ended_by", "updated_at"])
    record("patients.end_emergency", by=by, patient_id=patient_id, target=running)
    publish(AccessEnded(patient_id=patient_id, relationship_id=relationship.pk))
    return True


@transaction.atomic
def tell_of_emergency(*, by: User | None, emergency_id: UUID) -> int:
    """Queue an urgent mail to each privacy officer, or to the administrators where there is none; returns how many.

    It names no patient. Once a person, however often it is called.
    """
    emergency = EmergencyAccess.objects.filter(pk=emergency_id).select_related("user").first()
    if emergency is None:
        return 0
    people = reviewers(besides=emergency.user_id)
    detail = {"people": len(people)}
    record("patients.tell_of_emergency", by=by, patient_id=emergency.patient_id, target=emergency, detail=detail)
    for person in people:
        queue_message(
            by=by,
            channel="email",
            address=person.email,
            template="patients/emergency_opened",
            parameters={"who": emergency.user.full_name, "emergency": str(emergency.pk)},
            dedupe_key=f"emergency_opened:{emergency_id}:{person.pk}",
            urgent=True,
        )
    return len(people)


def list_emergencies(*, by: User, now: datetime) -> ReviewPage:
    """What waits for a review, by deadline, and what each person did in this way; with the patients' names.

    Raises NotAllowed, and AuditUnavailable: then show nothing.
    """
    check_can(by, Permission.REVIEW_ACCESS)
    page = page_to_review(by, now)
    record_now("patients.list_emergencies", by=by, detail={"rows": len(page.lines)})
    return page


def show_emergency(*, by: User, emergency: EmergencyAccess, now: datetime) -> EmergencyPage:
    """One of them, with what was done in the chart meanwhile. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.REVIEW_ACCESS)
    record_now("patients.show_emergency", by=by, patient_id=emergency.patient_id, target=emergency)
    return page_of(by, emergency, now)


@transaction.atomic
def review_emergency(
    *, by: User, emergency: EmergencyAccess, verdict: EmergencyAccess.Verdict, note: str, now: datetime
) -> None:
    """Say whether it was justified, and why; found unjustified while it lasts, it is over with that.

    What needs a follow-up stays in the queue, and takes another verdict. Raises NotAllowed, for one's own too,
    ValueError without a note, and AlreadyReviewed.
    """
    check_can_review(by, emergency)
    if not note.strip():
        raise ValueError("A verdict says why.")
    emergency = EmergencyAccess.objects.visible_to(by).select_for_update(of=("self",)).get(pk=emergency.pk)
    if emergency.verdict not in OPEN_VERDICTS:
        raise AlreadyReviewed(_("Somebody else has reviewed this already."))
    emergency.verdict, emergency.reviewed_at, emergency.reviewed_by = verdict, now, by
    emergency.note = "\n".join(filter(None, [emergency.note, note.strip()]))
    emergency.save(update_fields=["verdict", "note", "reviewed_at", "reviewed_by", "updated_at"])
    detail = {"verdict": verdict.value, "user": emergency.user_id}
    record("patients.review_emergency", by=by, patient_id=emergency.patient_id, target=emergency, detail=detail)
    publish(EmergencyReviewed(patient_id=emergency.patient_id, emergency_id=emergency.pk, verdict=verdict.value))


def _open(by: User, patient_id: UUID, purpose: str, reason: str, lasts: timedelta, now: datetime) -> EmergencyAccess:
    if len(reason) < SHORTEST_REASON:
        raise GlassNotBroken(_("Say why, in a sentence of at least %d characters.") % SHORTEST_REASON)
    if not timedelta(0) < lasts <= LONGEST_EMERGENCY:
        raise GlassNotBroken(_("Emergency access lasts four hours at most."))
    if purpose not in EmergencyAccess.Purpose.values:
        raise GlassNotBroken(_("Say what the chart is needed for."))
    if patient_id in reach_of(by).closed:
        raise GlassNotBroken(_("This chart cannot be opened in this way."))
    with transaction.atomic():
        relationship = CareRelationship(
            patient_id=patient_id,
            kind=CareRelationship.Kind.BREAK_GLASS,
            user=by,
            role=by.acting_role or "",
            scopes=sorted(scopes_of(by.acting_role or "")),
            validity=TimestamptzRange(now, now + lasts),
            reason=reason,
            source=purpose,
            granted_by=by,
        )
        relationship.save(force_insert=True)
        # Opened first, then looked at: whether there is such a patient, and is not closed to this person, shows now.
        if find_visible(by, patient_id) is None:
            raise GlassNotBroken(_("This chart cannot be opened in this way."))
    return EmergencyAccess.objects.visible_to(by).get(relationship=relationship)
