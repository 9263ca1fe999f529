"""Who registered themselves and waits for the desk; and which record came of it."""

from uuid import UUID

from healthcare.accounts.models import User
from patients.models import SelfRegistration
from patients.queries.quality import MOST


def waiting_registrations(user: User) -> list[SelfRegistration]:
    """Who has waited longest first; one more than a page lists."""
    rows = SelfRegistration.objects.visible_to(user).waiting().select_related("site")
    return list(rows.order_by("confirmed_at", "pk")[: MOST + 1])


def count_registrations(user: User) -> int:
    return SelfRegistration.objects.visible_to(user).waiting()[: MOST + 1].count()


def registrations_of(user: User, patient_id: UUID) -> list[SelfRegistration]:
    """What was taken over into a record, oldest first."""
    rows = SelfRegistration.objects.visible_to(user).filter(became=patient_id).select_related("answered_by")
    return list(rows.order_by("created_at", "pk"))
