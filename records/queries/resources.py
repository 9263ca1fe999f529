"""What another system told, as people can read it: the kept resources of a chart, and what stands in one."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count

from healthcare.accounts.models import User
from patients.models import Patient
from records.models import Entry, EntryQuerySet
from records.rules import told

MOST_ROWS, LONGEST_VALUE, LONGEST_TEXT = 300, 500, 60_000
# The narrative is HTML of its source's making, and is never drawn; what is about the resource is not in it.
NOT_SHOWN = frozenset({"text", "meta", "resourceType", "id", "contained", "div", "patient", "subject", "beneficiary"})
MARK = "\ue000"  # of the private use area: round a number while it is written as text
MARKED = re.compile(f'"{MARK}([^"]*){MARK}"')
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Said:
    """One line of a resource: where it stands in it, in words, and what it says."""

    label: str
    value: str


@dataclass(frozen=True)
class Contents:
    """The resource line by line, and as it came; `cut` where that was too long to show whole."""

    lines: Sequence[Said]
    text: str
    cut: bool


def kept_by_type(user: User, patient: Patient) -> dict[str, int]:
    """How many resources of each type are kept whole; the most frequent first."""
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=patient.pk).current().of_kind("imported")
    counted = rows.order_by().values_list("code").annotate(number=Count("pk"))
    return dict(sorted(counted, key=lambda found: (-found[1], found[0])))


def contents_of(entry: Entry) -> Contents | None:
    """None for an entry that no other system told of."""
    text = entry.data.get("resource")
    if not isinstance(text, str):
        return None
    resource = json.loads(text, parse_float=Decimal)
    lines = []
    for line in _lines(resource, ()):
        lines.append(line)
        if len(lines) == MOST_ROWS:
            break
    shown = _pretty(text)
    return Contents(lines, shown[:LONGEST_TEXT], len(shown) > LONGEST_TEXT)


def _pretty(text: str) -> str:
    """As it came, with line breaks; a number keeps the zeros at its end, which say how exactly it was measured."""
    if len(text) > LONGEST_TEXT:
        return text
    said = json.loads(text, parse_float=lambda number: f"{MARK}{number}{MARK}")
    return MARKED.sub(r"\1", json.dumps(said, indent=2, ensure_ascii=False))


def _lines(said: Any, path: tuple[str, ...]) -> Iterator[Said]:
    if (words := _words(said)) is not None:
        if words:
            yield Said(_label(path), words)
        return
    if isinstance(said, list):
        for place, one in enumerate(said, start=1):
            yield from _lines(one, (*path[:-1], f"{path[-1]} {place}") if len(said) > 1 else path)
        return
    for name, one in said.items():
        if name not in NOT_SHOWN:
            yield from _lines(one, (*path, name))


def _words(said: Any) -> str | None:
    """What is said in one line; None for what holds several."""
    if isinstance(said, list):
        return None
    if not isinstance(said, dict):
        return _plain(said)
    if "coding" in said or set(said) == {"text"}:
        return _concept(said)
    if "code" in said and "system" in said:
        return _concept({"coding": [said]})
    if "reference" in said or set(said) == {"display"}:
        return told.named(said) or _address(said)
    if said.keys() & {"start", "end"} and said.keys() <= {"start", "end"}:
        return " – ".join(text for side in ("start", "end") if (text := told.words(said.get(side), 40)))
    if "value" in said and told.number(said["value"]) is not None:
        return told.amount_words(said) if "currency" not in said else f"{said['value']} {said['currency']}"
    return None


def _address(said: dict[str, Any]) -> str:
    """Where a reference leads; a number made for one bundle leads nobody anywhere."""
    found = told.words(said.get("reference"), LONGEST_VALUE)
    return "" if found.startswith("urn:uuid:") else found


def _plain(said: Any) -> str:
    if isinstance(said, bool):
        return "yes" if said else "no"
    if isinstance(said, int | Decimal):
        return str(said)
    return told.words(said, LONGEST_VALUE)


def _concept(said: dict[str, Any]) -> str:
    found = told.concept(said)
    code = f" ({found.code})" if found.code and found.code not in found.text else ""
    return f"{found.text}{code}"


def _label(path: tuple[str, ...]) -> str:
    """camelCase as words, the parts with a sign between."""
    words = [HUMP.sub(" ", name).lower() for name in path]
    return " › ".join(words).capitalize()
