"""This app's parts for the pages on its left: cards of the role homes, of a chart and of the portal, and the tab."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission
from patients.models import Patient
from patients.parts import ChartTab, Deeds
from patients.queries import sites_of
from scheduling.models import HERE
from scheduling.places import address_lines
from scheduling.queries import pages, upcoming_of
from scheduling.words import first_needed, own_row_of, row_of, when_words

SHOWN = 8
visits_tab = ChartTab(_("Appointments"), "scheduling:visits", Permission.VIEW_SCHEDULE, order=50)


# == Role homes ==
def arrivals_card(user: User, now: datetime) -> Card | None:
    """For the front desk: who is still expected today, the next first."""
    if user.acting_role != "front_desk" or not can(user, Permission.CHECK_IN):
        return None
    context = _today(user, now, pages.EXPECTED) | {"may_check_in": True}
    return Card("scheduling/home_arrivals.html", context, order=10)


def to_move_card(user: User, now: datetime) -> Card | None:
    """For the front desk: visits in blocked time, where there are any."""
    if user.acting_role != "front_desk" or not can(user, Permission.BOOK_APPOINTMENT):
        return None
    visits = pages.visits_to_move(user, sites_of(user).values_list("pk", flat=True), now)
    return Card("scheduling/home_to_move.html", {"visits": visits}, order=20) if visits else None


def to_room_card(user: User, now: datetime) -> Card | None:
    """For nurses: who arrived and waits for a room, the longest wait first."""
    if user.acting_role != "nurse" or not can(user, Permission.ROOM_PATIENT):
        return None
    return Card("scheduling/home_to_room.html", _today(user, now, pages.WAITING), order=10)


def my_patients_card(user: User, now: datetime) -> Card | None:
    """For doctors: their own visits of today, those who are here first, then who comes next."""
    if user.acting_role != "doctor" or not can(user, Permission.VIEW_SCHEDULE):
        return None
    visits = first_needed(pages.own_visits_today(user, now), now)
    here = sum(visit.status in HERE for visit in visits)
    shown = visits[: max(SHOWN, here + 1)]  # everybody who is here, and the next one
    context = {"rows": [row_of(visit, now) for visit in shown], "more": len(visits) - len(shown)}
    return Card("scheduling/home_my_patients.html", context, order=10, wide=True)


def _today(user: User, now: datetime, statuses: Any) -> dict[str, Any]:
    found = pages.today_in(user, list(sites_of(user)), statuses, now)
    rows = [row_of(visit, now) for visit in found[:SHOWN]]
    return {"rows": rows, "more": max(len(found) - SHOWN, 0), "now": now}


# == One patient ==
def chart_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """On the chart: the visits to come, and the way to book one."""
    if not can(user, Permission.VIEW_SCHEDULE):
        return None
    rows = [row_of(visit, now) for visit in upcoming_of(user, patient, now)[:SHOWN]]
    context = {"rows": rows, "patient": patient, "may_book": can(user, Permission.BOOK_APPOINTMENT)}
    return Card("scheduling/chart_card.html", context, order=20)


def portal_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """On the portal's first page: the next visit, or the way to book one."""
    visit = upcoming_of(user, patient, now).first()
    if visit is None:
        return Card("scheduling/portal_card.html", {"row": None}, order=10)
    context = {"row": own_row_of(visit, now), "when": when_words(visit.starts_at, now)}
    return Card("scheduling/portal_card.html", context | {"address": address_lines(visit.site)}, order=10)


# == Who used the record ==
deeds: Deeds = {
    "scheduling.book": _("Booked a visit"),
    "scheduling.move": _("Moved a visit to another time"),
    "scheduling.cancel": _("Cancelled a visit"),
    "scheduling.confirm": _("Confirmed a visit"),
    "scheduling.check_in": _("Checked the patient in"),
    "scheduling.room": _("Took the patient to a room"),
    "scheduling.start_visit": _("Noted that the visit began"),
    "scheduling.finish_visit": _("Noted that the visit ended"),
    "scheduling.miss": _("Noted that the visit did not take place"),
}
