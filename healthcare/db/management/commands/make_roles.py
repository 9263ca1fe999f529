"""Make the database logins on a server that is new, or give them new passwords."""

import json
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import BaseCommand, CommandError

from healthcare.db.bootstrap import LOGINS, bootstrap


class Command(BaseCommand):
    help = "Make the logins owner, web, worker and backup, and the database. Needs BOOTSTRAP_DATABASE_URL. Idempotent."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        if not settings.BOOTSTRAP_DATABASE_URL:
            raise CommandError("Set BOOTSTRAP_DATABASE_URL to a superuser's address.")
        try:
            passwords = dict(json.loads(Path(settings.DATABASE_ROLES_FILE).read_text()))
        except (OSError, ValueError) as problem:
            raise CommandError("DATABASE_ROLES_FILE must name a JSON file of passwords by login.") from problem
        missing = [login for login in LOGINS if not passwords.get(login)]
        if missing:
            raise CommandError(f"DATABASE_ROLES_FILE holds no password for {', '.join(missing)}.")
        name = settings.DATABASES["default"]["NAME"]
        try:
            bootstrap(settings.BOOTSTRAP_DATABASE_URL, name, passwords)
        except psycopg.Error as problem:
            raise CommandError(f"The server refused: {problem}") from problem
        self.stdout.write(f"The logins {', '.join(LOGINS)} and the database {name} are ready.")
