"""Parts by name: how an app on the left shows what it does not know.

A left app declares a part in its `parts.py` (`accounts.HomeCard`); right apps name theirs in their AppConfig:

    parts = {"accounts.HomeCard": ["patients.panels.recent_patients"]}

and the left app asks `parts_of("accounts.HomeCard")`, in the same request and transaction. So imports run leftwards,
and `grep` for the part's name finds everybody who takes part.
"""

from functools import lru_cache
from typing import Any

from django.apps import apps
from django.utils.module_loading import import_string


@lru_cache(maxsize=64)
def parts_of(name: str) -> tuple[Any, ...]:
    """What the installed apps named for this part, along the journey. Raises ImportError when a name leads nowhere."""
    return tuple(import_string(target) for target in names_of(name))


def names_of(name: str) -> list[str]:
    """The dotted names themselves, for tests that say which part is broken."""
    found: list[str] = []
    for config in apps.get_app_configs():
        found += getattr(config, "parts", {}).get(name, [])
    return found


def part_names() -> set[str]:
    """Every part that some app takes part in."""
    return {name for config in apps.get_app_configs() for name in getattr(config, "parts", {})}
