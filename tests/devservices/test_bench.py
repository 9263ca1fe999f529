"""`manage.py bench` loads a real server for a second and says what it saw; shapes and counts, never timings."""

import json
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from healthcare.accounts.models import Session
from healthcare.audit import record_now
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as_system
from healthcare.devservices.folder import BASE_DIR
from healthcare.devservices.management.commands import bench as command
from patients.models import within_reach
from prescriptions.actions import load_knowledge
from prescriptions.models import MedicationStatement, Prescription
from tests.factories import PatientFactory, ProviderFactory, SiteFactory, portal_user, staff
from tests.load import CannotMeasure, floor, machine, people, unwalled, walls
from tests.load.bench import Bench, Instance
from tests.load.driver import Request
from tests.load.figures import Budget, Report, table
from tests.load.unwalled import StillStanding
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db(transaction=True)
MACHINE = {"cores", "cpu", "memory_gb", "python", "commit", "postgresql"}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def site() -> Any:
    """A nurse, a doctor, a desk, and two patients, of whom one has an account."""
    site = SiteFactory()
    for role in ("nurse", "doctor", "front_desk"):
        staff(role, site)
    PatientFactory(site=site)
    portal_user(PatientFactory(site=site))
    return site


def bench(name: str, *arguments: str, address: str = NOWHERE) -> dict[str, Any]:
    """What `bench NAME --json` says, run as a worker as manage.py does."""
    said = StringIO()
    with taking_role("worker"):
        call_command(command.Command(), name, "--json", "--seconds=1", f"--base-url={address}", *arguments, stdout=said)
    return dict(json.loads(said.getvalue()))


# == The two kinds of script ==
def test_the_walls_are_weighed_beside_the_same_chart_without_them(site, live_server) -> None:
    said = bench("walls", address=live_server.url)
    assert said["facts"]["charts opened on each"] == 10
    *errors, budget = said["budgets"]
    assert [error["measured"] for error in errors] == [0] * 2 * walls.ROUNDS
    assert (budget["limit"], budget["unit"]) == (3, " ms")
    with as_the_system():
        opened = AuditEvent.objects.filter(action="patients.open_chart", outcome="ok").count()
    assert opened >= 10 + walls.WARM_UP + said["requests"]


def test_without_walls_a_stranger_opens_the_chart_and_nobody_hears_of_it(site) -> None:
    stranger = staff("doctor", SiteFactory())
    path = f"/patients/{PatientFactory(site=site).pk}/"
    with taking_role("worker"):
        cookie = people.session_of(people.Person(stranger.pk, "doctor"))
        with floor.serving(walls.PRODUCT, processes=1) as product, pytest.raises(CannotMeasure, match="403"):
            walls.Opening(product, cookie).take(path)
        with floor.serving(*walls.UNWALLED, processes=1) as bare, closing(walls.Opening(bare, cookie)) as opening:
            assert opening.take(path) > 0
    with as_the_system():
        assert [event.outcome for event in AuditEvent.objects.filter(action="patients.open_chart")] == ["denied"]


def test_a_check_of_many_medicines_is_timed_and_leaves_nothing(site, live_server) -> None:
    ProviderFactory(user=staff("doctor", site))
    with taking_role("worker"), acting_as_system("test"):
        load_knowledge(by=None)
    said = bench("checks", address=live_server.url)
    assert said["facts"]["medicines checked together"] == 40
    assert said["facts"]["findings"] >= 5
    assert said["facts"]["what stopped the check"] == "nothing"
    (budget,) = said["budgets"]
    assert (budget["limit"], budget["unit"]) == (30, " ms")
    with as_the_system():
        assert not Prescription.objects.exists()
        assert not MedicationStatement.objects.exists()


@pytest.mark.parametrize("settings", [{"IN_SERVICE": True, "WALLS_ARE_DOWN": True}, {}])
def test_the_walls_come_down_for_the_bench_alone(settings) -> None:
    code = record_now.__code__, within_reach.__code__
    with override_settings(**settings), pytest.raises(StillStanding):
        unwalled.take_down()
    assert (record_now.__code__, within_reach.__code__) == code


