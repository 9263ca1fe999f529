"""Which mutants nobody notices, and which of those stand with a reason in `survivors.txt`."""

import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction

from tests.roles import taking_role

Tell = Callable[[str, object], None]
REASONS = {
    name.strip(): reason.strip()
    for name, _bar, reason in (
        line.partition(" | ") for line in Path(__file__).with_name("survivors.txt").read_text().splitlines()
    )
    if name.strip() and not name.startswith("#")
}


def said(statement: str, *given: Any) -> list[Any]:
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall() if cursor.description else []


def survivors(mutants: Iterable[tuple[str, str]], kills: Callable[[], bool], tell: Tell) -> str:
    """Those under which nobody sees otherwise and which no reason explains. What is no SQL any more counts as seen."""
    left, tried = [], list(mutants)
    for name, statement in tried:
        with transaction.atomic():
            try:
                with transaction.atomic():
                    said(statement)
                    killed = kills()
            except DatabaseError:
                killed = True
            transaction.set_rollback(True)
        if not killed:
            left.append(name)
    return unexplained(left, len(tried), tell)


def unexplained(left: list[str], tried: int, tell: Tell) -> str:
    """Those without a reason. In the name that stands before a reason, `…` stands for any words.

    What there was is told to the report, which `conftest.py` adds up.
    """
    tell("mutants", tried)
    for name in left:
        tell("survivor", name)
    return "\n".join(name for name in left if not any(is_meant(reason, name) for reason in REASONS))


def is_meant(line: str, name: str) -> bool:
    """Whether a line of the file speaks of this mutant."""
    return re.fullmatch(".*".join(map(re.escape, line.split("…"))), name) is not None


def idle(survivors: Collection[str]) -> list[str]:
    """The lines with a reason for what does not survive any more."""
    return [line for line in REASONS if not any(is_meant(line, name) for name in survivors)]
