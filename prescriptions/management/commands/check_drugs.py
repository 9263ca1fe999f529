"""Do these medicines go together, and with these allergies?"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prescriptions.queries.named import NamedCheck, check_names

DID_NOT_RUN = 3


class Command(BaseCommand):
    help = (
        "Check medicines against each other and against allergies, by the same rules as a prescription. What nobody"
        " knows is named as unchecked. Ends with 3 where the check could not run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("medicines", nargs="+", metavar="NAME|RXCUI", help="an ingredient, brand or RxNorm code")
        parser.add_argument(
            "--allergy", action="append", default=[], metavar="TEXT", help="as it is written down; any number of times"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        result = check_names(options["medicines"], options["allergy"])
        self.stdout.write(json.dumps(told(result)) if options["json"] else in_words(result, options["allergy"]))
        if result.problem:
            raise CommandError(f"Nothing was checked: {result.problem}.", returncode=DID_NOT_RUN)


def told(result: NamedCheck) -> dict[str, Any]:
    return {
        "kb_version": result.version,
        "problem": result.problem,
        "warnings": [
            {
                "severity": one.finding.severity,
                "a": one.one,
                "b": one.other,
                "rule": one.finding.rule,
                "title": one.finding.title,
                "mechanism": one.finding.mechanism,
                "advice": one.finding.advice,
                "source": one.finding.source,
            }
            for one in result.warnings
        ],
        "unchecked": list(result.unchecked),
    }


def in_words(result: NamedCheck, allergies: list[str]) -> str:
    lines = [
        f"{one.finding.severity.upper()}: {one.one} with {one.other}: {one.finding.title} [{one.finding.rule}]\n"
        f"    {one.finding.mechanism} {one.finding.advice}\n    {one.finding.source}"
        for one in result.warnings
    ]
    lines += [f"NOT CHECKED: {name}. Neither safe nor unsafe." for name in result.unchecked]
    if not allergies:
        lines.append("No allergies were named, so nothing was checked against any.")
    if not result.warnings and not result.problem:
        lines.append("Nothing found, which is not the same as safe.")
    return "\n".join([*lines, f"Rules: {result.version or 'none'}."])
