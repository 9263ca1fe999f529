"""A conversation as text: a copy that says who wrote what, and when."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True)
class Turn:
    """One message: by whom as they were called then, in which role, for the patient or as the patient."""

    who: str
    role: str
    as_proxy: bool
    at: datetime
    text: str


def sealed(turns: Sequence[Turn]) -> str:
    return json.dumps([asdict(turn) | {"at": turn.at.isoformat()} for turn in turns])


def unsealed(text: str | None) -> list[Turn]:
    """The turns again; none of what is no copy."""
    return [Turn(**one | {"at": datetime.fromisoformat(one["at"])}) for one in json.loads(text or "[]")]
