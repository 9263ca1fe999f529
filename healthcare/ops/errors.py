"""Error answers, drawn without a database: a page with a reference, or a sentence for the part htmx asked for."""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.api.middleware import is_token_path
from healthcare.api.problems import answer_status
from healthcare.audit import AuditUnavailable
from healthcare.ops.logs import log_unavailable

SENTENCES: dict[int, Promise] = {
    400: _("We could not read that request. Load the page again and try once more."),
    403: _("This is not open to you. If you need it for your work, ask an administrator."),
    404: _("There is nothing here that is open to you."),
    500: _("Something went wrong on our side. It was not saved."),
    503: _("We are away for a moment, and nothing can be shown safely. Try again in a minute."),
}
RETRY_SECONDS = 10


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """One body for what does not exist and for what is somebody else's."""
    return _answer(request, 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, 403)


def internal_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles what was raised: a database that is away is not a fault of the page."""
    problem = sys.exc_info()[1]
    if isinstance(problem, OperationalError | InterfaceError | AuditUnavailable):
        return unavailable(request, problem)
    return _answer(request, 500)


def unavailable(request: HttpRequest, problem: BaseException | None = None) -> HttpResponse:
    response = _answer(request, 503)
    response["Retry-After"] = str(RETRY_SECONDS)
    if problem is not None:
        log_unavailable(problem)
    return response


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if is_token_path(request.path):
        return answer_status(request, status)
    reference = getattr(request, "id", "")
    context: dict[str, Any] = {"request_id": reference, "reference": reference, "status": status}
    if request.headers.get("HX-Request"):
        content = f"{SENTENCES[status]} {_('Reference:')} {reference}"
        text = render_to_string("ui/components/flash.html", {"role": "bad", "content": content})
    else:
        text = render_to_string(f"{status}.html", context)
    response = HttpResponse(text, status=status)
    response["Cache-Control"] = "no-store"
    return response
