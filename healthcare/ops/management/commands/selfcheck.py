import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from healthcare.ops.selfcheck import FAILED, findings


class Command(BaseCommand):
    help = "Look whether walls, keys, partitions, anchors and servers are as they must be. Exit code 1 if one is not."
    requires_system_checks = []  # what is wrong must be told, not stop the telling

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON list instead of the table")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(findings())
        if options["json"]:
            rows = [{"check": name, "state": finding.state, "text": finding.text} for name, finding in found]
            self.stdout.write(json.dumps(rows))
        else:
            for name, finding in found:
                self.stdout.write(f"{finding.state:<8} {name:<20} {finding.text}")
        if any(finding.state == FAILED for _, finding in found):
            raise CommandError("Something is not as it must be.", returncode=1)
