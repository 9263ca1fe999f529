"""Pages that links in mails lead to. Nobody is signed in: they tell when and where, and act on a press of a button.

Programs that open every link of a mail change nothing by it (GET and HEAD read alone).
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from healthcare.accounts.guards import public
from healthcare.accounts.models.links import key_of
from healthcare.api.problems import Problem
from healthcare.api.throttles import spend
from scheduling import actions
from scheduling.actions.refusals import too_late
from scheduling.links import read_visit_token
from scheduling.models import WaitOffer
from scheduling.places import town_line
from scheduling.queries.feeds import digest_of
from scheduling.queries.linked import LinkedVisit, visit_by_link
from scheduling.queries.waitlist import LinkedOffer, offer_by_link
from scheduling.words import when_words

READ_AND_WRITE = ["GET", "HEAD", "POST"]
View = Callable[[HttpRequest, str], HttpResponse]
Door = Callable[..., HttpResponseBase]
STATES = WaitOffer.State


def linked(view: View) -> Door:
    """For whoever has the link; so often a minute, for each link and for each address that tries others."""

    @public
    @never_cache
    @require_http_methods(READ_AND_WRITE)
    @wraps(view)
    def door(request: HttpRequest, token: str) -> HttpResponse:
        try:
            spend("link", digest_of(token))
            answer = view(request, token)
            if answer.status_code == 410:
                spend("address", request.META["REMOTE_ADDR"])
        except Problem as problem:
            return HttpResponse(status=429, headers={"Retry-After": problem.headers["Retry-After"]})
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return door


def refused(request: HttpRequest) -> HttpResponse:
    """The same for what never was and for what is no more."""
    context = {"sentence": _("This link was used already, or has run out."), "elsewhere": "portal:home"}
    return render(request, "accounts/link_refused.html", context, status=410)


@linked
def cancel_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """A visit that somebody cannot come to: when and where it is, and the button that calls it off."""
    known = read_visit_token(token)
    found = visit_by_link(*known) if known else None
    if found is None:
        return refused(request)
    actions.open_link(patient_id=found.patient_id, target=("scheduling.appointment", found.pk))
    now = timezone.now()
    if request.method == "POST" and found.is_open and not found.late(now):
        actions.ask_to_cancel(visit=found, now=now)
        return redirect(f"{request.path}?asked=yes")
    with timezone.override(found.time_zone):
        context = {"visit": found, "when": when_words(found.starts_at, now), "late": why_late(found, now)}
        return render(request, "scheduling/cancel_by_link.html", context | {"asked": "asked" in request.GET})


@linked
def confirm_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """When and where a visit is, the button that says one comes, and the ways to those that call it off or move it."""
    known = read_visit_token(token)
    found = visit_by_link(*known) if known else None
    if found is None:
        return refused(request)
    actions.open_link(patient_id=found.patient_id, target=("scheduling.appointment", found.pk))
    if request.method == "POST" and found.is_open:
        actions.ask_to_confirm(visit=found)
        return redirect(f"{request.path}?asked=yes")
    with timezone.override(found.time_zone):
        context = {"visit": found, "when": when_words(found.starts_at, timezone.now()), "token": token}
        return render(request, "scheduling/confirm_by_link.html", context | {"asked": "asked" in request.GET})


def why_late(found: LinkedVisit, now: datetime) -> str:
    return too_late(found.phone) if found.is_open and found.late(now) else ""


@linked
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """A time that is kept: accept it or leave it to the next."""
    key = key_of(token)
    found = offer_by_link(key) if key else None
    if key is None or found is None:
        return refused(request)
    actions.open_link(patient_id=found.patient_id, target=("scheduling.waitoffer", found.pk))
    if request.method == "POST" and found.stands == STATES.OFFERED:
        actions.answer_by_link(key=key, accepts=request.POST.get("answer") == "accept")
        return redirect("scheduling:offer", token)
    return offer_page(request, found)


def offer_page(request: HttpRequest, found: LinkedOffer) -> HttpResponse:
    now = timezone.now()
    with timezone.override(found.time_zone):
        context = {
            "offer": found,
            "when": when_words(found.starts_at, now),
            "stands": found.stands,
            "address": [line for line in (found.line, town_line(found.city, found.state, found.postal_code)) if line],
        }
        return render(request, "scheduling/offer.html", context)
