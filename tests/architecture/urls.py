"""Every address the clinic answers, as the resolver knows it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

SAMPLES = {"uuid": str(uuid.UUID(int=7 << 76 | 2 << 62)), "int": "1", "str": "x", "slug": "x", "path": "x"}


@dataclass(frozen=True)
class Door:
    route: str
    view: Any
    names: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        return self.route.startswith("admin/")

    def address(self, **known: Any) -> str:
        """A well-formed address; ids that are not given belong to nobody."""
        parts = []
        for part in self.route.replace("\\Z", "").split("/"):
            if part.startswith("<") or "<" in part:
                head, _, rest = part.partition("<")
                converter, _, variable = rest.rstrip(">").partition(":")
                part = head + str(known.get(variable or converter, SAMPLES.get(converter, "x")))
            parts.append(part)
        return "/" + "/".join(parts)


def doors(resolver: Any = None, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[Door]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            space = (entry.namespace,) if entry.namespace else ()
            yield from doors(entry, prefix + str(entry.pattern), names + space)
        elif isinstance(entry, URLPattern):
            yield Door(prefix + str(entry.pattern), entry.callback, (*names, entry.name or ""))


def own_doors() -> list[Door]:
    return [door for door in doors() if not door.is_admin]


def label(door: Door) -> str:
    return door.route or "/"
