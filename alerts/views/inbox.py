"""All that waits for the signed-in person, from every app, in one list; what they put off, until then apart."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alerts import actions
from alerts.forms import PutOffForm, offered
from alerts.queries.inbox import inbox_page, line_of, put_off_by
from healthcare.accounts.guards import requires
from healthcare.accounts.parts import Pile
from healthcare.accounts.permissions import Permission
from healthcare.events.parts import answers_of
from healthcare.ui.dates import moment_text
from patients.queries.finding import own_sites


@require_safe
@requires(Permission.RECEIVE_ALERTS)
def inbox(request: HttpRequest) -> HttpResponse:
    """Of all kinds, or with `?kind=` of one. An app that fails leaves the others standing, and the page says so."""
    return _page(request, timezone.now())


@require_POST
@requires(Permission.RECEIVE_ALERTS)
def put_off(request: HttpRequest) -> HttpResponse:
    """A line of their own list; what is not in it any more has been dealt with meanwhile."""
    user: Any = request.user
    now, form = timezone.now(), PutOffForm(request.POST)
    if not form.is_valid():
        return _page(request, now, form)
    line = line_of(_piles(user, now)[0], form.cleaned_data["line"])
    if line is None:
        messages.warning(request, _("This does not wait for you any more."))
        return redirect(inbox_address(request))
    try:
        row = actions.put_off_line(by=user, line=line, until=form.until(now, _zone(user)), now=now)
    except actions.NotPutOff as problem:
        form.add_error("day", str(problem))
        return _page(request, now, form)
    with timezone.override(_zone(user)):
        until = moment_text(row.until)
    messages.success(request, _("Put off until %(until)s. Only your own list changes.") % {"until": until})
    return redirect(inbox_address(request))


@require_POST
@requires(Permission.RECEIVE_ALERTS)
def take_back(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if actions.take_back_line(by=user, source=request.POST.get("line", ""), now=timezone.now()):
        messages.success(request, _("It stands in your list again."))
    return redirect(inbox_address(request))


def _page(request: HttpRequest, now: datetime, form: PutOffForm | None = None) -> HttpResponse:
    user: Any = request.user
    piles, failed = _piles(user, now)
    asked = request.GET or request.POST
    kind, at, zone = asked.get("kind", ""), asked.get("at", ""), _zone(user)
    page = inbox_page(piles, kind, put_off_by(user, now))
    shown = len(page.later or page.rows)
    context = {
        "page": page,
        "failed": failed,
        "kind": kind,
        "at": min(int(at), shown - 1) if at.isdecimal() and len(at) < 4 and not form else None,
        "offered": offered(now, zone),
        "form": form,
        "refused": form["line"].value() if form else "",
    }
    return render(request, "alerts/inbox.html", context, status=422 if form else 200)


def _piles(user: Any, now: datetime) -> tuple[Sequence[Pile], bool]:
    """What each app says, and whether one failed."""
    answers = list(answers_of("accounts.Inbox", lambda part: part(user, now)))
    return [given.value for given in answers if given.value is not None], any(given.failed for given in answers)


def _zone(user: Any) -> str:
    """Of the site where they work now."""
    return next((site.time_zone for site in own_sites(user)), timezone.get_current_timezone_name())


def inbox_address(request: HttpRequest) -> str:
    """Back to the same place of the same list."""
    place = {name: request.POST[name] for name in ("kind", "at") if request.POST.get(name)}
    return f"{reverse('alerts:inbox')}?{urlencode(place)}" if place else reverse("alerts:inbox")
