"""`demo`, `services` and `verify`: what manage.py starts before there is a database for Django to meet."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from healthcare.devservices.stages import names


def open_with(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code. Raises Problem."""
    options = parser().parse_args(arguments)
    keep_bytecode()
    if options.command == "verify":
        from healthcare.devservices import verification

        return verification.run(full=options.full, only=options.only)
    from healthcare.devservices import clinic

    if options.command == "services":
        return clinic.run_services(reset=options.reset)
    return clinic.run_demo(port=options.port, reset=options.reset, bundles=options.bundles)


def keep_bytecode() -> None:
    """Let the processes that follow keep what they compile, in the environment and not in the tree.

    They are many, and each would compile four thousand modules, half of its start. Where PYTHONDONTWRITEBYTECODE is
    set, it is for the tree's sake.
    """
    if sys.prefix != sys.base_prefix:
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix) / "bytecode"))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="manage.py")
    commands = top.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="the whole clinic with sample people, until Ctrl-C")
    demo.add_argument("--port", type=port, default=8000, help="where the site answers (default: 8000)")
    demo.add_argument("--reset", action="store_true", help="start afresh: removes all data of the embedded servers")
    demo.add_argument(
        "--bundles", type=Path, nargs="+", default=[], metavar="PATH", help="FHIR bundles to import besides"
    )
    services = commands.add_parser("services", help="the embedded servers alone, for development, until Ctrl-C")
    services.add_argument("--reset", action="store_true", help="start afresh: removes all their data")
    verify = commands.add_parser("verify", help="everything that every change must pass")
    verify.add_argument("--full", action="store_true", help="also load, chaos and mutation")
    verify.add_argument(
        "--only", choices=names(), action="append", default=[], help="this stage alone; may be repeated"
    )
    return top


def port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: use 1 to 65535")
    return number
