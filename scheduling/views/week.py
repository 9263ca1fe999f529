"""The week of one provider at a site: the same columns as the day of all, one for each day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.models import Provider, Site
from healthcare.accounts.permissions import Permission
from healthcare.ui.calendars import Calendar, Column, in_grids
from patients.queries import own_sites
from scheduling.forms import WeekForm
from scheduling.queries.pages import ProviderDay, providers_at, week_of_provider
from scheduling.rules import day_span
from scheduling.views.day import column_of
from scheduling.words import zones_of

DAYS, WORKING_DAYS = 7, 5


@require_safe
@requires(Permission.VIEW_SCHEDULE)
def week(request: HttpRequest) -> HttpResponse:
    """`?provider=&day=&site=`: the week from Monday in which the day lies, this week where none is named."""
    user: Any = request.user
    sites = list(own_sites(user))
    site = next((one for one in sites if str(one.pk) == request.GET.get("site")), next(iter(sites), None))
    providers = providers_at(site) if site else []
    form = WeekForm(request.GET, sites=sites, providers=providers)
    form.is_valid()
    own = next((one for one in providers if one.user_id == user.pk), next(iter(providers), None))
    provider: Provider | None = form.cleaned_data.get("provider") or own
    now = timezone.now()
    with timezone.override(site.time_zone if site else None):
        days = week_of(form.cleaned_data.get("day") or timezone.localdate(now))
        found = week_of_provider(user, site, provider, days) if site and provider else None
        context = {
            "form": form,
            "sites": sites,
            "site": site,
            "providers": providers,
            "provider": provider,
            "days": days,
            "now": now,
            "clock": zones_of(days[0], days[-1]),
            "around": around(days, site, provider),
            "may_book": can(user, Permission.BOOK_APPOINTMENT),
            "calendars": drawn(found, site, days, now) if found and site else [],
            "to_move": [visit for visit in found.visits if found.is_blocked(visit)] if found else [],
            "closures": found.closures if found else [],
        }
        return render(request, "scheduling/week.html", context)


def week_of(day: date) -> list[date]:
    """Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(DAYS)]


def around(days: Sequence[date], site: Site | None, provider: Provider | None) -> dict[str, str]:
    """The addresses of the week before, of this week and of the week after."""
    of = {"provider": str(provider.pk)} if provider else {}
    place = {"site": str(site.pk)} if site else {}
    begins = {"before": days[0] - timedelta(days=DAYS), "today": None, "after": days[0] + timedelta(days=DAYS)}
    address = reverse("scheduling:week")
    return {
        name: f"{address}?{urlencode({**of, **place, **({'day': day.isoformat()} if day else {})})}"
        for name, day in begins.items()
    }


def drawn(found: ProviderDay, site: Site, days: Sequence[date], now: datetime) -> list[Calendar]:
    """Monday to Friday, and a day of the weekend where something stands on it."""
    spans = {day: day_span(day, ZoneInfo(site.time_zone)) for day in days}
    columns = {day: day_column(found, site, day, now) for day in days}
    shown = [columns[day] for day in days if columns[day].entries or day.weekday() < WORKING_DAYS]
    return [Calendar(spans[days[0]][0], grid) for grid in in_grids(shown)]


def day_column(found: ProviderDay, site: Site, day: date, now: datetime) -> Column:
    begins, ends = span = day_span(day, ZoneInfo(site.time_zone))
    visits = [visit for visit in found.visits if visit.starts_at < ends and visit.ends_at > begins]
    groups = [one for one in found.groups if one.session.starts_at < ends and one.session.ends_at > begins]
    column = column_of(replace(found, visits=visits, groups=groups), site, span, now)
    named = date_format(day, "D, M j")
    title = _("%(day)s, today") % {"day": named} if day == timezone.localdate(now) else named
    return replace(column, key=day.isoformat(), title=title)
