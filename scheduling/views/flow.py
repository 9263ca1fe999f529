"""The flow board: who is where in the clinic now, and how long they have waited."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.models import Site
from healthcare.accounts.permissions import Permission
from healthcare.ui.frames import frame
from patients.queries import own_sites
from scheduling.forms import DayForm
from scheduling.queries.board import GOAL_MINUTES, board_of
from scheduling.queries.pages import rooms_of


@require_safe
@requires(Permission.VIEW_SCHEDULE)
def flow(request: HttpRequest) -> HttpResponse:
    """The whole page, or for htmx the board alone: the same template either way."""
    user: Any = request.user
    sites = own_sites(user)
    form = DayForm(request.GET, sites=sites)
    form.is_valid()
    site: Site | None = form.cleaned_data.get("site") or next(iter(sites), None)
    now = timezone.now()
    context = {
        "frame": frame(request),
        "sites": sites,
        "site": site,
        "now": now,
        "here": f"{reverse('scheduling:flow')}?{urlencode({'site': site.pk})}" if site else reverse("scheduling:flow"),
        "may_check_in": can(user, Permission.CHECK_IN),
        "may_room": can(user, Permission.ROOM_PATIENT),
    }
    with timezone.override(site.time_zone if site else None):
        context |= drawn(user, site, now)
        return render(request, "scheduling/flow.html", context)


def drawn(user: Any, site: Site | None, now: datetime) -> dict[str, Any]:
    if site is None:
        return {"board": None}
    board, rooms = board_of(user, site, now), rooms_of(site)
    free = [room for room in rooms if room not in board.rooms_taken]
    return {"board": board, "rooms": rooms, "free_rooms": free, "goal": GOAL_MINUTES}
