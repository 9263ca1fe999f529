"""What becomes of the visits of a patient who has died."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from patients.models import Patient
from scheduling.actions.booking import cancel_appointment
from scheduling.actions.claims import lock_in_order
from scheduling.actions.waitlist import take_the_dead_off
from scheduling.models import COMING, Appointment


@transaction.atomic
def cancel_visits_of_the_dead(*, by: User | None, patient_id: UUID, now: datetime) -> int:
    """Call off the visits to come, and free their times; returns how many. Nobody waits for one any more, either.
    Taken back meanwhile: nothing.

    Under the locks that bookings of this patient wait for, so that one under way is found too.
    """
    upcoming = Appointment.objects.filter(patient_id=patient_id).filter(status__in=COMING, during__endswith__gt=now)
    resources = list(upcoming.values_list("provider__resource", flat=True))
    with lock_in_order({patient_id, *resources}):
        patient = Patient.objects.filter(pk=patient_id, deceased=True).first()
        if patient is None:
            return 0
        take_the_dead_off(patient=patient, now=now)
        visits = list(upcoming.select_related("patient", "provider__resource").order_by("pk"))
        for visit in visits:
            cancel_appointment(by=by, appointment=visit, reason=_("The patient has died."), now=now)
        if visits:
            record("scheduling.cancel_after_death", by=by, patient_id=patient_id, detail={"visits": len(visits)})
        return len(visits)