def test_production_has_no_such_settings() -> None:
    words = ("WALLS_ARE_DOWN", "unwalled")
    kept = [path for path in (BASE_DIR / "healthcare").rglob("*.py") if any(word in path.read_text() for word in words)]
    assert [path.name for path in kept] == ["bench.py"], "which names the scripts that are no bench"


def test_the_floor_is_served_by_processes_of_its_own(site, live_server) -> None:
    said = bench("floor", "--clients=4", address=live_server.url)
    assert said["errors"] == 0
    assert said["requests"] > 0
    assert said["rate"] > 0
    assert 0 < said["p50"] <= said["p95"] <= said["p99"]
    assert said["cpu_ms"].keys() >= {"web", "database", "generator"}
    assert said["machine"].keys() == MACHINE
    assert said["data"]["patients"] == 2
    assert said["passed"] is True


def test_each_read_of_the_floor_leaves_an_audit_event(site, live_server) -> None:
    """The least that is measured is still an audited read: as many events as answers, warm-up and all."""
    said = bench("floor", "--clients=2", address=live_server.url)
    with as_the_system():
        written = people.rows_of("SELECT count(*) FROM audit_auditevent WHERE action = 'patients.open_chart'")[0][0]
    assert written >= said["requests"]


def test_a_page_is_loaded_by_people_who_are_signed_in(site, live_server) -> None:
    said = bench("search", "--clients=1", address=live_server.url)
    assert said["errors"] == 0
    assert said["requests"] > 0
    assert {"p95 of a search", "errors of search"} <= {budget["what"] for budget in said["budgets"]}
    assert said["runs"][0]["kinds"]["search"]["kb"] > 0


def test_the_sessions_of_the_bench_end_with_it(site, live_server) -> None:
    bench("search", "--clients=1", address=live_server.url)
    with as_the_system():
        assert not Session.objects.exists()


def test_text_says_rate_percentiles_errors_and_machine(site, live_server) -> None:
    said = StringIO()
    with taking_role("worker"):
        call_command(command.Command(), "search", "--seconds=1", f"--base-url={live_server.url}", stdout=said)
    for word in (
        "rate ",
        "p50 ",
        "p95 ",
        "p99 ",
        "errors: none",
        "warm-up",
        "cores",
        "PostgreSQL 18",
        "commit",
        "data:",
    ):
        assert word in said.getvalue()


# == What goes wrong is said ==
def test_answers_that_were_not_expected_are_errors(site, live_server) -> None:
    with taking_role("worker"):
        bench = Bench("none", "None", Instance(live_server.url), None, 0.5)
        asked = bench.request("GET", "/no-such-page", kind="page")
        run = bench.measure("page", [_again(asked)])
    assert run.error_count == sum(run.errors.values()) > 0
    assert set(run.errors) == {"page 404"}
    assert (run.rate, run.total.requests) == (0, 0)


def _again(request: Request):
    while True:
        yield request


def test_an_instance_that_does_not_answer_is_reported(site) -> None:
    with pytest.raises(CommandError, match="does not answer"):
        bench("search")


def test_an_instance_that_is_not_well_is_reported(site, live_server) -> None:
    with override_settings(ROOT_URLCONF="tests.devservices.unwell"), pytest.raises(CommandError, match="with 503"):
        bench("search", address=live_server.url)


def test_only_plain_http_is_measured(site) -> None:
    with pytest.raises(CommandError, match="behind any TLS"):
        bench("search", address="https://clinic.example")


def test_without_people_it_says_whom_it_misses(live_server) -> None:
    with pytest.raises(CommandError, match="Nobody works as nurse"):
        bench("floor", address=live_server.url)


@pytest.mark.parametrize(("status", "served"), [(401, True), (429, True), (404, False), (302, False)])
def test_an_instance_without_the_api_is_reported(monkeypatch, status: int, served: bool) -> None:
    with taking_role("worker"):
        bench = Bench("none", "None", Instance(NOWHERE), None, 0.5)
    monkeypatch.setattr("tests.load.bench.status_of", lambda _instance, _path: status)
    assert bench.has_api() is served
    if not served:
        with pytest.raises(CannotMeasure, match="has no /v1"):
            bench.needs_api()


