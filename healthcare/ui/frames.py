"""A page and the part of it that htmx swaps are the same template; only what it extends differs."""

from django.http import HttpRequest

PART = "ui/part.html"


def frame(request: HttpRequest, page: str = "ui/clinic.html") -> str:
    """What the template extends: the whole page, or for a swap the bare block `part`."""
    htmx = request.htmx  # type: ignore[attr-defined]
    swap = htmx and not htmx.boosted and not htmx.history_restore_request
    return PART if swap else page
