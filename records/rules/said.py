"""What somebody says about an allergy, and about a dose of a vaccine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reaction:
    """To what, how, how badly and since when; `since` as the patient says it. `severity` and `category` are slugs."""

    substance: str
    reaction: str = ""
    severity: str = ""
    category: str = ""
    since: str = ""


@dataclass(frozen=True)
class Dose:
    """`vaccine` is a CVX code; `elsewhere` where another clinic gave it and this one was told."""

    vaccine: str
    lot: str = ""
    elsewhere: bool = False
    note: str = ""
