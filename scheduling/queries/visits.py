"""Visits of one patient, for this app and those to its right."""

from datetime import datetime

from django.db.models import Case, QuerySet, When

from healthcare.accounts.models import User
from patients.models import Patient
from scheduling.models import HERE, Appointment

WITH_NAMES = ("provider", "site", "visit_type")


def upcoming_of(user: User, patient: Patient, now: datetime) -> "QuerySet[Appointment]":
    """Booked or confirmed visits that have not ended, the next first, as far as this person sees them; one query."""
    seen = Appointment.objects.visible_to(user).filter(patient=patient)
    return seen.upcoming(now).select_related(*WITH_NAMES).order_by("during")


def current_visit_of(user: User, patient: Patient) -> Appointment | None:
    """The visit for which the patient is here now; where there are two, the one with this very person. One query."""
    seen = Appointment.objects.visible_to(user).filter(patient=patient, status__in=HERE)
    mine = Case(When(provider__user=user, then=0), default=1)
    return seen.select_related(*WITH_NAMES).order_by(mine, "-arrived_at").first()
