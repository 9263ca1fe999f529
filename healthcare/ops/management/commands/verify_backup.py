import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from healthcare.audit import AuditUnavailable
from healthcare.ops.backups.encryption import BackupDamaged, Keys
from healthcare.ops.backups.making import note
from healthcare.ops.backups.manifest import Manifest
from healthcare.ops.backups.operating import BackupCommand
from healthcare.ops.backups.restoring import drill_place, facts, verify_elsewhere
from healthcare.ops.backups.servers import BackupFailed, clinic, server


class Command(BackupCommand):
    help = (
        "Restore a backup into a database of its own, compare every table, open every object, verify the audit, and"
        " drop it again. Exit code 1: something is not as it was saved, and the lines say what."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", type=Path)
        parser.add_argument("--quick", action="store_true", help="read and decrypt every file; restore nothing")
        parser.add_argument(
            "--to", default="", metavar="URL", help="the server to try it on; else BOOTSTRAP_DATABASE_URL"
        )
        parser.add_argument("--public-key", action="append", default=[], metavar="HEX", help="as verify_audit takes it")

    def work(self, *, source: Path, to: str, quick: bool, public_key: list[str], **options: Any) -> None:
        began, keys = time.monotonic(), self.keys()
        manifest = self.whole(source, keys)
        if not quick:
            self.drill(source, manifest, keys, to, set(public_key))
        said = {"ok": True, **facts(manifest), "seconds": round(time.monotonic() - began)}
        how = "Every file is whole" if quick else "Restored elsewhere and compared"
        sentence = how + ": {rows:,} rows of {tables} tables and {objects:,} objects in {seconds} s.".format(**said)
        self.tell(sentence, said, as_json=options["json"])
        if not quick:
            self.remember(manifest, said["seconds"])

    def drill(self, source: Path, manifest: Manifest, keys: Keys, to: str, trusted: set[str]) -> None:
        if not (to or settings.BOOTSTRAP_DATABASE_URL):
            raise BackupFailed(
                "Name a server with --to or BOOTSTRAP_DATABASE_URL, or read the files alone with --quick."
            )
        place = drill_place(server(to), manifest)
        with tempfile.TemporaryDirectory() as work:
            if found := verify_elsewhere(source, manifest, keys, place, Path(work), trusted):
                raise BackupDamaged("\n".join(found))

    def remember(self, manifest: Manifest, seconds: int) -> None:
        """The clinic's own audit keeps that there was a drill; in a disaster there may be none to keep it."""
        try:
            note(clinic("worker"), "ops.verify_backup", backup=manifest.id, seconds=seconds)
        except (AuditUnavailable, BackupFailed, OSError) as problem:
            self.stderr.write(f"The drill could not be noted in the clinic's audit ({type(problem).__name__}).")
