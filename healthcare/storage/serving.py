"""How a stored file leaves: as what it is, running nothing."""

from collections.abc import Collection

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from healthcare.storage.objects import OpenedObject


def file_response(opened: OpenedObject, *, shown: Collection[str] = ()) -> HttpResponse:
    """The file as a download; in the page itself only what is of the types `shown`."""
    stored = opened.stored
    response = HttpResponse(opened.content, content_type=stored.content_type)
    disposition = content_disposition_header(stored.content_type not in shown, str(stored.name))
    response["Content-Disposition"] = disposition or "attachment"
    # Whatever it contains, it runs nothing and reaches nothing of ours.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
