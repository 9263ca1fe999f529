"""Before the visit: what the clinic knows is right, or something is different."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from scheduling.access import check_can_answer_ahead
from scheduling.actions.claims import NotOpen, lock_in_order
from scheduling.actions.steps import locked
from scheduling.events import AnsweredAhead
from scheduling.models import AheadAnswer, Appointment
from scheduling.rules import may_answer_ahead

SAID = ("right", "answered_by", "updated_at")


@transaction.atomic
def answer_ahead(*, by: User, appointment: Appointment, answers: Mapping[str, bool], now: datetime) -> None:
    """By item, whether what the clinic knows is right; answered anew, the last answer counts.

    Raises NotOpen for a visit that is not open, or further off than a week; NotAllowed for staff, NotInScope.
    """
    check_can_answer_ahead(by, appointment)
    with lock_in_order([appointment.patient_id]):
        visit = locked(appointment)
        if not visit.is_open or not may_answer_ahead(visit.starts_at, now):
            raise NotOpen(_("This can be answered in the week before a visit that is still to come."))
        known = {row.item: row for row in AheadAnswer.objects.filter(appointment=visit)}
        for item, right in answers.items():
            row = known.get(item) or AheadAnswer(appointment=visit, patient=visit.patient, item=item)
            row.right, row.answered_by = right, by
            row.save(**({"update_fields": SAID} if item in known else {"force_insert": True}))
        different = sum(not right for right in answers.values())
        record(
            "scheduling.answer_ahead",
            by=by,
            patient_id=visit.patient_id,
            target=visit,
            detail={"items": len(answers), "different": different},
        )
        publish(AnsweredAhead(visit.pk, visit.patient_id, different=different))
