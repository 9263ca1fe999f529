"""What was before, as pages show it: operations, the family, and how somebody lives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from healthcare.accounts.models import User
from patients.models import Patient
from records.kinds import family_history, surgical_history
from records.kinds.family_history import CLOSE, RELATIVES
from records.kinds.social_history import QUESTIONS, answer_of, is_worry, question_of
from records.models import Entry, EntryQuerySet
from records.queries.lines import EntryLine, line_of, lines_of

FAMILY, SURGERY, LIVING = "family_history", "surgical_history", "social_history"
HISTORIES = (FAMILY, SURGERY, LIVING)
MOST_LISTED = 300
ORDER = [*RELATIVES]


@dataclass(frozen=True)
class Told:
    """A list, or that none is known; `last` is what was said last. All empty: nobody ever asked."""

    lines: Sequence[EntryLine]
    none_known: Entry | None
    last: Entry | None


@dataclass(frozen=True)
class Answer:
    """A question and what was answered last."""

    question: str
    answer: str
    worries: bool
    line: EntryLine


@dataclass(frozen=True)
class Histories:
    """`unasked` are the questions that nobody has put."""

    surgery: Told
    family: Told
    living: Sequence[Answer]
    unasked: Sequence[str]


def histories_of(user: User, patient: Patient) -> Histories:
    """What stands, in one query."""
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=patient.pk, kind__in=HISTORIES).current()
    return histories_in(rows.select_related("author").newest_first()[:MOST_LISTED])


def histories_in(rows: Iterable[Entry]) -> Histories:
    """The same of entries that are known already; the newest first."""
    by_kind: dict[str, list[Entry]] = {kind: [] for kind in HISTORIES}
    for row in rows:
        by_kind[row.kind].append(row)
    answers: dict[str, Entry] = {}
    for row in by_kind[LIVING]:
        answers.setdefault(row.code, row)
    places = [*QUESTIONS]
    living = sorted(answers.values(), key=lambda row: places.index(row.code) if row.code in places else len(places))
    return Histories(
        surgery=_told(by_kind[SURGERY], surgical_history.NONE_KNOWN),
        family=_told(sorted(by_kind[FAMILY], key=_closest_first), family_history.NONE_KNOWN),
        living=[Answer(question_of(row), answer_of(row), is_worry(row), line_of(row)) for row in living],
        unasked=[str(question.name) for code, question in QUESTIONS.items() if code not in answers],
    )


def _told(rows: Sequence[Entry], none_known: str) -> Told:
    return Told(
        lines=lines_of(row for row in rows if row.code != none_known),
        none_known=next((row for row in rows if row.code == none_known), None),
        last=max(rows, key=lambda row: row.created_at, default=None),
    )


def _closest_first(row: Entry) -> tuple[bool, int]:
    return row.code not in CLOSE, ORDER.index(row.code) if row.code in ORDER else len(ORDER)
