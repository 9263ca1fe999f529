"""How often the rules of the safety check spoke and were overridden, for who reviews them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from prescriptions import actions

SPANS = (30, 90, 365)  # days


@require_safe
@requires(Permission.REVIEW_SAFETY)
def overrides(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else SPANS[1]
    context = {"rules": actions.list_overrides(by=user, days=days, now=timezone.now()), "days": days, "spans": SPANS}
    return render(request, "prescriptions/overrides.html", context)
