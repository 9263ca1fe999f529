"""Bring the demo's database up to date and tell it the sample clinic, each app's part once."""

import hashlib
import json
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections
from django.utils import timezone

from healthcare.devservices.addresses import passwords
from healthcare.devservices.folder import read_json, write_privately
from healthcare.events.delivering import settle_deliveries


class Command(BaseCommand):
    help = "Migrate as the owner, then tell the sample clinic as the worker. `manage.py demo` runs this."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--told", type=Path, required=True, help="JSON file that remembers which apps have told")
        parser.add_argument("--bundles", type=Path, nargs="+", default=[], help="FHIR bundles to import besides")

    def handle(self, *, told: Path, bundles: list[Path], **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("prepare_demo fills the database with invented people; it runs in the demo alone.")
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stdout)
        collect_static_files(told.with_name("static.sha256"))
        log_in_as("worker")
        tell(told)
        if bundles:
            with suppress(SystemExit):  # what was rejected is in prepare.log; the clinic opens all the same
                call_command("import_fhir", *[str(path) for path in bundles], stdout=self.stdout)


def log_in_as(login: str) -> None:
    """From here on, this process uses another database login."""
    password = passwords(dict(os.environ))[login]
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict.update(USER=login, PASSWORD=password)


def demos() -> dict[str, ModuleType]:
    """The demo module of every installed app that has one, along the journey."""
    names = [f"{config.name}.demo" for config in apps.get_app_configs()]
    return {name: import_module(name) for name in names if find_spec(name)}


def tell(told: Path) -> None:
    """Call each module's tell() once in the life of the data, and keep the accounts that can sign in.

    An app that comes with a later version tells its part at the next start. What follows from a part is in the parts:
    the subscribers named in a module's SETTLED hear nothing of it, so that nobody's letters wait behind the story's.
    A module's BESIDE is a command of manage.py that runs while the modules before it tell.
    """
    done = list(read_json(told).get("apps", []))
    modules = demos()
    settled = [name for module in modules.values() for name in getattr(module, "SETTLED", ())]
    beside = {name: start_beside(module) for name, module in modules.items() if name not in done}
    for name, module in modules.items():
        if name not in done:
            if process := beside[name]:
                process.wait()
            began, clock = timezone.now(), time.monotonic()
            module.tell()
            settle_deliveries(subscribers=settled, since=began)
            print(f"{name}: {time.monotonic() - clock:.1f} s", flush=True)  # in prepare.log
            done.append(name)
            _remember(told, done, modules)
    _remember(told, done, modules)


def start_beside(module: ModuleType) -> subprocess.Popen[bytes] | None:
    """A process of the worker's. What it fails to do the module does itself; it ends with us, by our group."""
    command = getattr(module, "BESIDE", ())
    if not command:
        return None
    return subprocess.Popen([sys.executable, "manage.py", *command], env={**os.environ, "HC_PROCESS": "worker"})


def _remember(told: Path, done: list[str], modules: dict[str, ModuleType]) -> None:
    ready = [modules[name] for name in done if name in modules]
    content: dict[str, Any] = {"apps": done}
    for key in ("accounts", "oauth_clients"):
        content[key] = [row for module in ready if hasattr(module, key) for row in getattr(module, key)()]
    write_privately(told, json.dumps(content, indent=2))


def collect_static_files(stamp: Path) -> None:
    """Run collectstatic when a file of ours or an installed package changed since the last time."""
    print_of_now = _fingerprint()
    if Path(settings.STATIC_ROOT).is_dir() and stamp.exists() and stamp.read_text() == print_of_now:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(print_of_now)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    folders = [Path(folder) for folder in settings.STATICFILES_DIRS]
    folders += [Path(config.path) / "static" for config in apps.get_app_configs()]
    for path in sorted(file for folder in folders for file in folder.rglob("*") if file.is_file()):
        status = path.stat()
        digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
