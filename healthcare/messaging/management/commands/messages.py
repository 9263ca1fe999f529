from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.messaging.actions import NotSendable, send_again
from healthcare.messaging.models import Message


class Command(BaseCommand):
    help = "Count messages by channel and state, list those that did not go out, or send one of them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--send-again", type=UUID, metavar="ID", help="queue this one, although it may arrive twice"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        with acting_as_system("operator"):
            if options["send_again"]:
                self._send_again(options["send_again"], options["dry_run"])
            else:
                self._list()

    def _send_again(self, key: UUID, dry_run: bool) -> None:
        if dry_run:
            found = Message.objects.undelivered().filter(pk=key).exists()
            self.stdout.write("It would be queued." if found else "There is nothing to send again with this id.")
            return
        try:
            send_again(by=None, message_id=key, now=timezone.now())
        except NotSendable as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write("Queued.")

    def _list(self) -> None:
        for row in Message.objects.counts_by_status():
            self.stdout.write(f"{row['channel']:6} {row['status']:10} {row['count']}")
        for message in Message.objects.undelivered().shown().order_by("-created_at")[:100]:
            self.stdout.write(
                f"{message.pk} {message.created_at:%Y-%m-%d %H:%M} UTC {message.channel} {message.template}"
                f" {message.status} after {message.attempts} attempts: {message.error}"
            )
