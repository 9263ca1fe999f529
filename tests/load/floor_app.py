"""The least that an authenticated, audited read can be here: token, context, one SELECT, one audit insert, no more.

A bare WSGI app on the product's own walls: no middleware, no URL map, no ORM, no view. gunicorn runs it as it runs the
product (`floor.py` starts it). The token is checked by one HMAC-SHA-256 of its text.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import django
from django.conf import settings
from django.db import connection

from healthcare.audit import record_now
from healthcare.db.context import acting_as

PREFIX = len("/floor/")
READ = """
SELECT id, mrn, given_name, family_name, birth_date, sex, phone, email, line, city, state, postal_code
FROM patients_patient WHERE id = %s
"""


def token_for(user_id: UUID, role: str) -> str:
    claims = f"{user_id}.{role}"
    return f"{claims}.{_signature(claims)}"


def _signature(claims: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), b"floor:" + claims.encode(), hashlib.sha256).hexdigest()


def _bearer(environ: dict[str, Any]) -> Any:
    """The user of the token, or None."""
    claims, _, signature = environ.get("HTTP_AUTHORIZATION", "")[len("Bearer ") :].rpartition(".")
    if not hmac.compare_digest(signature, _signature(claims)):
        return None
    user_id, _, role = claims.partition(".")
    return SimpleNamespace(pk=UUID(user_id), acting_role=role)


def served() -> Callable[..., Iterable[bytes]]:
    """For gunicorn, which calls it once in each worker."""
    django.setup()
    return application


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/livez":
        return _answer(start_response, "200 OK", b"{}")
    user = _bearer(environ)
    if user is None:
        return _answer(start_response, "401 Unauthorized", b"{}")
    patient_id = UUID(path[PREFIX:])
    with acting_as(user, read_only=True), connection.cursor() as cursor:
        cursor.execute(READ, [patient_id])
        row = cursor.fetchone()
        names = [column.name for column in cursor.description]
        if row is None:
            return _answer(start_response, "404 Not Found", b"{}")
        record_now("patients.open_chart", by=user, patient_id=patient_id)
    return _answer(start_response, "200 OK", json.dumps(dict(zip(names, row, strict=True)), default=str).encode())


def _answer(start_response: Callable[..., Any], status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
