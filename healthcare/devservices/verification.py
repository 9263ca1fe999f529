"""Run the stages of `verify` one after the other, against servers of their own, and say how each went."""

import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from healthcare.devservices import testing
from healthcare.devservices.addresses import embedded_environment, passwords
from healthcare.devservices.environment import last_line
from healthcare.devservices.folder import Folder
from healthcare.devservices.folder import chosen as data_dir
from healthcare.devservices.processes import Program, Stopped, Supervisor
from healthcare.devservices.stages import TEMPLATE, Need, Stage, chosen, lacking

PASSED, FAILED, INCOMPLETE, INTERRUPTED = 0, 1, 3, 130
CLOSING_LINE = re.compile(r"^=+ .*\b(passed|failed|error|errors|no tests ran|deselected)\b.* =+$", re.MULTILINE)
SHOWN_LINES = 100  # of a failed stage
NO_TESTS_LEFT = 5  # pytest's exit code when every test was deselected


@dataclass(frozen=True)
class Result:
    stage: str
    passed: bool


def run(*, full: bool, only: list[str]) -> int:
    """Return 0 when everything ran and passed, 1 when something failed, 3 when something could not run here."""
    folder = Folder(data_dir() / "verify")
    with folder.locked("Another verify"):
        folder.prepare()
        supervisor = Supervisor(folder.logs, say)
        supervisor.listen()
        try:
            environment = start_servers(folder, supervisor)
            rows = chosen(full=full, only=only)
            missing = lacking(rows)
            make_template(rows, environment, supervisor)
            results = []
            for stage in rows:
                if not is_impossible(stage, missing):
                    results.append(run_stage(stage, missing, environment, supervisor))
        except Stopped:
            say("Stopped.")
            return INTERRUPTED
        finally:
            supervisor.stop()
    return conclude(results, missing)


def start_servers(folder: Folder, supervisor: Supervisor) -> dict[str, str]:
    """Throw-away servers for this run, or logins for the tests on the server of DATABASE_URL."""
    given = os.environ.get("DATABASE_URL")
    common = {
        "DATA_DIR": str(folder.path),
        "COVERAGE_FILE": str(folder.path / "coverage"),
        "DJANGO_SETTINGS_MODULE": "healthcare.settings.test",  # pytest takes the environment's before its own
        "HC_PROCESS": "tester",
    }
    if given:
        environment = {**os.environ, **embedded_environment(folder)}
        if os.environ.get("BOOTSTRAP_DATABASE_URL"):
            _make_logins(os.environ["BOOTSTRAP_DATABASE_URL"], urlsplit(given).path.lstrip("/"), environment)
        return embedded_environment(folder) | common
    services = Folder(folder.path / "test")
    services.prepare()
    child = supervisor.start(testing.program(services))
    supervisor.wait_for(lambda: testing.is_ready(services), child, testing.PATIENCE)
    return testing.ensure_test_services(services) | common


def _make_logins(admin_url: str, database: str, environment: dict[str, str]) -> None:
    from healthcare.db.bootstrap import bootstrap

    bootstrap(admin_url, database, passwords(environment), testing=True)


def make_template(rows: list[Stage], environment: dict[str, str], supervisor: Supervisor) -> None:
    """Beside the first stages, which leave a core idle. Where it fails, the first test makes it, and says why not."""
    if any(stage.is_pytest for stage in rows):
        supervisor.start(Program("template", TEMPLATE, environment))


def is_impossible(stage: Stage, missing: list[Need]) -> bool:
    return stage.name in {need.name for need in missing}


def run_stage(stage: Stage, missing: list[Need], environment: dict[str, str], supervisor: Supervisor) -> Result:
    command = list(stage.command)
    if stage.is_pytest and missing:
        command += ["-m", " and ".join(f"not {need.mark}" for need in missing)]
    started = time.monotonic()
    if sys.stdout.isatty():
        print(f"...     {stage.name}", end="\r", flush=True)
    log = supervisor.logs / f"{stage.name.replace(' ', '-')}.log"
    log.unlink(missing_ok=True)
    program = Program(log.stem, command, {**environment, **stage.environment})
    code = supervisor.run_to_end(program)
    passed = code == 0 or (stage.is_pytest and bool(missing) and code == NO_TESTS_LEFT)
    say(f"{'passed' if passed else 'FAILED'}  {stage.name:<22} {time.monotonic() - started:6.1f} s")
    report(log, stage, passed)
    return Result(stage.name, passed)


def report(log: Path, stage: Stage, passed: bool) -> None:
    """The end of what a failed stage wrote; of pytest in any case its closing line, as it is."""
    text = log.read_text(errors="replace")
    if not passed:
        say("\n".join(text.splitlines()[-SHOWN_LINES:]))
    elif stage.is_pytest:
        lines = [match[0] for match in CLOSING_LINE.finditer(text)]
        say(lines[-1] if lines else last_line(text))


def conclude(results: list[Result], missing: list[Need]) -> int:
    failed = [result.stage for result in results if not result.passed]
    for need in missing:
        say(f"NOT RUN: {need.name} ({need.remedy})")
    if failed:
        say(f"FAILED: {', '.join(failed)}")
        return FAILED
    return INCOMPLETE if missing else PASSED


def say(text: str) -> None:
    print(text, flush=True)
