"""Who may be registered already, best first; and pairs of registrations that stand in a file, compared the same way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from patients.models import Patient
from patients.queries.finding import FoundPatient, TooManySearches, too_many
from patients.reasons import Reasons, reasons
from patients.rules import Demographics
from patients.rules.births import SLACK
from patients.rules.matching import (
    Comparison,
    Judgement,
    Person,
    folded,
    forms_of,
    judge,
    known_names,
    likely_births,
)

SHOWN = 5  # candidates at most
CANDIDATES = 50  # the most that the database hands over, to be weighed
WHO = "ROW(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)::app.person"
FIND = f"SELECT * FROM app.find_duplicates({WHO}, %s::date[], %s::text[], %s::text[], %s)"  # noqa: S608


@dataclass(frozen=True)
class Candidate(FoundPatient):
    """Somebody who may be the person asked for, and why; `likeness` is the weight of the evidence.

    `confirmed`: name, date of birth and one thing more are as they were told, so that the name is not masked.
    """

    confirmed: bool
    judgement: Judgement

    @property
    def reasons(self) -> Reasons:
        return reasons(self.judgement.compared)


def find_duplicates(person: Person, *, at_most: int = SHOWN) -> list[Candidate]:
    """Who of all the clinic's patients may be this person, the most likely first, masked where out of reach.

    The actor is the one of the signed context. Audit the search before; the database counts these lines. Raises
    TooManySearches.
    """
    births = likely_births(person.birth_date) if not person.birth_slack else []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FIND, [*_row(person), births, _forms(person), known_names(), CANDIDATES])
            found = [_candidate(row) for row in cursor.fetchall()]
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "HC429":
            raise TooManySearches(too_many()) from problem
        raise
    likely = [candidate for candidate in found if candidate.judgement.perhaps]
    return sorted(likely, key=lambda one: (-one.judgement.score, str(one.id)))[:at_most]


def person_told(told: Patient | Demographics, number: str = "") -> Person:
    """What is told of somebody, at a desk or in their registration; `number` is any that they have besides."""
    said = {field.name: getattr(told, field.name) for field in fields(Person) if hasattr(told, field.name)}
    return Person(**said, birth_slack=SLACK[told.birth_precision], identifier=number)


def _candidate(row: Sequence[Any]) -> Candidate:
    *shown, confirmed, compared = row
    judgement = judge(Comparison.of(compared))
    return Candidate(*shown, judgement.score, confirmed, judgement)  # type: ignore[call-arg, arg-type]


def compare(pairs: Iterable[tuple[Person, Person]]) -> list[Judgement]:
    """Judge each pair as the search would, in the order in which they come."""
    judged = []
    with connection.cursor() as cursor:
        for one, other in pairs:
            cursor.execute(
                f"SELECT app.compare_people({WHO}, {WHO}, %s::text[], %s::text[])",
                [*_row(one), *_row(other), _forms(one), known_names()],
            )
            judged.append(judge(Comparison.of(cursor.fetchone()[0])))
    return judged


TOLD = """ROW({0}.given_name, {0}.family_name, {0}.preferred_name, {0}.birth_date, 0, {0}.sex, {0}.phone, {0}.email,
    {0}.line, {0}.postal_code, '')::app.person"""
# Alike in their letters first, which is quick to see: a source may give one invented birthday to thousands.
PAIRS = f"""SELECT n.id, p.id, app.compare_people({TOLD.format("n")}, {TOLD.format("p")}, '{{}}', %s::text[])
FROM patients_patient n JOIN patients_patient p ON p.birth_date = n.birth_date AND p.id <> n.id
WHERE n.id = ANY (%s::uuid[]) AND (p.id <> ALL (%s::uuid[]) OR p.id < n.id)
AND n.birth_precision = 'day' AND p.birth_precision = 'day'
AND similarity(n.search_name, p.search_name) >= 0.3 ORDER BY n.id, p.id"""  # noqa: S608


def pairs_among(ids: Sequence[UUID]) -> list[tuple[UUID, UUID, float]]:
    """Who of these seems to be the same as somebody born on the same day, registered before or among them; with the
    weight. One statement for all: for an import, which must see every row, as the system.
    """
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, [known_names(), list(ids), list(ids)])
        judged = [(one, other, judge(Comparison.of(compared))) for one, other, compared in cursor.fetchall()]
    return [(one, other, judgement.score) for one, other, judgement in judged if judgement.same]


def _row(person: Person) -> list[Any]:
    named = (person.given_name, person.family_name, person.preferred_name, person.birth_date, person.birth_slack)
    return [*named, person.sex, person.phone, person.email, person.line, person.postal_code, person.identifier]


def _forms(person: Person) -> list[str]:
    """The other forms of the given names, as the database folds them."""
    return forms_of(folded(f"{person.given_name} {person.preferred_name}").split())
