"""Entries in which words stand, in one chart or in all that the reader may open, the best first."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from patients.models import Patient
from records.models import Entry
from records.queries.lines import EntryLine, line_of
from records.rules.words import BEGINS, ENDS, Piece, Words, pieces_of

AT_MOST, MOST = 30, 100  # of a page; of `app.find_words`
HELD = ("kind", "code", "display", "data", "sensitivity")
SHOWN = f'StartSel="{BEGINS}", StopSel="{ENDS}", MaxFragments=2, MaxWords=18, MinWords=6, FragmentDelimiter=" … "'


class TooManySearches(Exception):
    """Over 60 searches in a minute by one person."""


@dataclass(frozen=True)
class Found:
    """An entry, whose it is, and the words around what fits; no piece where it fits by its title alone."""

    line: EntryLine
    patient: Patient
    pieces: Sequence[Piece]


def find_words(user: User, words: Words, patient: Patient | None = None, *, at_most: int = AT_MOST) -> list[Found]:
    """Two queries: which entries, then these through both walls. Raises TooManySearches."""
    ranks = _ranks(words, patient.pk if patient else None, at_most)
    seen = Entry.objects.visible_to(user).filter(patient_id__in={pair[0] for pair in ranks})
    rows = seen.filter(pk__in=[pair[1] for pair in ranks]).select_related("author", "patient__site")
    found = {(row.patient_id, row.pk): row for row in rows.annotate(snippet=_snippet(words))}
    best = [found[pair] for pair in ranks if pair in found]
    return [Found(line_of(row), row.patient, [*_around(row.snippet)]) for row in best]


def fitting(words: Words, patient: Patient) -> Q:
    """The entries of one chart in which the words stand, for a list in an order of its own. One query where the index
    may be asked. Raises TooManySearches.

    The index gives the best hundred. Fewer are all there are; where there are as many, a page of them is soon found row
    by row.
    """
    ranks = _ranks(words, patient.pk, MOST)
    return Q(pk__in=[entry_id for _patient_id, entry_id in ranks]) if len(ranks) < MOST else fitting_by_row(words)


def fitting_by_row(words: Words) -> Q:
    """The same, asked of each row that is read: for patients, who have their own chart alone and no index to ask."""
    held = Func(*map(F, HELD), function="app.words_of", output_field=TextField())
    wanted = Func(Value(words.whole), Value(words.begun), function="app.words_wanted", output_field=TextField())
    return Q(Func(held, wanted, template="(%(expressions)s)", arg_joiner=" @@ ", output_field=BooleanField()))


def _around(snippet: str) -> Sequence[Piece]:
    pieces = [*pieces_of(snippet)]
    return pieces if any(piece.fits for piece in pieces) else []


def _ranks(words: Words, patient_id: UUID | None, at_most: int) -> list[tuple[UUID, UUID]]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT patient_id, entry_id FROM app.find_words(app.words_wanted(%s, %s), %s::uuid, %s)",
                [words.whole, words.begun, patient_id, at_most],
            )
            return cursor.fetchall()
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "HC429":
            raise TooManySearches(_("That was a lot of searches. Wait a minute, then go on.")) from problem
        raise


def _snippet(words: Words) -> Func:
    text = Func(F("kind"), F("data"), F("sensitivity"), function="app.text_of", output_field=TextField())
    wanted = Func(Value(words.whole), Value(words.begun), function="app.words_wanted")
    config = Func(Value("english"), template="%(expressions)s::regconfig")
    return Func(config, text, wanted, Value(SHOWN), function="ts_headline", output_field=TextField())
