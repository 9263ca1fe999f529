"""A request that is sent again has its effect once: Idempotency-Key, after draft-ietf-httpapi-idempotency-key-header.

The reply is kept in the transaction of the effect, so there is never one without the other, and a crash leaves neither.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from healthcare.accounts.models import User
from healthcare.api.models import Reply
from healthcare.api.problems import Problem, answer_raised, invalid, kind_of
from healthcare.db.context import acting_as_system
from healthcare.db.inserting import insert_rows
from healthcare.db.prepared import Bound, prepared

Function = TypeVar("Function", bound=Callable[..., Any])
KEY = re.compile(r"[\x20-\x7e]{1,255}")
LOCKS = 0x1DE  # the first of the two numbers of an advisory lock: no other use of theirs meets these
KEPT = ("Content-Type", "ETag", "Location")
UNDER_WAY = kind_of(
    "request-under-way", 409, _lazy("Under way"), _lazy("The same request is being worked on: ask again in a second.")
)
KEY_REUSED = kind_of(
    "idempotency-key-reused", 422, _lazy("Key used before"), _lazy("This Idempotency-Key came with another request.")
)


def idempotent(function: Function) -> Function:
    """For a writing operation: with the same user, role, operation and key, the same body gets the first reply again.

    Another body under the key is a Problem 422, one under way a 409. Stands next to `@operation`; the key may be left
    out. Refusals of the verb are replies too; faults of ours are not kept.
    """
    function.is_idempotent = True  # type: ignore[attr-defined]
    return function


def once(request: HttpRequest, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Run it, or give the reply that was given before. Within the request's transaction."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return run()
    if not KEY.fullmatch(given):
        raise invalid("Idempotency-Key", _("Up to 255 printable ASCII characters."))
    user: Any = request.user
    key, sent = _name(request, given), _mark(request)
    if not _is_ours(f"{user.pk}.{key}"):
        raise Problem(UNDER_WAY, headers={"Retry-After": "1"})
    found = _before(user, Bound(key))
    if not found:
        return _kept(request, run, Reply(user=user, key=key, request=sent))
    (before,) = found
    if not hmac.compare_digest(before.request, sent):
        raise Problem(KEY_REUSED)
    return HttpResponse(before.body, status=before.status, headers=before.headers | {"Idempotent-Replayed": "true"})


@prepared
def _before(user: User, key: Any) -> "QuerySet[Reply]":
    return Reply.objects.filter(user=user, key=key)


def _kept(request: HttpRequest, run: Callable[[], HttpResponseBase], reply: Reply) -> HttpResponseBase:
    try:
        with transaction.atomic():
            response: Any = run()
    except Exception as problem:
        response = answer_raised(request, problem)
    if response.status_code < 500:
        reply.status, reply.body = response.status_code, response.content.decode()
        reply.headers = {name: response.headers[name] for name in KEPT if name in response.headers}
        insert_rows(reply)
    return response


def _name(request: HttpRequest, given: str) -> str:
    user: Any = request.user
    route = request.resolver_match.route if request.resolver_match else ""
    return hashlib.sha256(f"{user.acting_role}\n{request.method} {route}\n{given}".encode()).hexdigest()


def _mark(request: HttpRequest) -> str:
    """Keyed, since a short body of a patient's could be guessed back from a plain hash."""
    key = hashlib.sha256(f"idempotency.{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, request.get_full_path().encode() + b"\n" + request.body, hashlib.sha256).hexdigest()


def _is_ours(name: str) -> bool:
    """Nobody else works on it: held to the end of the transaction, gone with it."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s::integer, %s::integer)", [LOCKS, number])
        return bool(cursor.fetchone()[0])


def forget_replies(*, before: datetime) -> int:
    """Take away what was kept longer. Returns how many."""
    with acting_as_system("prune_replies"):
        return Reply.objects.older_than(before).delete()[0]
