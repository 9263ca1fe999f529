"""What the three commands share: the keys, and exit codes. 1: the backup is bad. 2: something is in the way."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from healthcare.audit import AuditUnavailable
from healthcare.ops.backups.encryption import BackupDamaged, Keys, read_keys
from healthcare.ops.backups.manifest import Manifest, damage, read_manifest
from healthcare.ops.backups.servers import BackupFailed


class BackupCommand(BaseCommand):
    requires_system_checks = []  # they ask a database that may not be there

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.work(**options)
        except BackupDamaged as problem:
            raise CommandError(str(problem), returncode=1) from problem
        except (BackupFailed, AuditUnavailable, ValueError, OSError) as problem:
            raise CommandError(str(problem), returncode=2) from problem
        except psycopg.Error as problem:
            said = problem.diag.message_primary or "it cannot be reached"
            raise CommandError(f"The database refused: {said}.", returncode=2) from problem

    def work(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError

    def keys(self) -> Keys:
        if not settings.BACKUP_KEY_FILE:
            raise BackupFailed("Set BACKUP_KEY_FILE to a file made by: (umask 077; openssl rand -base64 32 > FILE)")
        return read_keys(settings.BACKUP_KEY_FILE)

    def whole(self, folder: Path, keys: Keys) -> Manifest:
        """Every file read to its end. Raises BackupDamaged naming all that is wrong."""
        manifest = read_manifest(folder, keys)
        if found := list(damage(folder, manifest, keys)):
            raise BackupDamaged("\n".join(found))
        return manifest

    def tell(self, sentence: str, said: Mapping[str, Any], *, as_json: bool) -> None:
        self.stdout.write(json.dumps(dict(said)) if as_json else sentence)
