"""What an alert is about, read from the row that its source leads to, as far as the reader may see that row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.models import Alert
from healthcare.accounts.models import User
from prescriptions.models import Prescription
from records.models import Entry
from records.queries.lines import EntryLine, line_of
from scheduling.models import Appointment


@dataclass(frozen=True)
class Said:
    """One thing in words: what, its value, and what is to be thought of it with its status role."""

    title: str
    value: str = ""
    judgement: str = ""
    role: str = "off"


@dataclass(frozen=True)
class About:
    """What it is, when it was and where its page is; nothing of these where the reader may not see the row."""

    said: tuple[Said, ...] = ()
    at: datetime | None = None
    url: str = ""


def about(user: User, alerts: Sequence[Alert]) -> dict[UUID, About]:
    """For each alert; four queries at most, however many there are."""
    found: dict[str, About] = {}
    for model, read in READERS.items():
        wanted = [alert for alert in alerts if alert.source.startswith(f"{model}:")]
        if wanted:
            found |= read(user, wanted)
    return {alert.pk: found.get(alert.source, About()) for alert in alerts}


def _keys(alerts: Sequence[Alert]) -> dict[str, list[UUID]]:
    return {
        "pk__in": [UUID(alert.source.rpartition(":")[2]) for alert in alerts],
        "patient__in": [alert.patient_id for alert in alerts],  # the table of entries is partitioned by patient
    }


def _entries(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    entries = list(Entry.objects.visible_to(user).filter(**_keys(alerts)).order_by("pk"))
    parts = _parts(user, entries)
    return {f"records.entry:{entry.pk}": _about_entry(entry, parts.get(entry.pk, [])) for entry in entries}


def _about_entry(entry: Entry, parts: Sequence[Entry]) -> About:
    """Of a panel, such as vital signs taken together, what is out of range."""
    line = line_of(entry)
    flagged = [part for part in map(line_of, parts) if part.entry.data.get("flag")]
    return About(tuple(map(_said, flagged or [line])), entry.effective_at, line.url)


def _said(line: EntryLine) -> Said:
    return Said(line.title, line.value, line.flag, line.flag_role)


def _parts(user: User, entries: Sequence[Entry]) -> dict[UUID, list[Entry]]:
    panels = [entry for entry in entries if entry.kind == "vital_signs" and entry.parent_id is None]
    if not panels:
        return {}
    rows = Entry.objects.visible_to(user).current().filter(parent_id__in=[panel.pk for panel in panels])
    found: dict[UUID, list[Entry]] = {}
    for part in rows.filter(patient__in=[panel.patient_id for panel in panels]).order_by("pk"):
        found.setdefault(part.parent_id, []).append(part)
    return found


def _prescriptions(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    rows = Prescription.objects.visible_to(user).filter(**_keys(alerts))
    return {
        f"prescriptions.prescription:{row.pk}": About(
            (Said(row.medicine, judgement=str(row.get_status_display())),),
            row.picked_up_at or row.ready_at,
            reverse("prescriptions:prescription", args=[row.patient_id, row.pk]),
        )
        for row in rows.order_by("pk")
    }


def _visits(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    rows = Appointment.objects.visible_to(user).filter(**_keys(alerts)).select_related("provider")
    return {
        f"scheduling.appointment:{visit.pk}": About(
            (
                Said(
                    _("Visit with %(name)s") % {"name": visit.provider.name},
                    judgement=str(visit.get_status_display()),
                ),
            ),
            visit.starts_at,
            reverse("scheduling:visit", args=[visit.patient_id, visit.pk]),
        )
        for visit in rows.order_by("pk")
    }


READERS = {
    "records.entry": _entries,
    "prescriptions.prescription": _prescriptions,
    "scheduling.appointment": _visits,
}
