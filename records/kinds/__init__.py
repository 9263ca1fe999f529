"""What kinds of entries there are. A kind is one module here: who records it, what its data holds, how it moves.

Storage, versions, voiding, walls and the timeline are the same for all. A module that defines `KIND` is found by its
name; nothing else has to know it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
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
    `signed`: it comes by its author's signature, and by no other verb.
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

    def is_released(self, said: Any) -> bool:
        """Whether the patient may read it without anybody's release; `said` is an entry, or what one is to say."""
        return self.released and not self.withheld(said)


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its slug."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    found = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.slug: kind for kind in sorted(found, key=lambda kind: kind.slug)}


def kind_of(slug: str) -> Kind:
    """Raises NotOfKind for a kind that is not there."""
    try:
        return kinds()[slug]
    except KeyError:
        raise NotOfKind(f"There is no kind {slug!r}.") from None
