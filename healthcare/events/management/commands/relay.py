import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from healthcare.events.delivering import replay_dead
from healthcare.events.relay import Relay


class Command(BaseCommand):
    help = (
        "Hand announced facts and due work to the workers, and do urgent work here when the broker is away."
        " Runs until stopped; any number may run side by side."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--replay-dead", action="store_true", help="put given-up deliveries back, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        from django.conf import settings

        if settings.PROCESS not in {"worker", "tester"}:
            raise CommandError("The relay runs with the worker's database login: set HC_PROCESS=worker.")
        if options["replay_dead"]:
            self.stdout.write(f"{replay_dead()} deliveries are due again.")
            return
        relay = Relay()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        relay.run()
