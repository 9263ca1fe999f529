"""What can be put right in records, and people whose date of birth is to be asked."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.ui.frames import frame
from patients import actions
from patients.queries.quality import MOST, quality_of


@require_safe
@requires(Permission.OPEN_CHART)
@never_cache
def quality(request: HttpRequest) -> HttpResponse:
    """Counts alone, of nobody's names; the home page asks for them once it has come."""
    user: Any = request.user
    context = {"found": quality_of(user, timezone.now()), "frame": frame(request)}
    return render(request, "patients/quality.html", context)


@require_safe
@requires(Permission.CHANGE_PATIENT)
@never_cache
def births_to_ask(request: HttpRequest) -> HttpResponse:
    found = actions.list_births_to_ask(by=request.user)  # type: ignore[arg-type]
    return render(request, "patients/births_to_ask.html", {"people": found[:MOST], "more": len(found) > MOST})
