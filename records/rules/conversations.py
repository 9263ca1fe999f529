"""A conversation as text: a copy that says who wrote what, and when."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Turn:
    """One message: by whom as they were called then, in which role, for the patient or as the patient."""

    who: str
    role: str
    as_proxy: bool
    at: datetime
    text: str
    files: tuple[str, ...] = ()  # names; the files stay with the conversation


def sealed(turns: Sequence[Turn]) -> str:
    return json.dumps([asdict(turn) | {"at": turn.at.isoformat()} for turn in turns])


def unsealed(text: str | None) -> list[Turn]:
    """The turns again; none of what is no copy."""
    return [_turn(**one) for one in json.loads(text or "[]")]


def _turn(at: str, files: Sequence[str] = (), **said: Any) -> Turn:
    """Copies from before there were files have none."""
    return Turn(at=datetime.fromisoformat(at), files=tuple(files), **said)
