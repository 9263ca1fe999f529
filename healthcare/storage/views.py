from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from healthcare.audit import record_now
from healthcare.db.context import current_actor
from healthcare.storage.links import BadLink, read_link
from healthcare.storage.objects import InfectedObject, ObjectNotFound, open_object
from healthcare.storage.serving import file_response

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
    return file_response(opened, shown=INLINE)
