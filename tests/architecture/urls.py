"""Every address the clinic answers, as the resolver knows it."""

import re
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
        return "/" + re.sub(
            r"<(?:(\w+):)?(\w+)>",
            lambda found: str(known.get(found[2], SAMPLES.get(found[1] or "str", "x"))),
            self.route.replace("\\Z", ""),
        )


def doors(resolver: Any = None, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[Door]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            space = (entry.namespace,) if entry.namespace else ()
            yield from doors(entry, prefix + str(entry.pattern), names + space)
        elif isinstance(entry, URLPattern):
            yield Door(prefix + str(entry.pattern), entry.callback, (*names, entry.name or ""))


def own_doors() -> list[Door]:
    return [door for door in doors() if not door.is_admin]


@dataclass(frozen=True)
class Operation:
    """One operation of /v1; `door` is the function that @operation made."""

    method: str
    path: str
    door: Any

    def address(self, **known: Any) -> str:
        """A well-formed address; ids that are not given belong to nobody."""
        return "/v1" + re.sub(
            r"{(?:(\w+):)?(\w+)}", lambda found: str(known.get(found[2], SAMPLES.get(found[1], "x"))), self.path
        )


def operations() -> list[Operation]:
    """What the routers of settings.API_ROUTERS hold."""
    from healthcare.api.root import api

    return [
        Operation(method, "/".join(part for part in (bound.prefix, path) if part), operation.view_func)
        for bound in api._get_bound_routers()
        for path, view in bound.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    ]


def named(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def label(door: Door) -> str:
    return door.route or "/"
