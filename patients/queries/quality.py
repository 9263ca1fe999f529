"""What can be put right in the records that somebody reaches: counted by every app, for the page and the home card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.events.parts import answers_of, parts_of
from patients.models import Patient
from patients.parts import DataQuality, QualityLine

PART = "patients.DataQuality"
MOST = 100  # rows that a line counts, and its page lists


@dataclass(frozen=True)
class Quality:
    """`failed`: an app could not be asked, so nothing listed is not nothing to do."""

    lines: Sequence[QualityLine]
    failed: bool


def is_for(user: User) -> bool:
    """Whether somebody in this role can put anything right."""
    return any(can(user, part.permission) for part in parts_of(PART))


def quality_of(user: User, now: datetime) -> Quality:
    """The lines of all apps for this person, in the order of the journey."""

    def asked(part: DataQuality) -> list[QualityLine]:
        found = part.lines(user, now) if can(user, part.permission) else ()
        return [line for line in found if line.count]

    answers = list(answers_of(PART, asked))
    return Quality([line for given in answers for line in given.value or ()], any(given.failed for given in answers))


def births_to_ask(user: User) -> list[Patient]:
    """Living people whose date of birth nobody knows, or only by their looks; one more than a page lists."""
    unsure = Patient.objects.visible_to(user).filter(birth_precision__in=["estimated", "unknown"])
    return list(unsure.exclude(deceased=True).order_by("id")[: MOST + 1])
