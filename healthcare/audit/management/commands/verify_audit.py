import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from healthcare.audit.anchors import AnchorBook
from healthcare.audit.verifying import Report, own_keys, verify


class Command(BaseCommand):
    help = "Recompute the audit chain and name the first bad row of each kind. Exit code 1 when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument("--anchors", type=Path, help="check against this copy of the anchor files")
        parser.add_argument(
            "--public-key", action="append", default=[], metavar="HEX", help="trust this key, such as one of before"
        )

    def handle(self, *, anchors: Path | None, public_key: list[str], **options: Any) -> None:
        trusted = own_keys() | set(public_key)
        book = AnchorBook(anchors or settings.AUDIT_ANCHOR_DIR)
        report = verify(book, trusted, datetime.now(UTC), self.show_progress)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": report.ok, **asdict(report)}))
        else:
            self.write_report(report)
        if not report.ok:
            sys.exit(1)

    def show_progress(self, events: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{events:,} events checked", ending="")

    def write_report(self, report: Report) -> None:
        anchor = report.last_anchor
        last = f"seal {anchor.number} at {anchor.sealed_at or 'the beginning'}" if anchor else "none"
        self.stdout.write(f"{report.sealed:,} events in {report.seals:,} seals; {report.unsealed:,} not sealed yet.")
        self.stdout.write(f"Last anchor: {last}.")
        if report.loaded:
            self.stdout.write(f"{report.loaded:,} events say that they were loaded in bulk.")
        for notice in report.notices:
            self.stdout.write(f"Note: {notice}")
        for kind, sentences in report.problems.items():
            self.stdout.write(self.style.ERROR(f"{kind} ({report.counts[kind]:,}):"))
            for sentence in sentences:
                self.stdout.write(f"  {sentence}")
        self.stdout.write("The audit is whole." if report.ok else self.style.ERROR("The audit was tampered with."))
