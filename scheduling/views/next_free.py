"""The next free times of a whole site, whoever has them: one key from the schedule, one more to book."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.queries import own_sites
from scheduling.forms import NextFreeForm
from scheduling.queries import FreeTime, free_times, pages
from scheduling.words import provider_name, when_words

AHEAD = timedelta(days=60)
SHOWN = 12


@require_safe
@requires(Permission.BOOK_APPOINTMENT)
def next_free(request: HttpRequest) -> HttpResponse:
    """Of the kind and at the site that were asked for, else the shortest kind at the first site."""
    user: Any = request.user
    sites, kinds, now = own_sites(user), list(pages.visit_types()), timezone.now()
    form = NextFreeForm(request.GET, site=sites, visit_type=kinds)
    form.is_valid()
    site = form.cleaned_data.get("site") or next(iter(sites), None)
    kind = form.cleaned_data.get("visit_type") or next(iter(kinds), None)
    found: list[dict[str, str]] = []
    if site and kind:
        providers = {one.pk: one for one in pages.bookable_providers([site])}
        asked: dict[str, Any] = {"visit_type": kind, "between": (now, now + AHEAD), "now": now, "site": site}
        times = free_times(providers=list(providers.values()), **asked, by_patient=False, at_most=SHOWN)
        with timezone.override(site.time_zone):
            for free in times:
                query = urlencode(_asked(free, kind.pk))
                who = provider_name(providers[free.provider_id])
                found.append({"when": when_words(free.start, now), "who": who, "query": query})
    context = {"form": form, "site": site, "kind": kind, "found": found}
    return render(request, "scheduling/next_free.html", context)


def _asked(free: FreeTime, kind: object) -> dict[str, object]:
    """As the booking takes it, before one knows for whom."""
    day = timezone.localdate(free.start)
    return {"provider": free.provider_id, "site": free.site_id, "visit_type": kind, "day": day} | {
        "start": free.start.isoformat()
    }
