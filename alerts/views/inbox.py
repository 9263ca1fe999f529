"""All that waits for the signed-in person, from every app, in one list."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts.queries.inbox import inbox_page
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.events.parts import answers_of


@require_safe
@requires(Permission.RECEIVE_ALERTS)
def inbox(request: HttpRequest) -> HttpResponse:
    """Of all kinds, or with `?kind=` of one. An app that fails leaves the others standing, and the page says so."""
    user: Any = request.user
    now = timezone.now()
    answers = list(answers_of("accounts.Inbox", lambda part: part(user, now)))
    piles = [given.value for given in answers if given.value is not None]
    context = {
        "page": inbox_page(piles, request.GET.get("kind", "")),
        "failed": any(given.failed for given in answers),
    }
    return render(request, "alerts/inbox.html", context)
