from argparse import ArgumentParser
from typing import Any

from aiohttp import web
from django.core.management.base import BaseCommand

from healthcare.ui.streaming import Stream


class Command(BaseCommand):
    help = "Tell open pages at once that there is something new for them. Runs until stopped; any number side by side."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8010)

    def handle(self, *args: Any, **options: Any) -> None:
        app = Stream().application()
        # A page that hangs up is forgotten at once, or who turns pages quickly would seem to have many open.
        web.run_app(
            app,
            host=options["host"],
            port=options["port"],
            print=None,
            access_log=None,
            shutdown_timeout=1,
            handler_cancellation=True,
        )
