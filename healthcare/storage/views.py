from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from healthcare.audit import record_now
from healthcare.db.context import current_actor
from healthcare.storage.links import BadLink, read_link
from healthcare.storage.objects import InfectedObject, ObjectNotFound, open_object

INLINE = frozenset({"image/jpeg", "image/png", "image/webp"})


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """The object behind a signed link: for the person it was made for, while it lasts, audited before it leaves."""
    try:
        key = read_link(token, current_actor().user_id)
        opened = open_object(key)
    except (BadLink, ObjectNotFound, InfectedObject) as problem:
        raise Http404 from problem
    record_now("storage.open", by=None, target=opened.stored)
    stored = opened.stored
    response = HttpResponse(opened.content, content_type=stored.content_type)
    disposition = content_disposition_header(stored.content_type not in INLINE, str(stored.name))
    response["Content-Disposition"] = disposition or "attachment"
    # Whatever it contains, it runs nothing and reaches nothing of ours.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
