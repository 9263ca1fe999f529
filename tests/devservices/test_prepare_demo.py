"""The sample clinic is told once, app after app, and its static files are gathered when they change."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from healthcare.devservices.management.commands import prepare_demo
from healthcare.events.registry import all_subscribers


@pytest.fixture
def told(tmp_path: Path) -> Path:
    return tmp_path / "told.json"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two apps with a demo; what they told, in order, and what was settled after each."""
    heard: list[str] = []
    monkeypatch.setattr(prepare_demo, "settle_deliveries", lambda subscribers, since: heard.extend(subscribers))

    def demo(name: str, **more: Any) -> Any:
        return SimpleNamespace(tell=lambda: heard.append(name), **more)

    nurse = {"role": "nurse", "email": "n@example.org", "password": "p", "totp_secret": None}
    modules = {
        "accounts.demo": demo("accounts", accounts=lambda: [nurse]),
        "patients.demo": demo("patients", SETTLED=["letters"]),
    }
    monkeypatch.setattr(prepare_demo, "demos", lambda: modules)
    return heard


def test_each_app_tells_once_in_order(told: Path, heard: list[str]) -> None:
    prepare_demo.tell(told)
    prepare_demo.tell(told)
    assert heard == ["accounts", "letters", "patients", "letters"]


def test_accounts_are_kept_privately(told: Path, heard: list[str]) -> None:
    prepare_demo.tell(told)
    assert told.stat().st_mode & 0o777 == 0o600
    assert json.loads(told.read_text())["accounts"][0]["email"] == "n@example.org"
    assert json.loads(told.read_text())["oauth_clients"] == []


def test_an_app_of_a_later_version_tells_its_part_later(told: Path, heard: list[str]) -> None:
    told.write_text('{"apps": ["accounts.demo"]}')
    prepare_demo.tell(told)
    assert heard == ["patients", "letters"]


def test_after_an_interruption_only_the_rest_is_told(
    told: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError

    tell = prepare_demo.demos()["patients.demo"].tell
    prepare_demo.demos()["patients.demo"].tell = fail
    with pytest.raises(RuntimeError):
        prepare_demo.tell(told)
    prepare_demo.demos()["patients.demo"].tell = tell
    prepare_demo.tell(told)
    assert heard == ["accounts", "letters", "patients", "letters"]


def test_installed_demos_are_found() -> None:
    assert all(name.endswith(".demo") and callable(module.tell) for name, module in prepare_demo.demos().items())


def test_whoever_is_settled_is_a_subscriber_and_answered_alerts_withdraw_their_letters() -> None:
    known = {one.name for one in all_subscribers()}
    settled = {name for module in prepare_demo.demos().values() for name in getattr(module, "SETTLED", ())}
    assert settled <= known
    assert {"alerts.subscribers.confirm_booking", "billing.subscribers.bill_visit"} <= settled
    assert "alerts.subscribers.withdraw_letters" not in settled


def test_what_runs_beside_the_others_is_over_before_its_module_tells(
    told: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(command: list[str], env: dict[str, str]) -> SimpleNamespace:
        heard.append(f"begin {command[-1]} as {env['HC_PROCESS']}")
        return SimpleNamespace(wait=lambda: heard.append("end"))

    monkeypatch.setattr(prepare_demo.subprocess, "Popen", start)
    prepare_demo.demos()["patients.demo"].BESIDE = ["load"]
    prepare_demo.tell(told)
    assert heard == ["begin load as worker", "accounts", "letters", "end", "patients", "letters"]
    prepare_demo.tell(told)
    assert len(heard) == 6, "nothing to tell, nothing beside it"


def test_outside_the_demo_it_refuses(told: Path, settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="invented people"):
        call_command(prepare_demo.Command(), told=told)


def test_it_migrates_as_the_owner_then_tells_as_the_worker(
    told: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    steps: list[str] = []
    settings.DEMO = True
    monkeypatch.setattr(prepare_demo, "call_command", lambda name, *arguments, **options: steps.append(name))
    monkeypatch.setattr(prepare_demo, "collect_static_files", lambda stamp: steps.append("static"))
    monkeypatch.setattr(prepare_demo, "log_in_as", steps.append)
    monkeypatch.setattr(prepare_demo, "tell", lambda told: steps.append("tell"))
    call_command(prepare_demo.Command(), told=told, bundles=[tmp_path])
    assert steps == ["migrate", "static", "worker", "tell", "import_fhir"]


def test_the_login_changes_on_every_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Connection:
        def __init__(self) -> None:
            self.settings_dict = {"USER": "owner", "PASSWORD": "o"}
            self.closed = False

        def close(self) -> None:
            self.closed = True

    (tmp_path / "roles.json").write_text('{"worker": "w"}')
    monkeypatch.setenv("DATABASE_ROLES_FILE", str(tmp_path / "roles.json"))
    connections = {"default": Connection(), "audit": Connection()}
    monkeypatch.setattr(prepare_demo, "connections", connections)
    prepare_demo.log_in_as("worker")
    for connection in connections.values():
        assert connection.closed
        assert connection.settings_dict == {"USER": "worker", "PASSWORD": "w"}


def test_static_files_are_gathered_when_they_change(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, stamp = tmp_path / "source", tmp_path / "stamp"
    source.mkdir()
    (source / "a.css").write_text("a")
    settings.STATICFILES_DIRS = [source]
    settings.STATIC_ROOT = tmp_path / "root"
    runs: list[str] = []

    def gather(name: str, **options: Any) -> None:
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        runs.append(name)

    monkeypatch.setattr(prepare_demo, "call_command", gather)
    prepare_demo.collect_static_files(stamp)
    prepare_demo.collect_static_files(stamp)
    assert runs == ["collectstatic"]
    (source / "a.css").write_text("changed")
    prepare_demo.collect_static_files(stamp)
    assert runs == ["collectstatic", "collectstatic"]
