"""Run one load script of tests/load against a running instance, and say what it measured, on which machine."""

import json
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from healthcare.devservices.folder import chosen, read_json

SCRIPTS = settings.BASE_DIR / "tests" / "load"
MACHINERY = {"__init__", "bench", "driver", "figures", "floor_app", "machine", "people", "rows", "times"}
MACHINERY |= {"unwalled", "unwalled_settings"}


def names() -> list[str]:
    return sorted(path.stem for path in SCRIPTS.glob("*.py") if path.stem not in MACHINERY)


class Command(BaseCommand):
    help = (
        "Load a running instance with tests/load/NAME.py and print rate, p50, p95, p99 (milliseconds), errors,"
        " processor time a request, and the machine. The instance is the running demo's unless --base-url says"
        " otherwise; its database and secrets come from the same environment variables as the instance's own."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", choices=names(), metavar="NAME", help=", ".join(names()))
        parser.add_argument("--clients", type=positive, help="how many ask at once (default: as the budget says)")
        parser.add_argument("--seconds", type=float, help="how long each load lasts, after its warm-up")
        parser.add_argument("--base-url", help="where the instance answers (default: of the running demo)")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
        parser.add_argument("--check", action="store_true", help="exit with 1 when a budget is missed")
        parser.add_argument(
            "--table", nargs="+", type=Path, metavar="FILE", help="a Markdown table of budgets from files of --json"
        )

    def handle(self, *, name: str | None, table: list[Path] | None, **options: Any) -> None:
        if table:
            figures = import_module("tests.load.figures")
            self.stdout.write(figures.table([read_json(path) for path in table]))
            return
        if name is None:
            raise CommandError(f"Name what to measure: {', '.join(names())}.")
        report = run(name, options["base_url"], options["clients"], options["seconds"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self.stdout.write("\n".join(report.lines()))
        if options["check"] and not report.passed:
            raise CommandError("A budget is missed.", returncode=1)


def run(name: str, base_url: str | None, clients: int | None, seconds: float | None) -> Any:
    """The script's report. Raises CommandError where the instance cannot be measured."""
    script = import_module(f"tests.load.{name}")
    module = import_module("tests.load.bench")
    people = import_module("tests.load.people")
    title = (script.__doc__ or name).splitlines()[0]
    try:
        if base_url is None:
            base_url = demo_address()
        instance = module.Instance(base_url)
        module.check_answers(instance)
        bench = module.Bench(name, title, instance, clients, seconds)
        try:
            script.run(bench)
        finally:
            people.end_sessions()
    except import_module("tests.load").CannotMeasure as problem:
        raise CommandError(str(problem)) from problem
    return bench.report


def demo_address() -> str:
    address = read_json(chosen() / "demo.json").get("base_url")
    if not address:
        raise CommandError("No demo runs on this data folder: start `manage.py demo`, or give --base-url.")
    return str(address)


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
