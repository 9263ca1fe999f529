"""Go through all that somebody takes, and say so: with changes or without."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.audit import record
from patients.access import NotInScope, find_visible
from patients.models import Patient
from prescriptions.actions.steps import NotPossible
from prescriptions.models import MedicationReview
from prescriptions.queries.lists import listed_now


@transaction.atomic
def review_medicines(*, by: User, patient: Patient, changed: bool, listed: str, now: datetime) -> MedicationReview:
    """Say that one went through the list as it stood on the page (`listed`), and whether anything changed by it.

    Raises NotAllowed, NotInScope, and NotPossible where the list is another meanwhile.
    """
    check_can(by, Permission.RECONCILE)
    found = find_visible(by, patient.pk, Scope.MEDICATION)
    if found is None:
        raise NotInScope
    if listed != listed_now(by, found, now):
        raise NotPossible(_("The list has changed since you opened it. Look again, then say that you reviewed it."))
    review = MedicationReview(patient=found, reviewed_at=now, reviewed_by=by, changed=changed)
    review.save(force_insert=True)
    record("prescriptions.review_list", by=by, patient_id=found.pk, target=review, detail={"changed": changed})
    return review
