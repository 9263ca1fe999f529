"""How well duplicates are told from others who only seem the same."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from healthcare.db.context import acting_as_system
from healthcare.ui.reading import Unreadable, read_day
from patients.models import Patient
from patients.queries.matching import SHOWN, compare, find_duplicates, person_told
from patients.reasons import reasons
from patients.rules.matching import Person
from patients.synthetic.copying import Keys
from patients.synthetic.pairs import pairs, told_again
from patients.synthetic.plan import words

COLUMNS = {
    "given": "given_name",
    "family": "family_name",
    "sex": "sex",
    "phone": "phone",
    "email": "email",
    "line": "line",
    "postal_code": "postal_code",
    "identifier": "identifier",
}
YES = frozenset(words("1 true t yes y same match duplicate positive"))
NO = frozenset(words("0 -1 false f no n different distinct nonmatch non-match negative"))
SEXES = {"f": "female", "w": "female", "woman": "female", "m": "male", "man": "male"}
Pair = tuple[Person, Person, bool]


class Command(BaseCommand):
    help = (
        "Judge pairs of registrations and print how many of those of one person were found (recall), and how many of"
        " the found are of one person (precision). Without --pairs, on pairs made up by a seed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--pairs",
            type=Path,
            metavar="FILE",
            help="CSV with label, and a_ and b_ given, family, birth_date, sex, phone, email, line, postal_code,"
            " identifier",
        )
        parser.add_argument("--count", type=int, default=2000, help="pairs to make up (default: 2000)")
        parser.add_argument("--seed", type=int, default=1, help="another seed makes other pairs (default: 1)")
        parser.add_argument(
            "--hidden",
            type=int,
            metavar="N",
            help="instead: tell so many of this database's patients a second time, as desks do, and search for them",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--wrong", action="store_true", help="name the lines that were judged wrongly, and why")

    def handle(self, **options: Any) -> None:
        if options["hidden"]:
            self.tell_hidden(options["hidden"], options["seed"], as_json=options["json"])
            return
        judged = list(from_file(options["pairs"]) if options["pairs"] else pairs(options["count"], options["seed"]))
        if not judged:
            raise CommandError("There are no pairs to judge.", returncode=2)
        judgements = compare((one, other) for one, other, _same in judged)
        outcomes = [(found.same, same) for found, (_one, _other, same) in zip(judgements, judged, strict=True)]
        found, real = outcomes.count((True, True)), sum(same for _said, same in outcomes)
        said = sum(said for said, _same in outcomes)
        recall, precision = found / real if real else 1.0, found / said if said else 1.0
        if options["wrong"]:
            for line, ((said_same, same), judgement) in enumerate(zip(outcomes, judgements, strict=True), 2):
                if said_same != same:
                    why = reasons(judgement.compared)
                    told = ", ".join(map(str, [*why.agrees, *why.differs]))
                    self.stderr.write(
                        f"line {line}: {'missed' if same else 'taken for one'}, {judgement.score}: {told}"
                    )
        report = {"pairs": len(judged), "recall": round(recall, 4), "precision": round(precision, 4)}
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write(f"{len(judged):,} pairs: recall {recall:.1%}, precision {precision:.1%}.")

    def tell_hidden(self, count: int, seed: int, *, as_json: bool) -> None:
        report = search_for_hidden(count, seed)
        if as_json:
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write(
                f"{report['searched']:,} searched: {report['found']:.1%} found, {report['shown']:.2f} shown on average;"
                f" median {report['p50_ms']:.1f} ms, p95 {report['p95_ms']:.1f} ms."
            )


def search_for_hidden(count: int, seed: int) -> dict[str, float]:
    """Each of so many patients told again, and looked for as at a registration. Times are in milliseconds."""
    chance = Keys(f"{seed}:hidden")
    found, shown, times = 0, 0, []
    with acting_as_system("match_quality"):
        numbers = list(Patient.objects.order_by("pk").values_list("pk", flat=True))
        people = Patient.objects.in_bulk(chance.sample(numbers, min(count, len(numbers))))
        for key, patient in people.items():
            again = told_again(chance, person_told(patient))
            begun = perf_counter()
            candidates = find_duplicates(again, at_most=SHOWN)
            times.append(1000 * (perf_counter() - begun))
            found += key in {candidate.id for candidate in candidates}
            shown += len(candidates)
    if not times:
        raise CommandError("There are no patients to search for.", returncode=2)
    share, slowest = len(times), sorted(times)
    return {
        "searched": share,
        "found": round(found / share, 4),
        "shown": round(shown / share, 2),
        "p50_ms": round(slowest[share // 2], 2),
        "p95_ms": round(slowest[int(share * 0.95)], 2),
    }


def from_file(path: Path) -> Iterator[Pair]:
    """The pairs of a CSV file. Raises CommandError with the line that cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                row = {(name or "").strip().lower(): (value or "").strip() for name, value in row.items()}
                label = row.get("label", "").lower()
                if label not in YES | NO:
                    raise CommandError(f"{path}, line {number}: the label is neither 1 nor 0.", returncode=2)
                yield _person(row, "a_"), _person(row, "b_"), label in YES
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{path} cannot be read: {problem}", returncode=2) from problem


def _person(row: dict[str, str], side: str) -> Person:
    values = {field: row.get(side + column, "") for column, field in COLUMNS.items()}
    said = values["sex"].lower()
    values["sex"] = SEXES.get(said, said)
    born, slack = _born(row.get(side + "birth_date", ""))
    return Person(**values, birth_date=born, birth_slack=slack)


def _born(text: str) -> tuple[date | None, int]:
    """A day in any usual writing, or a year alone, which is its middle give or take half a year; none is none."""
    if len(text) == 4 and text.isdecimal():
        return date(int(text), 7, 1), 184
    try:
        return read_day(text), 0
    except Unreadable:
        return None, 0
