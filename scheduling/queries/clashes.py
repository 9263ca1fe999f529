"""Visits of two records that no one person could both have kept."""

from healthcare.accounts.models import User
from patients.models import Patient
from scheduling.models import Appointment


def clashing_visits(user: User, kept: Patient, gone: Patient) -> list[tuple[Appointment, Appointment]]:
    """Pairs of standing visits, one of each record, that overlap; by their start."""
    visits = Appointment.objects.visible_to(user).standing().select_related("provider", "site", "visit_type")
    theirs = list(visits.filter(patient=gone).order_by("during", "id"))
    ours = list(visits.filter(patient=kept).order_by("during", "id")) if theirs else []
    return [
        (one, other)
        for one in ours
        for other in theirs
        if one.starts_at < other.ends_at and other.starts_at < one.ends_at
    ]
