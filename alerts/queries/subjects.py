"""What an alert is about, read from the row that its source leads to, as far as the reader may see that row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.models import Alert
from healthcare.accounts.models import User
from prescriptions.models import Prescription
from records.models import Entry
from scheduling.models import Appointment


@dataclass(frozen=True)
class About:
    """In words for staff: the thing itself, when it was, and the page where it stands."""

    text: str = ""
    detail: str = ""
    at: Any = None
    url: str = ""


def about(user: User, alerts: Sequence[Alert]) -> dict[UUID, About]:
    """For each alert; three queries at most, however many there are. What the reader may not see is only named."""
    found: dict[str, About] = {}
    for model, read in READERS.items():
        wanted = [alert for alert in alerts if alert.source.startswith(f"{model}:")]
        if wanted:
            found |= read(user, wanted)
    return {alert.pk: found.get(alert.source) or About(detail=_("Not shown to your role")) for alert in alerts}


def _keys(alerts: Sequence[Alert]) -> dict[str, list[UUID]]:
    return {
        "pk__in": [UUID(alert.source.rpartition(":")[2]) for alert in alerts],
        "patient__in": [alert.patient_id for alert in alerts],  # the table of entries is partitioned by patient
    }


def _entries(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    rows = Entry.objects.visible_to(user).filter(**_keys(alerts))
    return {
        f"records.entry:{entry.pk}": About(
            text=entry.display,
            detail=_value(entry),
            at=entry.effective_at,
            url=reverse("patients:chart", args=[entry.patient_id]),
        )
        for entry in rows.order_by("pk")
    }


def _value(entry: Entry) -> str:
    if entry.value is None:
        return ""
    return f"{entry.value.normalize():f} {entry.unit}".strip()


def _prescriptions(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    rows = Prescription.objects.visible_to(user).filter(**_keys(alerts))
    return {
        f"prescriptions.prescription:{row.pk}": About(
            text=row.medicine,
            detail=str(row.get_status_display()),
            at=row.picked_up_at or row.ready_at,
            url=reverse("patients:chart", args=[row.patient_id]),
        )
        for row in rows.order_by("pk")
    }


def _visits(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    rows = Appointment.objects.visible_to(user).filter(**_keys(alerts)).select_related("provider")
    return {
        f"scheduling.appointment:{visit.pk}": About(
            text=_("Visit with %(name)s") % {"name": visit.provider.name},
            detail=str(visit.get_status_display()),
            at=visit.starts_at,
            url=reverse("patients:chart", args=[visit.patient_id]),
        )
        for visit in rows.order_by("pk")
    }


READERS = {
    "records.entry": _entries,
    "prescriptions.prescription": _prescriptions,
    "scheduling.appointment": _visits,
}
