"""The visits that were booked as one series."""

from datetime import datetime

from healthcare.accounts.models import User
from scheduling.models import Appointment


def series_of(user: User, appointment: Appointment) -> list[Appointment]:
    """All visits of its series that this person may see, by time, called-off ones too; none of one alone."""
    if appointment.series_id is None:
        return []
    seen = Appointment.objects.visible_to(user).filter(series_id=appointment.series_id, patient=appointment.patient_id)
    return list(seen.select_related("provider", "site", "visit_type", "patient").order_by("during"))


def rest_of_series(appointment: Appointment, now: datetime) -> list[Appointment]:
    """This visit and those after it that are still to come, by time; each as it is now."""
    whole = Appointment.objects.filter(series_id=appointment.series_id, patient=appointment.patient_id)
    rest = whole.upcoming(now).filter(during__startswith__gte=appointment.starts_at)
    return list(rest.select_related("provider__resource", "site", "visit_type", "patient").order_by("during"))
