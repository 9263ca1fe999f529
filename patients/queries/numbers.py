"""The number of a patient at the site where they are registered."""

from healthcare.accounts.models import User
from patients.models import Patient, PatientIdentifier, SiteNumbers


def site_number_of(user: User, patient: Patient) -> str:
    """The first that the site gave; "" where it has no series, or registered them before it had one."""
    prefix = SiteNumbers.objects.filter(site=patient.site_id).values_list("prefix", flat=True).first()
    if prefix is None:
        return ""
    rows = PatientIdentifier.objects.visible_to(user).filter(patient=patient, value__startswith=f"{prefix}-")
    return rows.order_by("pk").values_list("value", flat=True).first() or ""
