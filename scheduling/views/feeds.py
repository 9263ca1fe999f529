"""Where calendar programs read visits, by a secret address without a sign-in; and the owner's page of it."""

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from healthcare.accounts.guards import public, requires
from healthcare.accounts.models import Provider
from healthcare.accounts.permissions import Permission
from healthcare.api.problems import Problem
from healthcare.api.throttles import spend
from scheduling import actions
from scheduling.invitations import feed_address, feed_of
from scheduling.queries.feeds import Feed, FeedVisit, digest_of, find_feed, version_of, visits_of_feed
from scheduling.views.own_page import of_provider, show_own_page


@public
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The file, or 304 where the calendar has it already; 404 for what never was, has ended or may not be seen now."""
    try:
        spend("feed", digest_of(token))
        found = find_feed(token)
        if found is None:
            spend("address", request.META["REMOTE_ADDR"])
            raise Http404
    except Problem as problem:
        return HttpResponse(status=429, headers={"Retry-After": problem.headers["Retry-After"]})
    return _answer(request, found, visits_of_feed(token))


def _answer(request: HttpRequest, found: Feed, visits: list[FeedVisit]) -> HttpResponse:
    etag = quote_etag(version_of(found, visits, settings.CLINIC_NAME, settings.PUBLIC_URL, request.LANGUAGE_CODE))
    answer: Any = get_conditional_response(request, etag=etag)
    if answer is None or answer.status_code != 304:
        actions.read_feed(feed=found)
        answer = HttpResponse(_file(found, visits), content_type="text/calendar; charset=utf-8")
        answer["Content-Disposition"] = 'inline; filename="visits.ics"'
    answer["ETag"], answer["Cache-Control"], answer["X-Robots-Tag"] = etag, "private", "noindex"
    return answer


def _file(found: Feed, visits: list[FeedVisit]) -> bytes:
    if found.patient_id is None:
        said = {"visit": _("Visit"), "group": _("Group"), "busy": _("Busy")}
        return feed_of(visits, summaries=said, url=day_of)
    for_whom = "" if found.own else f"for/{found.patient_id}/"
    pages = f"{settings.PUBLIC_URL}/portal/{for_whom}visits"
    at = _("Visit at %(clinic)s") % {"clinic": settings.CLINIC_NAME}
    return feed_of(visits, summaries={"visit": at}, url=lambda visit: f"{pages}/{visit.pk}")


def day_of(visit: FeedVisit) -> str:
    """The clinic's page of that day, behind the sign-in: it names nobody, nor does this address."""
    day = visit.starts_at.astimezone(ZoneInfo(visit.time_zone)).date()
    return f"{settings.PUBLIC_URL}{reverse('scheduling:day')}?{urlencode({'day': day.isoformat()})}"


# == A provider's own ==
@require_POST
@requires(Permission.PRESCRIBE)
@of_provider
def own_feed(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Make an address, or another one, which this answer alone shows; or end it."""
    user: Any = request.user
    now = timezone.now()
    if request.POST.get("act") == "end":
        actions.end_provider_feed(by=user, provider=provider, now=now)
        messages.success(request, _("The address leads nowhere any more."))
        return redirect("scheduling:own_page")
    token = actions.make_provider_feed(by=user, provider=provider, now=now)
    return show_own_page(request, provider, made=feed_address(token))
