"""The day on paper, and the numbers in the waiting room."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.models import Site
from healthcare.accounts.permissions import Permission
from healthcare.ui.frames import frame
from patients.queries import own_sites
from scheduling import actions
from scheduling.forms import DayForm
from scheduling.models import Appointment
from scheduling.queries.board import board_of
from scheduling.queries.pages import day_of_site
from scheduling.words import zones_of


@require_safe
@requires(Permission.VIEW_SCHEDULE)
def day_sheet(request: HttpRequest) -> HttpResponse:
    """Who comes when, by provider, for the printer: so many patients at once are noted as read."""
    user: Any = request.user
    sites, site, form = _asked(request)
    now = timezone.now()
    actions.list_appointments(by=user)
    with timezone.override(site.time_zone if site else None):
        day = form.cleaned_data.get("day") or timezone.localdate(now)
        providers = [one for one in day_of_site(user, site, day) if one.visits] if site else []
        context = {"sites": sites, "site": site, "day": day, "clock": zones_of(day), "now": now}
        return render(request, "scheduling/day_sheet.html", context | {"providers": providers})


@require_safe
@requires(Permission.CHECK_IN)
def numbers(request: HttpRequest) -> HttpResponse:
    """For a screen on the wall: nobody's name stands on it."""
    user: Any = request.user
    sites, site, _form = _asked(request)
    now = timezone.now()
    with timezone.override(site.time_zone if site else None):
        context: dict[str, Any] = {"frame": frame(request), "sites": sites, "site": site, "now": now}
        if site:
            board = board_of(user, site, now)
            called = sorted((one.visit for one in board.roomed if one.visit.number), key=_called, reverse=True)
            waiting = sorted(one.visit.number for one in board.arrived if one.visit.number)
            context |= {"called": called, "waiting": waiting}
        return render(request, "scheduling/numbers.html", context)


def _called(visit: Appointment) -> Any:
    return visit.roomed_at


def _asked(request: HttpRequest) -> tuple[list[Site], Site | None, DayForm]:
    user: Any = request.user
    sites = list(own_sites(user))
    form = DayForm(request.GET, sites=sites)
    form.is_valid()
    return sites, form.cleaned_data.get("site") or next(iter(sites), None), form
