"""The command that makes the logins on a new server."""

import json
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from healthcare.db.bootstrap import LOGINS
from healthcare.db.management.commands import make_roles

PASSWORDS = {login: f"password-of-{login}" for login in LOGINS}


@pytest.fixture
def roles(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "roles.json"
    path.write_text(json.dumps(PASSWORDS))
    settings.DATABASE_ROLES_FILE = str(path)
    settings.BOOTSTRAP_DATABASE_URL = "postgresql://root@db.example/postgres"
    return path


def test_it_hands_the_passwords_to_the_bootstrap(
    roles: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(make_roles, "bootstrap", lambda *arguments: calls.append(arguments))
    call_command(make_roles.Command())
    assert calls == [(settings.BOOTSTRAP_DATABASE_URL, settings.DATABASES["default"]["NAME"], PASSWORDS)]


def test_without_a_superuser_it_says_what_is_missing(roles: Path, settings: Settings) -> None:
    settings.BOOTSTRAP_DATABASE_URL = ""
    with pytest.raises(CommandError, match="Set BOOTSTRAP_DATABASE_URL"):
        call_command(make_roles.Command())


@pytest.mark.parametrize(
    "content", ["no json", '{"owner": "x"}', '{"owner": "x", "web": "", "worker": "x", "backup": "x"}']
)
def test_incomplete_passwords_are_refused(content: str, roles: Path) -> None:
    roles.write_text(content)
    with pytest.raises(CommandError, match="DATABASE_ROLES_FILE"):
        call_command(make_roles.Command())


def test_a_server_that_refuses_is_one_line(roles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise psycopg.OperationalError("no such host")

    monkeypatch.setattr(make_roles, "bootstrap", refuse)
    with pytest.raises(CommandError, match="The server refused: no such host"):
        call_command(make_roles.Command())
