"""The sealer as it runs in a clinic: a process of its own, signed in as worker."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from healthcare.audit.queries import get_sealing_state
from tests.audit.conftest import PATIENCE, write_events

pytestmark = pytest.mark.django_db(transaction=True)


def as_worker(folder: Path) -> dict[str, str]:
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"]).geturl()
    return os.environ | {
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "healthcare.settings.dev",
        "HC_PROCESS": "worker",
        "AUDIT_ANCHOR_DIR": str(folder),
    }


def manage(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=as_worker(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_the_sealer_seals_within_seconds_and_ends_when_it_is_told_to(tmp_path):
    write_events(3)
    with manage(tmp_path, "seal_audit", "--forever") as sealer:
        try:
            deadline = time.monotonic() + PATIENCE
            while get_sealing_state().sealed < 3:
                assert sealer.poll() is None, sealer.stdout.read().decode()
                assert time.monotonic() < deadline, "the sealer does not seal"
                time.sleep(0.1)
        finally:
            sealer.send_signal(signal.SIGTERM)
        assert sealer.wait(10) == 0
    with manage(tmp_path, "verify_audit") as verifier:
        told = verifier.stdout.read().decode()
    assert verifier.returncode == 0, told
    assert "3 events in" in told
