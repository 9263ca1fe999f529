"""The processes of the demo, one line each. docker-compose.yml has the same list for real servers."""

import sys
from collections.abc import Sequence
from pathlib import Path

from healthcare.devservices.folder import Folder
from healthcare.devservices.processes import Program

PYTHON = sys.executable
MANAGE = [PYTHON, "manage.py"]
CELERY = [PYTHON, "-m", "celery", "--app=healthcare.celery"]
WORKERS = {"urgent": 2, "default,sync": 2, "bulk,maintenance": 1}  # threads of each queue group
# Where processors are short, people and what is urgent come first, and papers and roll-ups last.
GIVES_WAY = {"default": 5, "bulk": 10}
WEB = {"HC_PROCESS": "web"}
WORKER = {"HC_PROCESS": "worker"}
OWNER = {"HC_PROCESS": "owner"}


def prepare(folder: Folder, bundles: Sequence[Path]) -> Program:
    command = [*MANAGE, "prepare_demo", f"--told={folder.path / 'told.json'}"]
    if bundles:
        command += ["--bundles", *(str(path.resolve()) for path in bundles)]
    return Program("prepare", command, OWNER)


def web(port: int) -> Program:
    command = [PYTHON, "-m", "gunicorn", "healthcare.wsgi", f"--bind=127.0.0.1:{port}", "--worker-class=gthread"]
    command += ["--workers=2", "--threads=8", "--graceful-timeout=3", "--no-control-socket"]
    return Program("web", command, WEB)


def live(ports: dict[str, int]) -> Program:
    """Beside the site, whose pages listen to it from their first moment."""
    return Program("live", [*MANAGE, "live", f"--port={ports['live']}"], WEB)


def mail_catcher(folder: Folder, ports: dict[str, int]) -> Program:
    command = [
        PYTHON,
        "-m",
        "healthcare.devservices.mail_catcher",
        f"--smtp={ports['smtp']}",
        f"--page={ports['mail']}",
    ]
    return Program("mail", [*command, f"--folder={folder.path / 'mail'}"])


def carriers(ports: dict[str, int]) -> Program:
    """The stand-ins for Twilio and the push services."""
    return Program("carriers", [PYTHON, "-m", "healthcare.devservices.carriers", f"--port={ports['carriers']}"])


def others(folder: Folder, ports: dict[str, int]) -> list[Program]:
    """Everything that may come up after the site answers."""
    return [
        *(worker(queues, threads) for queues, threads in WORKERS.items()),
        Program("relay", [*MANAGE, "relay"], WORKER),
        Program("sealer", [*MANAGE, "seal_audit", "--forever"], WORKER),
        Program("beat", [*CELERY, "beat", f"--schedule={folder.path / 'beat-schedule'}", "--pidfile="], WORKER),
    ]


def worker(queues: str, threads: int) -> Program:
    name = queues.partition(",")[0]
    command = [*CELERY, "worker", f"--queues={queues}", f"--hostname={name}@%h", "--pool=threads"]
    command += [f"--concurrency={threads}", "--without-gossip", "--without-mingle"]
    if name in GIVES_WAY:
        command = ["nice", "-n", str(GIVES_WAY[name]), *command]
    return Program(f"worker-{name}", command, WORKER)
