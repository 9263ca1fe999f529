"""What somebody sees who tried too often, whether by django-axes (account and address) or by our own ceilings."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """AXES_LOCKOUT_CALLABLE: the same words whether or not the account exists."""
    return too_many(request, int(settings.AXES_COOLOFF_TIME * 3600))


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429 with Retry-After (RFC 6585 section 4, RFC 9110 section 10.2.3); waits are said in whole minutes."""
    text = render_to_string("accounts/too_many.html", {"minutes": max(1, -(-seconds // 60))}, request)
    response = HttpResponse(text, status=429)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response
