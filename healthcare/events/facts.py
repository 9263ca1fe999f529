"""Facts as rows: a frozen dataclass of plain values becomes JSON, and comes back equal to what was announced."""

import dataclasses
import enum
import types
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

PLAIN = (str, int, bool, float, type(None))
READERS: dict[type, Callable[[Any], Any]] = {
    UUID: UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Decimal: Decimal,
}


class NotAFact(TypeError):
    """A fact is a frozen dataclass whose fields are ids, numbers, times and categories."""


def name_of(fact: type) -> str:
    """The app and the class, such as `patients.PatientRegistered`; `healthcare.accounts.events` is `accounts`."""
    parts = fact.__module__.split(".")
    app = parts[parts.index("events") - 1] if "events" in parts[1:] else parts[0]
    return f"{app}.{fact.__name__}"


def encode(fact: Any) -> dict[str, Any]:
    """Plain JSON values by field name. Raises NotAFact for what would not come back equal."""
    kind = type(fact)
    check_is_fact(kind)
    payload = {field.name: _plain(getattr(fact, field.name)) for field in dataclasses.fields(fact)}
    if decode(kind, payload) != fact:
        raise NotAFact(f"A value of {name_of(kind)} is not of the type its field declares.")
    return payload


def decode(kind: type, payload: dict[str, Any]) -> Any:
    """The fact as announced. Fields that the class no longer has are dropped; new ones need a default."""
    hints = _hints(kind)
    return kind(**{name: _read(hints[name], value) for name, value in payload.items() if name in hints})


def check_is_fact(kind: type) -> None:
    if not dataclasses.is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise NotAFact(f"{kind.__name__} is not a frozen dataclass.")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotAFact("A time in a fact needs its offset.")
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    raise NotAFact(f"{type(value).__name__} has no place in a fact.")


def _read(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _read(_only_one(hint), value)
    if origin in (tuple, list):
        inner = get_args(hint)
        repeated = origin is list or (len(inner) == 2 and inner[1] is Ellipsis)
        hints = [inner[0]] * len(value) if repeated else inner
        return origin(_read(each, item) for each, item in zip(hints, value, strict=True))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(value)
    return READERS.get(hint, _same)(value)


def _only_one(hint: Any) -> Any:
    """The one type beside None; a choice between two could not be read back for certain."""
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    if len(kinds) != 1:
        raise NotAFact(f"{hint} leaves open what to read.")
    return kinds[0]


def _same(value: Any) -> Any:
    return value
