import logging
import signal
import threading
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection

from healthcare.audit.partitions import make_partitions
from healthcare.audit.sealing import AnchorsAhead, SealerBusy, accept_restore, seal_pending
from healthcare.events.pulse import pulse

log = logging.getLogger("healthcare.audit.sealing")
EVERY = 1.0
PARTITIONS_EVERY = 3600.0
PAUSE_AFTER_FAILURE = 5.0


class Command(BaseCommand):
    help = "Chain committed audit events and anchor the head. With --forever: every second, until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forever", action="store_true", help="seal every second; make partitions every hour")
        parser.add_argument(
            "--after-restore",
            action="store_true",
            help="say, for ever and signed, that the database was set back on purpose; then seal on",
        )

    def handle(self, *, forever: bool, after_restore: bool, **options: Any) -> None:
        if forever:
            Sealer().run()
            return
        try:
            if after_restore and (number := accept_restore()) is not None:
                self.stdout.write(f"Anchored that the database was set back to seal {number}.")
            make_partitions(datetime.now(UTC))
            self.stdout.write(f"Sealed {seal_pending()} events.")
        except (SealerBusy, AnchorsAhead, OSError, Error) as problem:
            raise CommandError(str(problem)) from problem


class Sealer:
    """The process that seals. It survives a database that goes away, and stops between two rounds."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.partitions_at = -PARTITIONS_EVERY

    def run(self) -> None:
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: self.stopped.set())
        while not self.stopped.is_set():
            self.stopped.wait(self.round())

    def round(self) -> float:
        """One round; returns how many seconds to wait for the next."""
        try:
            if monotonic() - self.partitions_at >= PARTITIONS_EVERY:
                make_partitions(datetime.now(UTC))
                self.partitions_at = monotonic()
            seal_pending()
        except SealerBusy:
            pulse("sealer")
            return PAUSE_AFTER_FAILURE  # it takes over when the other one dies
        except (AnchorsAhead, OSError, Error) as problem:
            log.error("sealing failed", extra={"problem": type(problem).__name__})
            connection.close()
            return PAUSE_AFTER_FAILURE
        pulse("sealer")
        return EVERY
