"""What kinds of entries there are: who records each, what its data holds, how it moves (docs/kinds.md).

Storage, versions, voiding, walls and the timeline are the same for all. A kind is one module here, or one folder, that
defines `KIND`: it is found by its place, and nothing else has to know it. A folder brings what it has of its own: its
`form` (for the page and for /v1), its `card.html`, its `fhir` mapping, and the `migrations` of its constraints.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from django.utils.functional import Promise

from healthcare.accounts.permissions import Permission

Moves = Mapping[str, frozenset[str]]
#: What may stand in the data of any kind, where the entry was told by another system: the resource as it came (its
#: JSON, exact), how exactly its moment is known, who said it there, and how sure they were.
TOLD = {"resource": str, "precision": str, "by": str, "verification": str}


class NotOfKind(ValueError):
    """The content does not fit its kind; the message says which part."""


@dataclass(frozen=True)
class Schema:
    """Names and types of an entry's `data`; nothing may stand in it that is not named here."""

    required: Mapping[str, type] = field(default_factory=dict)
    optional: Mapping[str, type] = field(default_factory=dict)

    def check(self, data: Mapping[str, Any]) -> None:
        """Raises NotOfKind."""
        known = {**TOLD, **self.required, **self.optional}
        for name in self.required:
            if name not in data:
                raise NotOfKind(f"{name} is missing.")
        for name, value in data.items():
            if name not in known:
                raise NotOfKind(f"{name} is not a part of this kind.")
            if not isinstance(value, known[name]):
                raise NotOfKind(f"{name} is not of the type {known[name].__name__}.")


@dataclass(frozen=True)
class Kind:
    """`slug` is what rows hold. `summary` is one line for the timeline; `role` its status role of the design language.

    `released`: the patient may read it from the moment it is recorded, but for what is `withheld`; else somebody
    releases it. `clinical_moves` are
    the clinical statuses and what may follow each; empty for what has none; `own_moves`: by a verb of the kind's own.
    `signed`: it comes by its author's signature, and by no other verb. `urgency` is "high" where a clinician should
    look, "urgent" where somebody must act now; then it is announced, and alerts. `exported`: whether an entry leaves in
    an export of the chart, void ones never do.
    """

    slug: str
    name: Promise
    plural: Promise
    permission: Permission
    summary: Callable[[Any], str]
    schema: Schema = field(default_factory=Schema)
    role: Callable[[Any], str] = lambda _entry: "off"
    clinical_moves: Moves = field(default_factory=dict)
    clinical_words: Mapping[str, Promise] = field(default_factory=dict)
    released: bool = True
    withheld: Callable[[Any], bool] = lambda _said: False
    signed: bool = False
    own_moves: bool = False
    urgency: Callable[[Any], str] = lambda _said: ""
    exported: Callable[[Any], bool] = lambda _entry: True

    def is_released(self, said: Any) -> bool:
        """Whether the patient may read it without anybody's release; `said` is an entry, or what one is to say."""
        return self.released and not self.withheld(said)


@dataclass(frozen=True)
class Said:
    """What the form or the FHIR mapping of a kind says of one entry. `effective_at` None: when it is said."""

    code: str = ""
    code_system: str = ""
    display: str = ""
    value: Decimal | None = None
    unit: str = ""
    clinical_status: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    effective_at: datetime | None = None


@dataclass(frozen=True)
class Told:
    """What a resource of FHIR says. `when` are its dates as they came, the one that counts first."""

    said: Said
    when: Sequence[Any] = ()
    record_status: str = "final"


@cache
def homes() -> dict[str, ModuleType]:
    """The module or folder of every kind, by its slug."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.KIND.slug: module for module in modules if hasattr(module, "KIND")}


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its slug."""
    return {slug: homes()[slug].KIND for slug in sorted(homes())}


@cache
def part_of(slug: str, name: str) -> ModuleType | None:
    """A module of the kind's own folder, `form` or `fhir`; None where it has none."""
    home = homes().get(slug)
    whole = f"{home.__name__}.{name}" if home is not None and hasattr(home, "__path__") else ""
    return import_module(whole) if whole and find_spec(whole) else None


@cache
def card_of(slug: str) -> str:
    """The template that its page draws what it says with; "" where the page's own lines say it all."""
    home = homes().get(slug)
    card = Path(home.__file__).with_name("card.html") if home and hasattr(home, "__path__") and home.__file__ else None
    return card.read_text() if card and card.exists() else ""


def forget() -> None:
    """What was found, so that it is found anew."""
    for found in (homes, kinds, part_of, card_of):
        found.cache_clear()


def kind_of(slug: str) -> Kind:
    """Raises NotOfKind for a kind that is not there."""
    try:
        return kinds()[slug]
    except KeyError:
        raise NotOfKind(f"There is no kind {slug!r}.") from None
