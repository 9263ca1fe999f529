"""The data folder: its stamp, its lock, its secrets and its ports."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import BASE_DIR, FORMAT, PORTS, Folder, chosen, port_is_free, read_json

SECRETS = ["backup-key", "database-roles.json", "field-keys.json", "secret-key", "superuser", "twilio", "valkey"]
HOLD = """
import sys, time
from pathlib import Path
from healthcare.devservices.folder import Folder
with Folder(Path(sys.argv[1])).locked("A demo"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_data_dir_is_honoured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert chosen() == tmp_path
    monkeypatch.delenv("DATA_DIR")
    assert chosen() == BASE_DIR / ".data"


def test_secrets_are_long_private_and_kept(folder: Folder) -> None:
    paths = sorted(folder.secrets.iterdir())
    before = [path.read_text() for path in paths]
    assert [path.name for path in paths] == SECRETS
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert folder.secrets.stat().st_mode & 0o777 == 0o700
    assert set(json.loads(folder.secret("database-roles.json"))) >= {"owner", "web", "worker", "backup"}
    assert len(folder.secret("secret-key")) >= 50
    folder.prepare()
    assert [path.read_text() for path in paths] == before


def test_no_two_folders_share_a_secret(tmp_path: Path) -> None:
    folders = [Folder(tmp_path / "one"), Folder(tmp_path / "two")]
    for folder in folders:
        folder.prepare()
    assert folders[0].secret("secret-key") != folders[1].secret("secret-key")


@pytest.mark.parametrize("stamp", ['{"format": 1, "postgresql": 17}', '{"format": 2, "postgresql": 18}', "nonsense"])
def test_a_folder_of_another_version_is_refused(folder: Folder, stamp: str) -> None:
    (folder.path / "format.json").write_text(stamp)
    with pytest.raises(Problem, match="made by another version") as problem:
        folder.prepare()
    assert "--reset" in str(problem.value)


def test_a_folder_with_other_peoples_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(Problem, match="not the clinic's"):
        Folder(tmp_path).prepare()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_place_of_the_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    folder = Folder(tmp_path / "data")
    with pytest.raises(Problem, match="set DATA_DIR"):
        folder.prepare()
    with pytest.raises(Problem, match="set DATA_DIR"), folder.locked("A demo"):
        pass


def test_ports_differ_are_free_and_stay(folder: Folder) -> None:
    ports = folder.ports()
    assert set(ports) == set(PORTS)
    assert len(set(ports.values())) == len(PORTS)
    assert all(port_is_free(port) for port in ports.values())
    assert folder.ports() == ports
    assert folder.choose_ports() == ports


def test_a_port_that_was_taken_meanwhile_is_replaced(folder: Folder) -> None:
    ports = folder.ports()
    with socket.create_server(("127.0.0.1", ports["cache"])):
        chosen_now = folder.choose_ports()
    assert chosen_now["cache"] != ports["cache"]
    assert {**chosen_now, "cache": 0} == {**ports, "cache": 0}


def test_two_processes_cannot_hold_one_folder(folder: Folder) -> None:
    command = [sys.executable, "-c", HOLD, str(folder.path)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Problem, match=rf"A demo \(process {holder.pid}\) is running"), folder.locked("Another"):
            pass
        holder.kill()
        holder.wait()
    with folder.locked("Another"):  # the lock went with the process that was killed
        assert (folder.path / "lock").read_text() == f"Another (process {os.getpid()})"


def test_reset_removes_the_data_and_nothing_else(folder: Folder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder.path / "link").symlink_to(outside)
    (folder.path / "demo.json").touch()
    with folder.locked("A demo"):
        folder.reset()
        assert [path.name for path in folder.path.iterdir()] == ["lock"]
    assert outside.exists()


def test_reset_leaves_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    Folder(tmp_path).reset()
    assert (tmp_path / "thesis.txt").exists()


def test_unreadable_json_is_empty(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") == {}
    (tmp_path / "broken.json").write_text("{")
    assert read_json(tmp_path / "broken.json") == {}


def test_the_stamp_names_the_version(folder: Folder) -> None:
    assert read_json(folder.path / "format.json") == FORMAT
