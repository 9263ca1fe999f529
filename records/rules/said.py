"""What somebody says about an allergy, a dose of a vaccine, the family, and an operation."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Reaction:
    """To what, how, how badly and since when; `since` as the patient says it. From `criticality` on, and `severity` and
    `category`, slugs of `kinds.allergy`: what the next reaction may do, how sure somebody is, allergy or intolerance.
    """

    substance: str
    reaction: str = ""
    severity: str = ""
    category: str = ""
    since: str = ""
    note: str = ""
    criticality: str = ""
    verification: str = ""
    nature: str = ""


@dataclass(frozen=True)
class Dose:
    """`vaccine` is a CVX code; `elsewhere` where another clinic gave it and this one was told. `site` and `route` are
    slugs of `kinds.immunization`; `expires` is the last day of the lot."""

    vaccine: str
    lot: str = ""
    elsewhere: bool = False
    note: str = ""
    site: str = ""
    route: str = ""
    expires: date | None = None


@dataclass(frozen=True)
class Relative:
    """`relative` is a code of `kinds.family_history`; `onset` is the age then, as it was said."""

    relative: str
    condition: str
    onset: str = ""
    died: bool = False
    note: str = ""


@dataclass(frozen=True)
class Operation:
    """`day` is ISO 8601, a day, a month or a year; "" where nobody knows."""

    name: str
    day: str = ""
    where: str = ""
    body_site: str = ""
    outcome: str = ""
    note: str = ""
