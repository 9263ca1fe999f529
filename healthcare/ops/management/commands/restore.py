from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import connection

from healthcare.ops.backups.operating import BackupCommand
from healthcare.ops.backups.restoring import facts, restore
from healthcare.ops.backups.servers import server


class Command(BackupCommand):
    help = (
        "Bring a backup back: logins, database, objects and anchors. The database must be empty or not there yet."
        " Exit code 1: the backup is damaged, and nothing was touched. 2: something is in the way."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", type=Path)
        parser.add_argument(
            "--to", required=True, metavar="URL",
            help="a superuser's address with the database to make; put the password into PGPASSFILE. What it leaves out"
            " is that of BOOTSTRAP_DATABASE_URL",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="check the whole backup; touch no server")

    def work(self, *, source: Path, to: str, dry_run: bool, **options: Any) -> None:
        keys, place = self.keys(), server(to)
        place["dbname"] = place["dbname"] or connection.settings_dict["NAME"]
        manifest = self.whole(source, keys)
        said = facts(manifest)
        sentence = "{rows:,} rows of {tables} tables and {objects:,} objects, as they were at {made_at}.".format(**said)
        if dry_run:
            self.tell(f"It would restore {sentence}", said, as_json=options["json"])
            return
        lost, anchors = restore(source, manifest, keys, place)
        self.tell(f"Restored {sentence}", {**said, "set_back_to_seal": lost}, as_json=options["json"])
        if anchors != settings.AUDIT_ANCHOR_DIR:
            self.stderr.write(f"DATABASE_URL names another database; this one's anchors: AUDIT_ANCHOR_DIR={anchors}")
        if lost is not None:
            self.stderr.write(f"The anchors now say for ever that the audit was set back to seal {lost}.")
