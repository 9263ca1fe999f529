"""Read elements of a resource without trusting its shape (FHIR R4 sections 2.24 and 2.36)."""

import re
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from healthcare.fhir.resources import Unfit

T = TypeVar("T")
# A reader of more than R4 writes: seconds may be missing.
DATE_TIME = re.compile(r"(\d{4})(-(\d\d)(-(\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII)


def one(element: Any, path: str, kind: type[T]) -> T | None:
    """What stands at a dotted path, the first of each list, if it is of this Python type; else None."""
    for name in path.split("."):
        if isinstance(element, list):
            element = element[0] if element else None
        element = element.get(name) if isinstance(element, dict) else None
    if isinstance(element, list) and kind is not list:
        element = element[0] if element else None
    return element if isinstance(element, kind) else None


def text(element: Any, path: str, longest: int = 0) -> str:
    """The text at a path, without space at its ends and cut where told; "" where there is none."""
    found = (one(element, path, str) or "").strip()
    return found[:longest].rstrip() if longest else found


def many(element: Any, path: str) -> list[dict[str, Any]]:
    """The objects of the list at a path; one that stands alone counts as a list of it."""
    found: Any = element
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    found = found if isinstance(found, list) else [found]
    return [part for part in found if isinstance(part, dict)]


def moment(said: str | None) -> datetime | None:
    """A dateTime or instant, aware, in UTC. What names a year, month or day only is its first midnight, UTC.

    None for nothing said; raises Unfit for what is no date.
    """
    if not said:
        return None
    match = DATE_TIME.fullmatch(said)
    try:
        if match and match[6]:
            return datetime.fromisoformat(said).astimezone(UTC)
        if match:
            return datetime(int(match[1]), int(match[3] or 1), int(match[5] or 1), tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise Unfit("A date in it is no date (FHIR R4, dateTime).")


def day(said: str | None) -> date | None:
    """A date; of a year or a month the first day. None for nothing said; raises Unfit."""
    found = moment(said[:10] if said else said)
    return found.date() if found else None
