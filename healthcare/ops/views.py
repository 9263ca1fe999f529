import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import public
from healthcare.ops.health import examine
from healthcare.ops.metrics import exposition

TEXT = "text/plain; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@public
@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type=TEXT)


@public
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    ready, parts = examine()
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


@public
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read_metrics(request):
        return HttpResponse("The figures are for this machine, or for the bearer of the token.\n", TEXT, 403)
    return HttpResponse(exposition(), content_type=PROMETHEUS)


def may_read_metrics(request: HttpRequest) -> bool:
    """From this machine directly, not through a proxy on it; else by `Authorization: Bearer` (RFC 6750)."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return hmac.compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode())
    return "X-Forwarded-For" not in request.headers and _is_loopback(request.META.get("REMOTE_ADDR", ""))


@public
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type=TEXT)


@public
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(static("img/icon.svg"))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
