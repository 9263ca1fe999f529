"""Give what was kept of other systems the home that there is for it now."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from records.settling import settle


class Command(BaseCommand):
    help = (
        "Read again what other systems told before there was a home for it: family histories, orders, operations, and"
        " how somebody lives. Run it once after an upgrade; what is moved already is left alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="do it all, report, and roll back")
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object")

    def handle(self, **options: Any) -> None:
        moved = settle(now=timezone.now(), dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(dict(sorted(moved.items()))))
            return
        for kind, number in sorted(moved.items()):
            self.stdout.write(f"{kind:<24}{number:>10}")
        self.stdout.write(f"{moved.total()} moved.")
