"""verify runs each stage, shows what failed, names what could not run, and says so by its exit code."""

import sys
from pathlib import Path

import pytest

from healthcare.devservices import stages, verification
from healthcare.devservices.folder import BASE_DIR, Folder
from healthcare.devservices.processes import Stopped, Supervisor
from healthcare.devservices.stages import NEEDS, PYTEST, Need, Stage

CLOSING = "============ 3 passed, 1 skipped in 0.12s ============"
ABSENT = Need("journeys", "journey", lambda: False, "apt install chromium")

pytestmark = pytest.mark.usefixtures("no_addresses")


def stage(name: str, script: str = "exit 0") -> Stage:
    return Stage(name, ["/bin/sh", "-c", script])


def pytest_stage(monkeypatch: pytest.MonkeyPatch, script: str) -> Stage:
    """A stage that looks like pytest: the shell stands in, and its arguments are `$@`."""
    monkeypatch.setattr(stages, "PYTEST", ["/bin/sh", "-c"])
    return Stage("tests", ["/bin/sh", "-c", script, "pytest"])


@pytest.fixture
def verify(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Verify":
    monkeypatch.setattr(verification, "start_servers", lambda folder, supervisor: {"MARKED": "yes"})
    monkeypatch.setattr(Supervisor, "listen", lambda self: None)
    monkeypatch.setattr(verification, "TEMPLATE", ["/bin/sh", "-c", "exit 1"])
    return Verify(monkeypatch)


class Verify:
    """Runs verify over the given stages on a machine that lacks the given needs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def __call__(self, *chosen: Stage, missing: tuple[Need, ...] = ()) -> int:
        self.monkeypatch.setattr(verification, "chosen", lambda full, only: list(chosen))
        self.monkeypatch.setattr(verification, "lacking", lambda stages: list(missing))
        return verification.run(full=False, only=[])


def test_everything_passed_is_0(verify: Verify, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(stage("lint"), stage("types", 'test "$MARKED" = yes')) == 0
    out = capsys.readouterr().out
    assert "passed  lint" in out
    assert "passed  types" in out


def test_a_failure_is_1_shown_and_named_and_the_rest_still_runs(
    verify: Verify, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(stage("lint", "echo E501 too long; exit 1"), stage("types")) == 1
    out = capsys.readouterr().out
    assert "E501 too long" in out
    assert "passed  types" in out
    assert out.rstrip().endswith("FAILED: lint")


def test_what_could_not_run_is_3_and_named(verify: Verify, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(stage("lint"), stage("journeys", "exit 1"), missing=(ABSENT,)) == 3
    assert capsys.readouterr().out.rstrip().endswith("NOT RUN: journeys (apt install chromium)")


def test_a_failure_counts_more_than_what_could_not_run(verify: Verify) -> None:
    assert verify(stage("lint", "exit 1"), missing=(ABSENT,)) == 1


def test_pytests_closing_line_is_printed_as_it_is(
    verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(pytest_stage(monkeypatch, f"echo '{CLOSING}'; echo after")) == 0
    assert CLOSING in capsys.readouterr().out.splitlines()


def test_without_a_closing_line_the_last_one_is_printed(
    verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(pytest_stage(monkeypatch, "echo 3 passed")) == 0
    assert "3 passed" in capsys.readouterr().out.splitlines()


def test_tests_that_need_what_is_missing_are_left_out(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = pytest_stage(monkeypatch, 'test "$1 $2" = "-m not journey and not pango"')
    assert verify(chosen, missing=(ABSENT, Need("documents", "pango", lambda: False, "apt install pango"))) == 3


def test_no_tests_left_is_no_failure(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = pytest_stage(monkeypatch, "echo 1 deselected; exit 5")
    assert verify(chosen, missing=(ABSENT,)) == 3
    assert verify(chosen) == 1  # with nothing missing, no tests at all is a fault


def test_on_a_terminal_it_says_what_it_is_at(
    verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    verify(stage("lint"))
    assert capsys.readouterr().out.startswith("...     lint\r")


def test_stopped_is_130(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: object) -> None:
        raise Stopped

    monkeypatch.setattr(verification, "run_stage", stopped)
    assert verify(stage("lint")) == 130


def test_it_brings_its_own_servers(folder: Folder, supervisor: Supervisor) -> None:
    environment = verification.start_servers(folder, supervisor)
    assert [child.name for child in supervisor.children] == ["test-services"]
    assert environment["DATABASE_ROLES_FILE"].startswith(str(folder.path / "test"))
    assert environment["DATA_DIR"] == str(folder.path)
    assert environment["DJANGO_SETTINGS_MODULE"] == "healthcare.settings.test"
    assert "BOOTSTRAP_DATABASE_URL" in environment


def test_the_template_of_the_tests_is_made_beside_the_stages_before_them(
    folder: Folder, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "TEMPLATE", ["/bin/sh", "-c", 'echo "$SERVER"'])
    verification.make_template([stage("lint")], {"SERVER": "ours"}, supervisor)
    assert supervisor.children == []
    verification.make_template([stage("lint"), Stage("tests", [*PYTEST, "-n2"])], {"SERVER": "ours"}, supervisor)
    [child] = supervisor.children
    assert child.process is not None
    assert child.process.wait(30) == 0
    assert child.log.read_text() == "ours\n"


def test_a_given_server_is_used_and_gets_the_logins_of_tests(
    folder: Folder, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr("healthcare.db.bootstrap.bootstrap", lambda url, name, passwords, testing: made.append(name))
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/clinic")
    verification.start_servers(folder, supervisor)
    assert made == []
    monkeypatch.setenv("BOOTSTRAP_DATABASE_URL", "postgresql://root@db.example/postgres")
    environment = verification.start_servers(folder, supervisor)
    assert made == ["clinic"]
    assert supervisor.children == []
    assert "DATABASE_URL" not in environment  # it stands in the environment already


def test_the_table_names_programs_that_exist() -> None:
    for row in stages.stages():
        assert Path(row.command[0]).exists(), row.name
    assert len(set(stages.names())) == len(stages.names())


def test_only_and_full_choose_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [stage("lint"), Stage("soak", ["true"], full=True), Stage("later", ["true"], folder="tests/none")]
    monkeypatch.setattr(stages, "stages", lambda: rows)
    assert [row.name for row in stages.chosen(full=False, only=[])] == ["lint"]
    assert [row.name for row in stages.chosen(full=True, only=[])] == ["lint", "soak"]
    assert [row.name for row in stages.chosen(full=False, only=["soak"])] == ["soak"]


def test_only_what_a_test_wants_is_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    needs = [Need("documents", "pango", lambda: False, "apt"), ABSENT, Need("here", "here", lambda: True, "none")]
    monkeypatch.setattr(stages, "NEEDS", needs)
    monkeypatch.setattr(stages, "BASE_DIR", tmp_path)
    (tmp_path / "tests/journeys").mkdir(parents=True)
    rows = [Stage("tests", PYTEST)]
    assert stages.lacking(rows) == []
    (tmp_path / "tests/journeys/test_one.py").touch()
    (tmp_path / "tests/test_print.py").write_text("@pytest.mark.pango\n@pytest.mark.here\n")
    assert stages.lacking(rows) == needs[:2]
    assert stages.lacking([stage("lint")]) == []


def test_each_need_is_looked_for_and_has_a_remedy() -> None:
    for need in NEEDS:
        assert need.is_here() in (True, False)
        assert need.remedy


def test_templates_are_found() -> None:
    assert stages.templates()
    assert all((BASE_DIR / name).exists() for name in stages.templates())


def test_pytest_stages_are_known() -> None:
    assert Stage("tests", [*PYTEST, "-n2"]).is_pytest
    assert not Stage("lint", [sys.executable, "-c", "pass"]).is_pytest
