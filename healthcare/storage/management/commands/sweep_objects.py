from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from healthcare.storage.objects import sweep


class Command(BaseCommand):
    help = "Remove encrypted files older than a day that no row names, left by transactions that failed."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"Removed {sweep(datetime.now(UTC))} files.")
