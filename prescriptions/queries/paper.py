"""Medicines as they stand on papers made of a chart."""

from collections.abc import Sequence

from healthcare.accounts.models import User
from patients.models import Patient
from prescriptions.models import MedicationStatement, Prescription
from prescriptions.queries.halts import with_halts
from prescriptions.queries.lists import written_in
from records.models import Encounter


def on_paper(
    user: User, patient: Patient, encounter: Encounter | None
) -> tuple[Sequence[Prescription], Sequence[MedicationStatement]]:
    """What was signed in the visit; without one everything ever signed, the oldest first, and what is told besides."""
    if encounter is not None:
        return [row for row in written_in(user, patient.pk, encounter.pk) if row.signed_at], []
    rows = Prescription.objects.visible_to(user).filter(patient_id=patient.pk, signed_at__isnull=False)
    told = MedicationStatement.objects.visible_to(user).filter(patient_id=patient.pk).current()
    return (
        with_halts(user, rows.select_related("prescriber", "medication").order_by("signed_at", "id")),
        with_halts(user, told.select_related("ended_by").order_by("said_at", "id")),
    )
