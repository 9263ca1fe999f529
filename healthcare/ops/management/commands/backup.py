from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from healthcare.ops.backups.making import make_backup, snapshot
from healthcare.ops.backups.operating import BackupCommand
from healthcare.ops.backups.restoring import facts
from healthcare.ops.backups.servers import BackupFailed, clinic, program

SIZES = "SELECT pg_database_size(current_database()), count(*), coalesce(sum(size), 0) FROM storage_storedobject"


class Command(BackupCommand):
    help = (
        "Copy database, stored objects and audit anchors of one moment, encrypted, to a folder that does not exist yet."
        " Exit code 2: not made. 3: made, and a stored object had no file already."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("destination", type=Path)
        parser.add_argument("--dated", action="store_true", help="make a folder named after this moment in DESTINATION")
        parser.add_argument("--dry-run", action="store_true", help="say what would be copied; write nothing")

    def work(self, *, destination: Path, dated: bool, dry_run: bool, **options: Any) -> None:
        keys = self.keys()
        folder = destination / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}" if dated else destination
        if dry_run:
            self.rehearse(folder)
            return
        manifest = make_backup(folder, keys)
        said = {"folder": str(folder), **facts(manifest)}
        sentence = "{folder}: {rows:,} rows of {tables} tables and {objects:,} objects, {bytes:,} bytes.".format(**said)
        self.tell(sentence, said, as_json=options["json"])
        if manifest.missing:
            raise CommandError(
                f"{len(manifest.missing)} stored object(s) have no file: {manifest.missing[0]}", returncode=3
            )

    def rehearse(self, folder: Path) -> None:
        if folder.exists() or not folder.parent.is_dir():
            raise BackupFailed(f"{folder} must not exist yet, and {folder.parent} must.")
        with (
            program("pg_dump", clinic("backup"), "--schema-only", "--file=/dev/null"),
            snapshot() as (connection, _, _),
        ):
            database, objects, size = connection.execute(SIZES).fetchone() or (0, 0, 0)
        self.stdout.write(f"It would copy a database of {database:,} bytes and {objects:,} objects of {size:,} bytes.")
