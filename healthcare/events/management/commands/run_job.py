"""Run one periodic job now, unless its tick ran already or it runs elsewhere."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from healthcare.events.jobs import all_jobs
from healthcare.events.ticking import run_job


class Command(BaseCommand):
    help = "Run one of the periodic jobs in this process, as a worker does: once a tick, and never beside itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=sorted(all_jobs()), metavar="NAME", help=", ".join(sorted(all_jobs())))

    def handle(self, *, name: str, **options: Any) -> None:
        self.stdout.write(f"{name} ran." if run_job(name) else f"{name} runs elsewhere, or ran already in this tick.")
