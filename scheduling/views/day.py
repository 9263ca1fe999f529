"""The day of a site, by provider: who comes when, what is free, and what has to be moved."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.models import Site
from healthcare.accounts.permissions import Permission
from healthcare.ui.calendars import Calendar, Column, Entry, in_grids, within_day
from patients.queries import own_sites
from scheduling.forms import DayForm
from scheduling.models import Appointment
from scheduling.queries.groups import Group
from scheduling.queries.pages import ProviderDay, day_of_site
from scheduling.rules import Span, day_span, without
from scheduling.words import minutes_words, provider_name, role_of, seats_words, state_of, zones_of

SHORTEST_FREE = timedelta(minutes=10)  # a shorter gap is nobody's visit
COLUMNS = 5


@require_safe
@requires(Permission.VIEW_SCHEDULE)
def day(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    sites = own_sites(user)
    form = DayForm(request.GET, sites=sites)
    form.is_valid()
    site: Site | None = form.cleaned_data.get("site") or next(iter(sites), None)
    now = timezone.now()
    with timezone.override(site.time_zone if site else None):
        chosen = form.cleaned_data.get("day") or timezone.localdate(now)
        context = {
            "form": form,
            "sites": sites,
            "site": site,
            "day": chosen,
            "now": now,
            "clock": zones_of(chosen),
            "is_today": chosen == timezone.localdate(now),
            "around": around(chosen, site),
            "may_book": can(user, Permission.BOOK_APPOINTMENT),
            "may_block": can(user, Permission.BLOCK_TIME),
        }
        return render(request, "scheduling/day.html", context | drawn(user, site, chosen, now))


def around(chosen: date, site: Site | None) -> dict[str, str]:
    """The addresses of the day before, of today and of the day after."""
    days = {"before": chosen - timedelta(days=1), "today": None, "after": chosen + timedelta(days=1)}
    return {name: address(day, site) for name, day in days.items()}


def address(day: date | None, site: Site | None) -> str:
    asked = {"day": day.isoformat() if day else "", "site": str(site.pk) if site else ""}
    return f"{reverse('scheduling:day')}?{urlencode({name: value for name, value in asked.items() if value})}"


def drawn(user: Any, site: Site | None, chosen: date, now: datetime) -> dict[str, Any]:
    """The calendars, as many as fit side by side, the visits in blocked time, and when the site is closed."""
    if site is None:
        return {"calendars": [], "to_move": [], "closures": []}
    span = day_span(chosen, ZoneInfo(site.time_zone))
    providers = day_of_site(user, site, chosen)
    worked = [one for one in providers if one.work or one.visits or one.groups or one.blocks]
    columns = [column_of(one, site, span, now) for one in worked]
    return {
        "calendars": [Calendar(span[0], grid, now=now) for grid in in_grids(columns, COLUMNS)],
        "to_move": [visit for one in worked for visit in one.visits if one.is_blocked(visit)],
        "closures": providers[0].closures if providers else [],
    }


# == One provider ==
def column_of(one: ProviderDay, site: Site, span: Span, now: datetime) -> Column:
    alone = [visit for visit in one.visits if visit.session_id is None]
    booked = sum(visit.status != Appointment.Status.NO_SHOW for visit in alone) + len(one.groups)
    told = ngettext("%(n)d visit", "%(n)d visits", booked) % {"n": booked}
    entries = [visit_entry(visit, one) for visit in alone] + [group_entry(group, one) for group in one.groups]
    entries += [*free_entries(one, site, now), *shut_entries(one)]
    return Column(one.provider.pk.hex[-12:], provider_name(one.provider), told, within_day(entries, *span))


def visit_entry(visit: Appointment, one: ProviderDay) -> Entry:
    blocked = one.is_blocked(visit)
    waits, on_top = visit.status == Appointment.Status.BOOKED, one.is_on_top(visit)
    return Entry(
        start=visit.starts_at,
        end=visit.ends_at,
        title=f"{visit.patient.family_name}, {visit.patient.given_name[:1]}.",
        text=", ".join([visit.visit_type.name, *one.rooms.get(visit.pk, ()), *([_("on top")] if on_top else ())]),
        role="warn" if blocked else "" if waits else role_of(visit),
        state=_("To move") if blocked else "" if waits else state_of(visit),
        url=reverse("scheduling:visit", args=[visit.patient_id, visit.pk]),
        above=on_top,
    )


def group_entry(group: Group, one: ProviderDay) -> Entry:
    """One block for all who come."""
    session, blocked = group.session, one.is_blocked(group.session)
    return Entry(
        start=session.starts_at,
        end=session.ends_at,
        title=_("Group · %(seats)s") % {"seats": seats_words(group)},
        text=", ".join([session.visit_type.name, *one.rooms.get(session.pk, ())]),
        role="warn" if blocked else "",
        state=_("To move") if blocked else "",
        url=reverse("scheduling:session", args=[session.pk]),
    )


def free_entries(one: ProviderDay, site: Site, now: datetime) -> list[Entry]:
    """What can still be booked today; each leads to the booking at its start."""
    left = without(one.free, [(one.free[0][0], now)]) if one.free and one.free[0][0] < now else one.free
    return [
        Entry(
            start=begins,
            end=ends,
            title=_("Free, %(long)s") % {"long": minutes_words(int((ends - begins).total_seconds() // 60))},
            kind="free",
            url=f"{reverse('scheduling:book_whom')}?{free_query(one, site, begins)}",
        )
        for begins, ends in left
        if ends - begins >= SHORTEST_FREE
    ]


def free_query(one: ProviderDay, site: Site, begins: datetime) -> str:
    asked = {
        "provider": one.provider.pk,
        "site": site.pk,
        "day": timezone.localdate(begins),
        "start": begins.isoformat(),
    }
    return urlencode(asked)


def shut_entries(one: ProviderDay) -> list[Entry]:
    """Blocked time round the visits in it, and times of visits that are not shown to this person."""
    visited: Sequence[Span] = [(visit.starts_at, visit.ends_at) for visit in one.visits]
    visited = [*visited, *((group.session.starts_at, group.session.ends_at) for group in one.groups)]
    blocked = [
        Entry(*piece, title=claim.reason or _("Blocked"), kind="shut")
        for claim in one.blocks
        for piece in without([(claim.blocked.lower, claim.blocked.upper)], visited)
    ]
    return blocked + [Entry(*span, title=_("Taken"), kind="shut") for span in one.taken]
