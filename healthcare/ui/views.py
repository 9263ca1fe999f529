from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from healthcare.accounts.guards import anyone_signed_in
from healthcare.ui.context import Shell


@require_safe
@anyone_signed_in
@never_cache
def places(request: HttpRequest) -> HttpResponse:
    """The list of places with what waits at each, for an open page that asks again."""
    here = request.htmx.current_url_abs_path or ""  # type: ignore[attr-defined]
    return HttpResponse(Shell(request, urlsplit(here).path).navigation)
