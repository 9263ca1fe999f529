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
from scheduling.models import COMING, HERE, Appointment, ProviderFeed, Resource
from scheduling.places import address_lines
from scheduling.queries import pages, upcoming_of
from scheduling.queries.clashes import clashing_visits
from scheduling.queries.providers import active_providers, in_need, lines_of
from scheduling.queries.setting_up import visits_ahead
from scheduling.queries.settling import to_settle
from scheduling.words import first_needed, licence_words, own_row_of, row_of, when_words

SHOWN = 8
visits_tab = ChartTab(_("Appointments"), "scheduling:visits", Permission.VIEW_SCHEDULE, order=50)


def held(user: User, now: datetime) -> Mapping[Any, int]:
    """For `accounts.Handover`: visits booked with somebody who leaves wait for the desk, to be moved; their calendar
    reads along no more.
    """
    resource = Resource.objects.filter(provider__user_id=user.pk).first()
    feeds = ProviderFeed.objects.open().filter(owner_id=user.pk).count() if user.is_active else 0
    return {
        _("Visits booked with them, which the front desk moves"): len(visits_ahead(resource, now)) if resource else 0,
        _("Address of their calendar, which ends with the account"): feeds,
    }


# == Role homes ==
def arrivals_card(user: User, now: datetime) -> Card | None:
    """For the front desk: who is still expected today, the next first."""
    if user.acting_role != "front_desk" or not can(user, Permission.CHECK_IN):
        return None
    context = _today(user, now, pages.EXPECTED) | {"may_check_in": True}
    return Card("scheduling/home_arrivals.html", context, order=10)


def to_settle_card(user: User, now: datetime) -> Card | None:
    """For the front desk: times that patients asked for, and visits in blocked time, where there are any."""
    if user.acting_role != "front_desk" or not can(user, Permission.BOOK_APPOINTMENT):
        return None
    found = to_settle(user, now)
    if not found.requested and not found.to_move:
        return None
    context = {"waiting": found.requested[:SHOWN], "more": max(len(found.requested) - SHOWN, 0)}
    return Card("scheduling/home_to_settle.html", context | {"visits": found.to_move}, order=15)


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
    context = {"row": own_row_of(visit, now), "address": address_lines(visit.site)}
    return Card("scheduling/portal_card.html", context, order=10)


# == Who used the record ==
deeds: Deeds = {
    "scheduling.book": _("Booked a visit"),
    "scheduling.request": _("Asked for a visit"),
    "scheduling.hold": _("Had a time kept while booking"),
    "scheduling.accept_request": _("Agreed to a visit that was asked for"),
    "scheduling.decline_request": _("Declined a visit that was asked for"),
    "scheduling.expire_request": _("A visit that was asked for ran out, for nobody answered"),
    "scheduling.withdraw_request": _("Took back a visit that was asked for"),
    "scheduling.move": _("Moved a visit to another time"),
    "scheduling.book_series": _("Booked several visits at once"),
    "scheduling.move_series": _("Moved several visits at once"),
    "scheduling.cancel_series": _("Cancelled several visits at once"),
    "scheduling.answer_ahead": _("Said before a visit whether what is known is right"),
    "scheduling.mark_late": _("Noted that they come late"),
    "scheduling.undo_late": _("Noted that they are not late after all"),
    "scheduling.undo_start": _("Noted that a visit had not taken place"),
    "scheduling.undo_miss": _("Noted that a visit was not missed after all"),
    "scheduling.write_note": _("Left a note for the desk"),
    "scheduling.cancel": _("Cancelled a visit"),
    "scheduling.open_link": _("Opened the link in a message about a visit"),
    "scheduling.ask_to_cancel": _("Asked by the link in a message to cancel a visit"),
    "scheduling.ask_to_confirm": _("Said by the link in a message that they will come"),
    "scheduling.cancel_after_death": _("Cancelled the visits of a patient who has died"),
    "scheduling.confirm": _("Confirmed a visit"),
    "scheduling.check_in": _("Checked the patient in"),
    "scheduling.room": _("Took the patient to a room"),
    "scheduling.start_visit": _("Noted that the visit began"),
    "scheduling.finish_visit": _("Noted that the visit ended"),
    "scheduling.miss": _("Noted that the visit did not take place"),
    "scheduling.join_waitlist": _("Put on the waitlist"),
    "scheduling.leave_waitlist": _("Taken off the waitlist"),
    "scheduling.rank_waitlist": _("Changed the place on the waitlist"),
    "scheduling.end_waitlist": _("The last day on the waitlist was over"),
    "scheduling.offer_time": _("A time that became free was kept for the patient"),
    "scheduling.answer_offer": _("Answered by the link in the message about a time that was kept"),
    "scheduling.book_offer": _("A time that was kept and accepted was booked"),
    "scheduling.end_offer": _("A time that was kept is kept no more"),
    "scheduling.make_feed": _("Made an address where a calendar reads the times of visits"),
    "scheduling.end_feed": _("Ended an address where a calendar read the times of visits"),
    "scheduling.read_feed": _("A calendar read the times of visits"),
}


# == Two records of one person ==
def clashes(kept: Patient, gone: Patient, *, user: User, now: datetime) -> Sequence[MergeNote]:
    """For `patients.Merge`: visits at one time. Of two to come one is cancelled first; two that took place are of two
    people.
    """
    return [_clash(one, other, now) for one, other in clashing_visits(user, kept, gone)]


def _clash(one: Appointment, other: Appointment, now: datetime) -> MergeNote:
    said = {"one": when_words(one.starts_at, now), "other": when_words(other.starts_at, now)}
    if one.status in COMING or other.status in COMING:
        open_one = one if one.status in COMING else other
        url = reverse("scheduling:visit", args=[open_one.patient_id, open_one.pk])
        text = gettext("Both have a visit at one time (%(one)s and %(other)s). Cancel one of them first.")
        return MergeNote(text % said, stops=True, url=url)
    text = gettext("Both were here at one time (%(one)s and %(other)s): these are two people, or one visit is wrong.")
    return MergeNote(text % said, stops=True)


merge = Merge(
    goes={
        "scheduling_appointment": _some("%d visit in the schedule", "%d visits in the schedule"),
        "scheduling_aheadanswer": None,
        "scheduling_patientclaim": None,
        "scheduling_patientfeed": None,
        "scheduling_wait": _some("%d line on the waitlist", "%d lines on the waitlist"),
        "scheduling_waitoffer": None,
    },
    refusals={
        "patient_claim_no_overlap": _("Both have a visit at one time. One of them has to be cancelled first."),
        "wait_once_for_each": _("Both wait for the same visit. One of them has to be taken off the waitlist first."),
        "offer_one_at_a_time": _("A time is kept for both of them. One has to be accepted or declined first."),
    },
    notes=clashes,
)
