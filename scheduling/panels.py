"""This app's parts for the pages on its left: cards of the role homes, of a chart and of the portal, and the tab."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy as _some

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card
from healthcare.accounts.permissions import Permission, Scope
from patients.models import Patient
from patients.parts import ChartTab, Deeds, Merge, MergeNote, in_scope
from patients.queries import own_sites
from scheduling.models import HERE, Appointment, Resource
from scheduling.places import address_lines
from scheduling.queries import pages, upcoming_of
from scheduling.queries.clashes import clashing_visits
from scheduling.queries.providers import active_providers, in_need, lines_of
from scheduling.queries.setting_up import visits_ahead
from scheduling.words import first_needed, licence_words, own_row_of, row_of, when_words

SHOWN = 8
visits_tab = ChartTab(_("Appointments"), "scheduling:visits", Permission.VIEW_SCHEDULE, order=50)


def held(user: User, now: datetime) -> Mapping[Any, int]:
    """For `accounts.Handover`: visits booked with somebody who leaves wait for the desk, to be moved."""
    resource = Resource.objects.filter(provider__user_id=user.pk).first()
    return {
        _("Visits booked with them, which the front desk moves"): len(visits_ahead(resource, now)) if resource else 0
    }


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
    visits = pages.visits_to_move(user, now)
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


def licences_card(user: User, now: datetime) -> Card | None:
    """For administrators: of whom a licence is over or ends soon, where there are any."""
    if user.acting_role != "administrator" or not can(user, Permission.MANAGE_ACCOUNTS):
        return None
    today = timezone.localtime(now).date()
    lines = in_need(lines_of(list(active_providers()), today))
    ending = [(line.provider, licence_words(line)) for line in lines if line.ends_soon or line.is_over]
    context = {"lines": ending[:SHOWN], "more": len(ending) - SHOWN}
    return Card("scheduling/home_licences.html", context, order=30) if ending else None


def _today(user: User, now: datetime, statuses: Any) -> dict[str, Any]:
    found = pages.today_in(user, own_sites(user), statuses, now)
    rows = [row_of(visit, now) for visit in found[:SHOWN]]
    return {"rows": rows, "more": max(len(found) - SHOWN, 0), "now": now}


# == One patient ==
def chart_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """On the chart: the visits to come, and the way to book one."""
    if not can(user, Permission.VIEW_SCHEDULE):
        return None
    rows = [row_of(visit, now) for visit in upcoming_of(user, patient, now)[:SHOWN]]
    context = {"rows": rows, "patient": patient, "may_book": can(user, Permission.BOOK_APPOINTMENT)}
    return Card("scheduling/chart_card.html", context, order=45, wide=True)


@in_scope(Scope.SCHEDULE)
def portal_card(patient: Patient, user: User, now: datetime) -> Card | None:
    """On the portal's first page: the next visit, or the way to book one."""
    visit = next(iter(upcoming_of(user, patient, now)), None)
    if visit is None:
        return Card("scheduling/portal_card.html", {"row": None}, order=10)
    context = {"row": own_row_of(visit, now), "when": when_words(visit.starts_at, now)}
    return Card("scheduling/portal_card.html", context | {"address": address_lines(visit.site)}, order=10)


# == Who used the record ==
deeds: Deeds = {
    "scheduling.book": _("Booked a visit"),
    "scheduling.move": _("Moved a visit to another time"),
    "scheduling.cancel": _("Cancelled a visit"),
    "scheduling.cancel_after_death": _("Cancelled the visits of a patient who has died"),
    "scheduling.confirm": _("Confirmed a visit"),
    "scheduling.check_in": _("Checked the patient in"),
    "scheduling.room": _("Took the patient to a room"),
    "scheduling.start_visit": _("Noted that the visit began"),
    "scheduling.finish_visit": _("Noted that the visit ended"),
    "scheduling.miss": _("Noted that the visit did not take place"),
}


# == Two records of one person ==
def clashes(kept: Patient, gone: Patient, *, user: User, now: datetime) -> Sequence[MergeNote]:
    """For `patients.Merge`: visits at one time. Of two to come one is cancelled first; two that took place are of two
    people.
    """
    return [_clash(one, other, now) for one, other in clashing_visits(user, kept, gone)]


def _clash(one: Appointment, other: Appointment, now: datetime) -> MergeNote:
    said = {"one": when_words(one.starts_at, now), "other": when_words(other.starts_at, now)}
    if one.is_open or other.is_open:
        open_one = one if one.is_open else other
        url = reverse("scheduling:visit", args=[open_one.patient_id, open_one.pk])
        text = gettext("Both have a visit at one time (%(one)s and %(other)s). Cancel one of them first.")
        return MergeNote(text % said, stops=True, url=url)
    text = gettext("Both were here at one time (%(one)s and %(other)s): these are two people, or one visit is wrong.")
    return MergeNote(text % said, stops=True)


merge = Merge(
    goes={
        "scheduling_appointment": _some("%d visit in the schedule", "%d visits in the schedule"),
        "scheduling_patientclaim": None,
    },
    refusals={"patient_claim_no_overlap": _("Both have a visit at one time. One of them has to be cancelled first.")},
    notes=clashes,
)
