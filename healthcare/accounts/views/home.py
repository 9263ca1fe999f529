"""The page each role lands on: cards of the apps, in the order of what needs a person first."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from healthcare.accounts.guards import anyone_signed_in
from healthcare.accounts.parts import FAILED_CARD, Card
from healthcare.accounts.roles import PATIENT
from healthcare.events.parts import answers_of, parts_of


@anyone_signed_in
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Patients go to the portal, where an app offers one."""
    user: Any = request.user
    if user.acting_role == PATIENT:
        for portal in parts_of("accounts.PortalAccount"):
            return redirect(portal.home)
    now = timezone.now()
    answers = answers_of("accounts.HomeCard", lambda part: part(user, now))
    shown: list[Card | None] = [FAILED_CARD if given.failed else given.value for given in answers]
    cards = sorted((card for card in shown if card is not None), key=lambda card: card.order)
    context = {
        "now": now,
        "wide": [card for card in cards if card.wide],
        "narrow": [card for card in cards if not card.wide],
    }
    return render(request, "accounts/home.html", context)
