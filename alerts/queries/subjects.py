"""What an alert is about, read from the row that its source leads to, as far as the reader may see that row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.models import Alert
from healthcare.accounts.models import User
from healthcare.db.prepared import AnyOf, in_steps, prepared
from healthcare.ui.dates import day_text
from prescriptions.models import Prescription, RefillRequest
from records.models import AmendmentRequest, Entry, Recall, ServiceRequest
from records.queries.lines import EntryLine, line_of
from scheduling.models import Appointment
from scheduling.rules import source_of


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


def _keys(alerts: Sequence[Alert]) -> list[UUID]:
    return [UUID(alert.source.rpartition(":")[2]) for alert in alerts]


def _entries(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    entries = _entries_of(user, _keys(alerts), in_steps([alert.patient_id for alert in alerts]))
    parts = _parts(user, entries)
    return {f"records.entry:{entry.pk}": _about_entry(entry, parts.get(entry.pk, [])) for entry in entries}


@prepared
def _entries_of(user: User, keys: list[UUID], patients: tuple[UUID, ...]) -> "QuerySet[Entry]":
    """The patients say in which partitions the entries are."""
    return Entry.objects.visible_to(user).filter(pk=AnyOf(keys), patient=AnyOf(patients)).order_by("pk")


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
    found: dict[UUID, list[Entry]] = {}
    for part in _parts_of(user, [panel.pk for panel in panels], in_steps([panel.patient_id for panel in panels])):
        found.setdefault(part.parent_id, []).append(part)
    return found


@prepared
def _parts_of(user: User, panels: list[UUID], patients: tuple[UUID, ...]) -> "QuerySet[Any]":
    rows = Entry.objects.visible_to(user).current().filter(parent=AnyOf(panels), patient=AnyOf(patients))
    return rows.order_by("pk")


def _prescriptions(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    return {
        f"prescriptions.prescription:{row.pk}": About(
            (Said(row.medicine, judgement=_standing(row)),),
            row.picked_up_at or row.not_dispensed_at or row.ready_at,
            reverse("prescriptions:prescription", args=[row.patient_id, row.pk]),
        )
        for row in _prescriptions_of(user, _keys(alerts))
    }


def _standing(row: Prescription) -> str:
    """Where it stands, and where the dispensary gives no more of it, why."""
    return ": ".join(filter(None, (str(row.get_status_display()), str(row.get_not_dispensed_reason_display()))))


@prepared
def _prescriptions_of(user: User, keys: list[UUID]) -> "QuerySet[Prescription]":
    return Prescription.objects.visible_to(user).filter(pk=AnyOf(keys)).order_by("pk")


def _refills(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    return {
        f"prescriptions.refillrequest:{row.pk}": About(
            (Said(row.prescription.medicine, judgement=str(row.get_state_display())),),
            row.asked_at,
            reverse("prescriptions:refill", args=[row.patient_id, row.pk]),
        )
        for row in _refills_of(user, _keys(alerts))
    }


@prepared
def _refills_of(user: User, keys: list[UUID]) -> "QuerySet[RefillRequest]":
    rows = RefillRequest.objects.visible_to(user).filter(pk=AnyOf(keys))
    return rows.select_related("prescription").order_by("pk")


def _orders(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    return {
        f"records.servicerequest:{row.pk}": About(
            (Said(row.display, row.end_reason, str(row.get_status_display())),),
            row.ended_at or row.ordered_at,
            reverse("records:one_order", args=[row.patient_id, row.pk]),
        )
        for row in _orders_of(user, _keys(alerts))
    }


@prepared
def _orders_of(user: User, keys: list[UUID]) -> "QuerySet[ServiceRequest]":
    return ServiceRequest.objects.visible_to(user).filter(pk=AnyOf(keys)).order_by("pk")


def _amendments(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    return {
        f"records.amendmentrequest:{row.pk}": About(
            (Said(_("A patient asks that the record be amended"), judgement=str(row.get_state_display())),),
            row.asked_at,
            reverse("records:amendment", args=[row.patient_id, row.pk]),
        )
        for row in _amendments_of(user, _keys(alerts))
    }


@prepared
def _amendments_of(user: User, keys: list[UUID]) -> "QuerySet[AmendmentRequest]":
    return AmendmentRequest.objects.visible_to(user).filter(pk=AnyOf(keys)).order_by("pk")


def _recalls(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    return {
        f"records.recall:{row.pk}": About(
            (Said(_("To be called in: %(kind)s") % {"kind": row.visit_type.name}, str(day_text(row.due_on))),),
            row.updated_at,
            reverse("patients:chart", args=[row.patient_id]),
        )
        for row in _recalls_of(user, _keys(alerts))
    }


@prepared
def _recalls_of(user: User, keys: list[UUID]) -> "QuerySet[Recall]":
    return Recall.objects.visible_to(user).filter(pk=AnyOf(keys)).select_related("visit_type").order_by("pk")


def _visits(user: User, alerts: Sequence[Alert]) -> dict[str, About]:
    return {
        source_of(visit.pk): About(
            (
                Said(
                    _("Visit with %(name)s") % {"name": visit.provider.name},
                    judgement=str(visit.get_status_display()),
                ),
            ),
            visit.starts_at,
            reverse("scheduling:visit", args=[visit.patient_id, visit.pk]),
        )
        for visit in _visits_of(user, _keys(alerts))
    }


@prepared
def _visits_of(user: User, keys: list[UUID]) -> "QuerySet[Appointment]":
    return Appointment.objects.visible_to(user).filter(pk=AnyOf(keys)).select_related("provider").order_by("pk")


READERS = {
    "records.entry": _entries,
    "records.amendmentrequest": _amendments,
    "records.recall": _recalls,
    "records.servicerequest": _orders,
    "prescriptions.prescription": _prescriptions,
    "prescriptions.refillrequest": _refills,
    "scheduling.appointment": _visits,
}