def test_without_a_demo_it_says_how_to_start_one(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with pytest.raises(CommandError, match="No demo runs"):
        call_command(command.Command(), "floor")


def test_the_running_demo_is_found(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    (tmp_path / "demo.json").write_text('{"base_url": "http://127.0.0.1:8000"}')
    assert command.demo_address() == "http://127.0.0.1:8000"


def test_a_name_is_wanted() -> None:
    with pytest.raises(CommandError, match="floor, mix"):
        call_command(command.Command())


# == Check and table ==
def test_check_fails_where_a_budget_is_missed(monkeypatch) -> None:
    report = Report("x", "X", dict.fromkeys(MACHINE, 1), {}, budgets=[Budget("p95", 3, 2, " ms")])
    monkeypatch.setattr(command, "run", lambda *_arguments: report)
    call_command(command.Command(), "floor", stdout=StringIO())
    with pytest.raises(CommandError) as raised:
        call_command(command.Command(), "floor", "--check", stdout=StringIO())
    assert raised.value.returncode == 1
    report.budgets[0].measured = 2
    call_command(command.Command(), "floor", "--check", stdout=StringIO())


def test_a_table_is_made_of_what_was_written(tmp_path: Path) -> None:
    budgets = [Budget("reads", 400, 400, "/s", at_least=True), Budget("p95", 90.5, 80, " ms")]
    machine_of = {"cores": 2, "commit": "abc"}
    report = Report("patient", "Read", machine_of, {"patients": 50_000}, budgets=budgets)
    (tmp_path / "patient.json").write_text(json.dumps(report.as_json()))
    said = StringIO()
    call_command(command.Command(), "--table", str(tmp_path / "patient.json"), stdout=said)
    assert "| patient | reads ≥ 400/s | 400/s | yes | 50,000 patients; 2 cores, abc |" in said.getvalue()
    assert "| patient | p95 ≤ 80 ms | 90.5 ms | **no** |" in said.getvalue()
    assert said.getvalue().strip() == table([report.as_json()])


def test_every_script_can_be_run() -> None:
    known = {"floor", "signin", "search", "patient", "chart", "checks", "slots", "booking", "alerts", "mix", "rollup"}
    assert known <= set(command.names())
    for name in command.names():
        script = command.import_module(f"tests.load.{name}")
        assert callable(script.run), name
        assert script.__doc__, name


# == The floor's own token ==
def test_a_token_of_the_floor_is_checked() -> None:
    nurse = people.Person(site_id=None, user_id=PatientFactory.build().pk, role="nurse")
    token = floor.token_for(nurse.user_id, nurse.role)
    assert floor_bearer(token).pk == nurse.user_id
    assert floor_bearer(token.replace("nurse", "doctor")) is None
    assert floor_bearer("") is None


def floor_bearer(token: str) -> Any:
    from tests.load import floor_app

    return floor_app._bearer({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {})


def test_a_floor_that_does_not_start_is_reported(site, monkeypatch, live_server) -> None:
    monkeypatch.setattr(floor, "free_port", lambda: int(live_server.url.rpartition(":")[2]))
    monkeypatch.setattr(floor, "check_answers", _refuse)
    with pytest.raises(CommandError, match="no answer"):
        bench("floor", address=live_server.url)


def _refuse(_instance: Instance) -> None:
    raise CannotMeasure("no answer")


# == Clocks ==
def test_the_processes_behind_a_port_are_found(live_server) -> None:
    clock = machine.Clock.of({"web": live_server.url, "nobody": NOWHERE, "far": "http://192.0.2.1:80"})
    assert clock.parts.keys() == {"web"}
    before = clock.read()
    sum(number * number for number in range(300_000))
    after = clock.read()
    assert after["web"] >= before["web"] > 0
    assert after["generator"] > before["generator"]
    assert after["machine"] >= before["machine"]
