"""Log lines as JSON objects (RFC 8259), one a line, with nothing of a patient in them.

Of an error its type and the places it passed are written, never its text: exception texts quote the values that caused
them. Other people's messages are written as their templates, without what was filled in. Addresses of pages are written
as patterns, without ids and queries.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from healthcare.audit.request import request_facts
from healthcare.db.context import NOBODY, current_actor

FIELDS = (
    "route",
    "method",
    "status",
    "ms",
    "user_id",
    "role",
    "part",
    "count",
    "seconds",
    "queue",
    "event",
    "failure",
)
FRAMES = 30

logger = logging.getLogger("healthcare.ops")
requests = logging.getLogger("healthcare.request")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        actor = current_actor()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": safe_message(record),
            "request_id": request_facts.get().request_id,
        }
        if actor != NOBODY:
            line |= {"user_id": actor.user_id, "role": actor.role, "purpose": actor.purpose}
        line |= {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = safe_error(record.exc_info[1])
        return json.dumps({name: value for name, value in line.items() if value not in (None, "")}, default=str)


def safe_message(record: logging.LogRecord) -> str:
    """Our own messages with their values, which are ids and counts; everybody else's as bare templates."""
    if record.name.split(".")[0] not in settings.OWN_LOGGERS:
        return str(record.msg) if record.args and isinstance(record.msg, str) else f"at {record.module}:{record.lineno}"
    if isinstance(record.msg, BaseException):
        return type(record.msg).__name__
    if isinstance(record.args, tuple):
        safe = tuple(type(value).__name__ if isinstance(value, BaseException) else value for value in record.args)
        return str(record.msg) % safe if safe else str(record.msg)
    return record.getMessage()


def safe_error(problem: BaseException) -> dict[str, Any]:
    """The types along the chain of causes, and where it passed: file, line and function, no source line, no values."""
    frames = traceback.extract_tb(problem.__traceback__, limit=-FRAMES)
    places = [f"{_shortened(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    chain: list[str] = []
    cause = problem.__cause__ or problem.__context__
    while cause is not None and len(chain) < 5:
        chain.append(_type_of(cause))
        cause = cause.__cause__ or cause.__context__
    return {"type": _type_of(problem), "causes": chain, "at": places}


def log_request(request: HttpRequest, status: int, seconds: float) -> None:
    actor = getattr(request, "actor", NOBODY)
    level = logging.ERROR if status >= 500 else logging.INFO
    facts = {"route": route_of(request), "method": request.method, "status": status, "ms": round(seconds * 1000, 1)}
    requests.log(level, "request", extra=facts | {"user_id": actor.user_id, "role": actor.role})


def log_unavailable(problem: BaseException) -> None:
    logger.error("answered 503", exc_info=problem, extra={"failure": type(problem).__name__})


def route_of(request: HttpRequest) -> str:
    """The pattern that matched, such as `patients/<uuid:patient_id>/`; never the address with its ids."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match is not None else "unmatched"


def _type_of(problem: BaseException) -> str:
    return f"{type(problem).__module__}.{type(problem).__qualname__}"


def _shortened(filename: str) -> str:
    """Without the machine's own folders."""
    path = Path(filename)
    if path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts:
        return str(path.relative_to(settings.BASE_DIR))
    return "/".join(path.parts[-3:])
